"""A model card, or what is like one, in each of its forms: JSON, text, plots and PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.card_pdf import Printout, write_pdf
from models.errors import ModelsNotFound
from models.manifest import canonical_json
from models.plots import draw_card_plot, list_plots


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDocument:
    """A report that is no model's own card: of a refused run, or of an external validation.

    Attributes:
        title: of the document.
        name: of what it is about, on the line below.
        study: whose report it is.
        content: all of it, as JSON has it.
        figures: the part of the content that a card has too; plots and tables are made from it.
        lines: all of it as text; titles have no indent.
    """

    title: str
    name: str
    study: str
    content: Mapping[str, Any]
    figures: Mapping[str, Any]
    lines: Sequence[str]

    @property
    def plots(self) -> tuple[str, ...]:
        """The names of its plots; none if no model was measured."""
        return list_plots(self.figures)

    @property
    def mark(self) -> str:
        """The hash of its figures: documents with the same mark have the same plots."""
        return hashlib.sha256(canonical_json(dict(self.figures))).hexdigest()

    def to_json(self) -> bytes:
        """Return the canonical JSON."""
        return canonical_json(dict(self.content))

    def draw(self, file_name: str) -> bytes:
        """Return a plot, such as ``roc.svg``.

        Raises:
            ModelsNotFound: there is no such plot.
        """
        return draw_plot(self.figures, file_name)

    def to_pdf(self) -> bytes:
        """Return it as PDF; the same content gives the same bytes."""
        printout = Printout(
            title=self.title,
            subtitle=self.name,
            author=self.study,
            lines=self.lines,
            content=self.figures,
        )
        return write_pdf(printout, self.draw)


def draw_plot(figures: Mapping[str, Any], file_name: str) -> bytes:
    """Return a plot of figures, such as ``roc.svg``.

    Raises:
        ModelsNotFound: there is no such plot.
    """
    plot = draw_card_plot(figures, file_name)
    if plot is None:
        raise ModelsNotFound(f"no plot {file_name}")
    return plot
