"""The forms of a report that is no model's own card."""

from __future__ import annotations

import pytest

from models import card_document
from models.card_document import CardDocument
from models.errors import ModelsNotFound


def test_a_plot_that_many_ask_for_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[str]()

    def draw(content: dict, name: str) -> bytes | None:
        drawn.append(name)
        return b"<svg/>" if content["n"] and name == "roc.svg" else None

    monkeypatch.setattr(card_document, "draw_card_plot", draw)
    card_document._draw.cache_clear()
    document = CardDocument(
        title="T", name="N", study="S", content={}, figures={"n": 3.25}, lines=()
    )
    assert {document.draw("roc.svg") for _ in range(24)} == {b"<svg/>"}
    assert drawn == ["roc.svg"]
    with pytest.raises(ModelsNotFound, match="no plot other"):
        document.draw("other.svg")
    card_document._draw.cache_clear()
