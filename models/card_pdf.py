"""Writes a model card as PDF, the same bytes each time; the only file that imports reportlab."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any, Final
from xml.sax.saxutils import escape

from models.card import Card
from models.card_text import (
    THRESHOLD_FIGURES,
    THRESHOLDS,
    describe_thresholds,
    format_estimate,
)
from models.plots import list_plots

_CAPTIONS: Final = MappingProxyType(
    {
        "roc": "ROC curve",
        "precision": "Precision and recall",
        "calibration": "Calibration: groups of patients with 95 % intervals, and a smooth curve",
        "decision": "Decision curve",
        "distributions": "Estimates by outcome",
        "groups": "Subgroups",
        "contributions": "Inputs that move the estimates most",
    }
)
_FONT: Final = "DejaVuSans"
_BOLD: Final = "DejaVuSans-Bold"
_WIDTH_PT: Final = 340
_HEIGHT_PT: Final = 244
_MARGIN_PT: Final = 56
_LOCK: Final = Lock()

Draw = Callable[[str], bytes]
"""Returns a plot of the card by its file name."""


def write_card_pdf(card: Card, draw: Draw) -> bytes:
    """Return the card as an A4 document: every section, the figures and the threshold table.

    The document has no time of writing, so that the same card always gives the same bytes.

    Args:
        card: the card.
        draw: returns its plots.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    content, buffer = card.content, io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN_PT)
    # reportlab keeps fonts in one table for the whole process.
    with _LOCK:
        _register_fonts()
        document = SimpleDocTemplate(
            buffer,
            pagesize=A4,
            invariant=1,
            title=f"Model card: {content['question']['title']}",
            subject=f"model {content['model']['id']}, card sha-256 {card.sha256}",
            author=content["study"],
            lang="en",
            **margins,
        )
        write = _write_page_number
        document.build(list(_parts(card, draw)), onFirstPage=write, onLaterPages=write)
    return buffer.getvalue()


def _register_fonts() -> None:
    from matplotlib import get_data_path
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    # The built-in fonts lack characters of units and comparisons, such as ≥.
    for name in (_FONT, _BOLD):
        registerFont(TTFont(name, str(Path(get_data_path()) / "fonts" / "ttf" / f"{name}.ttf")))


def _write_page_number(canvas: Any, document: Any) -> None:
    canvas.setFont(_FONT, 8)
    canvas.drawRightString(document.pagesize[0] - _MARGIN_PT, _MARGIN_PT / 2, f"{document.page}")


def _parts(card: Card, draw: Draw) -> Iterator[Any]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    text = ParagraphStyle("text", fontName=_FONT, fontSize=9, leading=12.5, spaceAfter=2)
    title = ParagraphStyle("title", fontName=_BOLD, fontSize=16, leading=21, spaceAfter=8)
    heading = ParagraphStyle(
        "heading",
        fontName=_BOLD,
        fontSize=11,
        leading=15,
        spaceBefore=9,
        spaceAfter=3,
        keepWithNext=1,
    )
    content = card.content
    yield Paragraph(f"Model card: {escape(content['question']['title'])}", title)
    yield Paragraph(f"Model {escape(content['model']['id'])}, card sha-256 {card.sha256}", text)
    tabulated = describe_thresholds(content) if "thresholds" in content else []
    for line in card.to_lines():
        if line.strip() in tabulated:
            continue
        is_title = not line.startswith("  ")
        yield Paragraph(escape(line.strip()), heading if is_title else text)
        if is_title and line.startswith(THRESHOLDS):
            yield _threshold_table(content)
    yield Paragraph("Figures (TRIPOD+AI 12e, 23a)", heading)
    for name in list_plots(content):
        yield _figure(draw, name, text)


def _figure(draw: Draw, name: str, style: Any) -> Any:
    from reportlab.platypus import Image, KeepTogether, Paragraph

    image = Image(io.BytesIO(draw(f"{name}.png")), _WIDTH_PT, _HEIGHT_PT)
    return KeepTogether([Paragraph(_CAPTIONS[name], style), image])


def _threshold_table(content: Mapping[str, Any]) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table

    head = ["threshold", *THRESHOLD_FIGURES.values(), "flagged per 100"]
    rows = [
        [
            f"{row['threshold']:g}",
            *(format_estimate(row[name], 2) for name in THRESHOLD_FIGURES),
            format_estimate(row["flagged_per_100"], 0),
        ]
        for row in content["thresholds"]
    ]
    style = [
        ("FONT", (0, 0), (-1, -1), _FONT, 7.5),
        ("FONT", (0, 0), (-1, 0), _BOLD, 7.5),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, HexColor("#9aa5ad")),
    ]
    return Table([head, *rows], style=style, repeatRows=1, hAlign="LEFT")
