"""The forms of a report that is no model's own card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import Diagnostics, card_document
from models.card_document import CardDocument
from models.errors import ModelsNotFound


def test_each_plot_of_any_number_of_reports_is_drawn_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: sa.Engine
) -> None:
    """Whoever asks for many of them again and again would hold up every page."""
    drawn = list[tuple[int, str]]()

    def draw(content: dict, name: str) -> bytes | None:
        drawn.append((content["n"], name))
        return b"<svg>%d</svg>" % content["n"] if name == "roc.svg" else None

    monkeypatch.setattr(card_document, "draw_card_plot", draw)
    first = CardDocument(title="T", name="N", study="S", content={}, figures={"n": 0}, lines=())
    reports = [replace(first, figures={"n": number}) for number in range(100)]
    for _ in range(2):  # another process finds what the first one stored
        diagnostics = Diagnostics(
            engine=engine, ledger=None, store=None, home=tmp_path, clock=lambda: 0.0
        )
        plots = [diagnostics.report_picture(report, "roc.svg") for report in reports]
        assert plots == [b"<svg>%d</svg>" % number for number in range(100)]
    assert drawn == [(number, "roc.svg") for number in range(100)]
    for name in ("other.svg", "../roc.svg", "x" * 300 + ".svg"):
        with pytest.raises(ModelsNotFound, match="no (plot|file)"):
            diagnostics.report_picture(first, name)
    assert len(list((tmp_path / "reports").iterdir())) == 100
