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
from models.card_text import HIDDEN, THRESHOLD_FIGURES
from models.plots import list_plots

_ITEMS: Final = MappingProxyType(
    {
        "Intended use": "3",
        "Limits": "26",
        "Outcome": "8",
        "Patients": "5, 6, 17, 20",
        "Performance out of fold": "12e, 23a",
        "Performance on held-out patients": "12e, 23a",
        "Subgroups": "14, 23a",
        "Inputs": "9, 11",
        "Interval of a prediction": "12g, 15",
        "Patients by outcome": "20b",
        "Decisions at thresholds": "15",
        "Development": "12c, 12f",
        "Sample size": "10",
        "Split by place or time": "12d, 23b",
        "Provenance": "18e, 18f",
    }
)
"""The items of TRIPOD+AI that each section of the card answers."""
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
    yield Paragraph("Numbers after headings are the items of TRIPOD+AI (2024).", text)
    for line in card.to_lines():
        if line.startswith("  "):
            yield Paragraph(escape(line.strip()), text)
            continue
        yield Paragraph(escape(_with_items(line)), heading)
        if line == "Decisions at thresholds":
            yield _threshold_table(content)
    yield Paragraph("Figures (TRIPOD+AI 12e, 23a)", heading)
    for name in list_plots(content):
        yield _figure(draw, name, text)


def _with_items(title: str) -> str:
    return f"{title} ({_ITEMS[title]})" if title in _ITEMS else title


def _figure(draw: Draw, name: str, style: Any) -> Any:
    from reportlab.platypus import Image, KeepTogether, Paragraph

    image = Image(io.BytesIO(draw(f"{name}.png")), _WIDTH_PT, _HEIGHT_PT)
    return KeepTogether([Paragraph(_CAPTIONS[name], style), image])


def _threshold_table(content: Mapping[str, Any]) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table

    head = ["threshold", *THRESHOLD_FIGURES, "flagged per 100"]
    rows = [
        [
            f"{row['threshold']:g}",
            *(_format_share(row[name]) for name in THRESHOLD_FIGURES),
            f"{row['flagged_per_100']['value']:.0f}",
        ]
        for row in content["thresholds"]
    ]
    style = [
        ("FONT", (0, 0), (-1, -1), _FONT, 7.5),
        ("FONT", (0, 0), (-1, 0), _BOLD, 7.5),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, HexColor("#9aa5ad")),
    ]
    return Table([head, *rows], style=style, repeatRows=1, hAlign="LEFT")


def _format_share(share: Mapping[str, float] | None) -> str:
    if share is None:
        return HIDDEN
    return f"{share['value']:.2f} ({share['low']:.2f} – {share['high']:.2f})"
