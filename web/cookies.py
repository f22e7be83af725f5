"""Sets and reads the two cookies: one while somebody is signed in, one for the language."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from flask import Response, request

from services.accounts import Account
from services.platform import Platform

LANGUAGE: Final = "language"
YEAR_S: Final = 365 * 86_400


def cookie_name(platform: Platform) -> str:
    """Return the session cookie's name; __Host- binds it to one origin where there is TLS."""
    return "__Host-vouchsafe" if platform.site.is_secure else "vouchsafe"


def csrf_of(secret: str) -> str:
    """Return what forms of a session carry; it tells nothing about the session's secret."""
    return hmac.new(secret.encode(), b"vouchsafe form", hashlib.sha256).hexdigest()


def with_session(platform: Platform, answer: Response, secret: str) -> Response:
    """Return the answer with the session's cookie.

    Lax, not Strict: a link in a letter from the hospital must find the person signed in. What
    changes anything is a POST, which Lax keeps from other sites, and which names its origin.
    """
    answer.set_cookie(
        cookie_name(platform), secret, secure=platform.site.is_secure, httponly=True, samesite="Lax"
    )
    return answer


def renewed(platform: Platform, answer: Response, account: Account) -> Response:
    """Return the answer with a new session in place of the old: after each change of keys."""
    old = request.cookies.get(cookie_name(platform), "")
    device = request.headers.get("User-Agent", "")
    secret = platform.people.sessions.begin(account.id, device, instead_of=old)
    return with_session(platform, answer, secret)


def without_session(platform: Platform, answer: Response) -> Response:
    """Return the answer that takes the session's cookie away."""
    secure = platform.site.is_secure
    answer.delete_cookie(cookie_name(platform), secure=secure, httponly=True, samesite="Lax")
    return answer


def with_language(platform: Platform, answer: Response, language: str) -> Response:
    """Return the answer with the cookie that remembers the language for a year."""
    answer.set_cookie(
        LANGUAGE,
        language,
        max_age=YEAR_S,
        secure=platform.site.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return answer
