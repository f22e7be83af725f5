"""Model cards and their plots, as every role reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models import Diagnostics, Model, list_plots, write_card_pdf
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

    def json(self, model_id: str) -> bytes:
        """Return a model's card as the bytes whose hash is on the ledger.

        Raises:
            ModelsNotFound (models): there is no such model.
        """
        return self._diagnostics.card(model_id).to_json()

    def pdf(self, model_id: str) -> bytes:
        """Return a model's card as PDF; the same card gives the same bytes.

        Raises:
            ModelsNotFound (models): there is no such model.
        """
        card = self._diagnostics.card(model_id)
        return write_card_pdf(card, lambda name: self._diagnostics.picture(model_id, name))

    def plot(self, model_id: str, name: str) -> bytes:
        """Return one plot of a card as SVG.

        Args:
            model_id: of the model.
            name: one of the card's `plots`.

        Raises:
            ModelsNotFound (models): there is no such model or plot.
        """
        return self._diagnostics.picture(model_id, f"{name}.svg")
