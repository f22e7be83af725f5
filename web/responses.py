"""Responses that pages and API share: files of a media type."""

from __future__ import annotations

from typing import Final

from flask import Response

SVG: Final = "image/svg+xml"
PDF: Final = "application/pdf"
ZIP: Final = "application/zip"
NDJSON: Final = "application/fhir+ndjson"
SEALED: Final = "application/octet-stream"


def svg_response(content: bytes) -> Response:
    """Return a picture."""
    return Response(content, content_type=SVG)


def download_response(content: bytes, name: str, media_type: str) -> Response:
    """Return a file that browsers save under a name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, content_type=media_type)
