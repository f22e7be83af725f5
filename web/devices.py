"""Reads what a page's passkey script sends, answers it in JSON, and names the device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import orjson
from flask import Response, request

from services.accounts import DeviceRequest
from services.errors import Malformed
from web.responses import json_response

MAX_JSON_BYTES: Final = 16_384

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
"""The first mark that the header has is the name: many browsers claim to be Safari as well."""


def device_name() -> str:
    """Return browser and system of the request's device, "Chrome · Android"; "" if not known."""
    user_agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(name for name in (browser, system) if name)


def credential_of_form() -> Any:
    """Return the credential that the page's script sent.

    Raises:
        Malformed: it is not JSON, or larger than 16,384 bytes.
    """
    sent = request.form.get("credential", "")
    if len(sent) > MAX_JSON_BYTES:
        raise Malformed(f"The credential is larger than {MAX_JSON_BYTES} bytes.")
    try:
        return orjson.loads(sent)
    except ValueError as exc:
        raise Malformed("The credential is not JSON.") from exc


def device_request(request_to_device: DeviceRequest) -> Response:
    """Return what the page's script asks of the device, as JSON."""
    return json_response(asdict(request_to_device))
