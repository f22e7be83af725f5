"""Responses that pages and API share: JSON, and files of a media type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from flask import Response

from services.cards import CardFiles
from web.view_options import JSON

CSV: Final = "text/csv; charset=utf-8"
SVG: Final = "image/svg+xml"
PDF: Final = "application/pdf"
ZIP: Final = "application/zip"
NDJSON: Final = "application/fhir+ndjson"
SEALED: Final = "application/octet-stream"


def svg_response(content: bytes) -> Response:
    """Return a picture."""
    return Response(content, content_type=SVG)


def card_json(card: CardFiles) -> Response:
    """Return a card as a JSON file."""
    return download_response(card.to_json(), f"{card.name}.json", JSON)


def card_pdf(card: CardFiles) -> Response:
    """Return a card as a PDF file."""
    return download_response(card.to_pdf(), f"{card.name}.pdf", PDF)


def json_response(document: Any, status: int = 200, media_type: str = JSON) -> Response:
    """Return a document as JSON."""
    return Response(orjson.dumps(document), status, content_type=media_type)


def json_file(document: object, name: str) -> Response:
    """Return a document as a JSON file that browsers save under a name."""
    return download_response(orjson.dumps(document, option=orjson.OPT_INDENT_2), name, JSON)


def download_response(content: bytes | Iterator[bytes], name: str, media_type: str) -> Response:
    """Return a file that browsers save under a name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, content_type=media_type)
