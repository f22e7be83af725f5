"""Carries what is shown once over a redirect, so that a reload neither repeats nor shows it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final

import orjson
from flask import Response, g, request

from web.current import services
from web.pages.guard import see_other

COOKIE: Final = "shown-once"
MAX_AGE_S: Final = 60


def carry(path: str, facts: dict[str, Any]) -> Response:
    """Return a redirect to the page at `path` with the facts for it, for a minute.

    They are in a cookie of that path alone, which no script reads, signed with the session's token.
    """
    body = base64.urlsafe_b64encode(orjson.dumps(facts))
    response = see_other(path)
    response.set_cookie(
        COOKIE,
        f"{body.decode()}.{_mark(body)}",
        max_age=MAX_AGE_S,
        path=path,
        secure=services().installation.site.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return response


def take() -> dict[str, Any] | None:
    """Return the facts that this request carries; None if there are none of this session."""
    body, _, mark = request.cookies.get(COOKIE, "").partition(".")
    if not body or not hmac.compare_digest(mark.encode(), _mark(body.encode()).encode()):
        return None
    facts: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(body))
    return facts


def forget(response: Response) -> Response:
    """Return the response that removes the facts: a reload does not show them again."""
    response.delete_cookie(COOKIE, path=request.path, httponly=True, samesite="Strict")
    return response


def _mark(body: bytes) -> str:
    return hmac.new(str(g.csrf).encode(), b"shown once" + body, hashlib.sha256).hexdigest()
