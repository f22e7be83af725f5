"""Model cards and their plots, as every role reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from models import CardDocument, Diagnostics, Model, list_plots, write_card_pdf
from services.parties import PartyNames

IN_SERVICE: Final = ("active", "affected")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model with its card.

    Attributes:
        content: of the card, as models/card.py writes it.
        study_name: the title of the study that trained it.
    """

    model: Model
    content: Mapping[str, Any]
    study_name: str

    @property
    def plots(self) -> tuple[str, ...]:
        """The names of the card's plots, which depend on its format."""
        return list_plots(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFiles:
    """A card, the report of a refused run, or an external validation as files.

    Attributes:
        name: of the JSON and the PDF, without its ending.
        to_pdf: the same content gives the same bytes.
        draw: a plot of a file name, such as ``roc.svg``.
    """

    name: str
    to_json: Callable[[], bytes]
    to_pdf: Callable[[], bytes]
    draw: Callable[[str], bytes]

    def plot(self, name: str) -> bytes:
        """Return the plot of a name, such as ``roc``, as SVG.

        Raises:
            ModelsNotFound (models): there is no such plot.
        """
        return self.draw(f"{name}.svg")


class ModelCards:
    """The cards of all models; who may read which is decided by the caller."""

    def __init__(self, *, diagnostics: Diagnostics, parties: PartyNames) -> None:
        self._diagnostics = diagnostics
        self._parties = parties

    def list_in_service(self) -> list[Model]:
        """Return the models that make predictions, the newest first."""
        return [model for model in self._diagnostics.models() if model.state in IN_SERVICE][::-1]

    def get(self, model_id: str) -> ModelCard:
        """Return a model's card.

        Raises:
            ModelsNotFound (models): there is no such model.
        """
        model = self._diagnostics.model(model_id)
        content = self._diagnostics.card(model_id).content
        return ModelCard(
            model=model, content=content, study_name=self._parties.name_of(model.study)
        )

    def files(self, model_id: str) -> CardFiles:
        """Return a model's card as files; its JSON is the bytes whose hash is on the ledger.

        Raises:
            ModelsNotFound (models): there is no such model.
        """
        card = self._diagnostics.card(model_id)
        draw = partial(self._diagnostics.picture, model_id)
        return CardFiles(
            name=f"{model_id}-card",
            to_json=card.to_json,
            to_pdf=lambda: write_card_pdf(card, draw),
            draw=draw,
        )

    def report_files(self, name: str, report: CardDocument) -> CardFiles:
        """Return the report of a refused run, or an external validation, as files of this name."""
        return CardFiles(
            name=name,
            to_json=report.to_json,
            to_pdf=report.to_pdf,
            draw=partial(self._diagnostics.report_picture, report),
        )
