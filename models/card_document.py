"""A model card, or what is like one, in each of its forms: JSON, text, plots and PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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

    def to_json(self) -> bytes:
        """Return the canonical JSON."""
        return canonical_json(dict(self.content))

    def draw(self, file_name: str) -> bytes:
        """Return a plot, such as ``roc.svg``.

        Raises:
            ModelsNotFound: there is no such plot.
        """
        plot = _draw(canonical_json(dict(self.figures)), file_name)
        if plot is None:
            raise ModelsNotFound(f"no plot {file_name}")
        return plot

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


@lru_cache(maxsize=64)
def _draw(figures: bytes, file_name: str) -> bytes | None:
    """Return a plot that is drawn once: many requests for it at once would hold up every page."""
    return draw_card_plot(json.loads(figures), file_name)
