"""Draws a link as a QR code: an SVG that is part of the page, without style or script."""

from __future__ import annotations

from typing import Final

import segno
from markupsafe import Markup

LEVEL: Final = "m"
"""A sixth of a printed code may be soiled, and a phone still reads it (ISO/IEC 18004, level M)."""
QUIET_ZONE: Final = 4
"""The white border that the standard asks for, in modules."""


def qr_svg(link: str) -> Markup:
    """Return the QR code of a link as an SVG element: black on white, also on a dark page."""
    code = segno.make_qr(link, error=LEVEL)
    drawing = code.svg_inline(border=QUIET_ZONE, omitsize=True, dark="#000", light="#fff")
    return Markup(drawing)  # noqa: S704 - segno writes numbers and colours, never the link itself
