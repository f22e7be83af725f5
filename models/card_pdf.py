"""Writes a model card as PDF, the same bytes each time; the only file that imports reportlab."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from models.tripod import number_heading

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Printout:
    """What a document says.

    Attributes:
        title, subtitle, author: of the document.
        lines: the text; titles have no indent.
        content: of a card, for the plots and the table of thresholds.
    """

    title: str
    subtitle: str
    author: str
    lines: Sequence[str]
    content: Mapping[str, Any]


def write_card_pdf(card: Card, draw: Draw) -> bytes:
    """Return the card of a model as PDF; see `write_pdf`."""
    content = card.content
    printout = Printout(
        title=f"Model card: {content['question']['title']}",
        subtitle=f"Model {content['model']['id']}, card sha-256 {card.sha256}",
        author=content["study"],
        lines=card.to_lines(),
        content=content,
    )
    return write_pdf(printout, draw)


def write_pdf(printout: Printout, draw: Draw) -> bytes:
    """Return an A4 document: every section, the figures and the threshold table.

    The document has no time of writing, so that the same content always gives the same bytes.

    Args:
        printout: what it says.
        draw: returns its plots.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    buffer = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN_PT)
    # reportlab keeps fonts in one table for the whole process.
    with _LOCK:
        _register_fonts()
        document = SimpleDocTemplate(
            buffer,
            pagesize=A4,
            invariant=1,
            title=printout.title,
            subject=printout.subtitle,
            author=printout.author,
            lang="en",
            **margins,
        )
        write = _write_page_number
        document.build(list(_parts(printout, draw)), onFirstPage=write, onLaterPages=write)
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


def _parts(printout: Printout, draw: Draw) -> Iterator[Any]:
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
    content = printout.content
    yield Paragraph(escape(printout.title), title)
    yield Paragraph(escape(printout.subtitle), text)
    tabulated = describe_thresholds(content) if "thresholds" in content else []
    for line in printout.lines:
        if line.strip() in tabulated:
            continue
        is_title = not line.startswith("  ")
        yield Paragraph(escape(line.strip()), heading if is_title else text)
        if is_title and line.startswith(THRESHOLDS):
            yield _threshold_table(content)
    plots = list_plots(content)
    if plots:
        yield Paragraph(number_heading("Figures", "evaluation"), heading)
    for name in plots:
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
