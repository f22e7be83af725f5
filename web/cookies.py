"""Sets and reads the two cookies: the session's, and the one that remembers the language."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from flask import Response, request

from services.accounts import Account, IdentityService, Site
from web.devices import device_name

LANGUAGE: Final = "language"
YEAR_S: Final = 365 * 86_400


def cookie_name(site: Site) -> str:
    """Return the session cookie's name; __Host- binds it to one origin where there is TLS."""
    return "__Host-vouchsafe" if site.is_secure else "vouchsafe"


def session_secret(site: Site) -> str:
    """Return the session secret that the request carries, or ""."""
    return request.cookies.get(cookie_name(site), "")


def csrf_of(secret: str) -> str:
    """Return the token that forms of a session carry; it reveals nothing about the secret."""
    return hmac.new(secret.encode(), b"vouchsafe form", hashlib.sha256).hexdigest()


def with_new_session(
    identity: IdentityService, response: Response, account: Account, passkey: bytes | None = None
) -> Response:
    """Return the response with a new session in place of the old: after each change of keys.

    `passkey` is the credential id that signed in. A change of keys ends the old session, so the
    caller must get `current_passkey` before it.

    Its cookie is Lax, not Strict: a link in a letter from the hospital must find the person signed
    in. What changes anything is a POST, which Lax keeps from other sites, and which names its
    origin.
    """
    site, old, device = identity.site, session_secret(identity.site), device_name()
    secret = identity.sessions.begin(account.id, device, instead_of=old, passkey=passkey)
    response.set_cookie(
        cookie_name(site), secret, secure=site.is_secure, httponly=True, samesite="Lax"
    )
    return response


def current_passkey(identity: IdentityService) -> bytes | None:
    """Return the credential id of the passkey that this session signed in with, if it has one."""
    session = identity.find_session(session_secret(identity.site))
    return session.passkey if session else None


def without_session(site: Site, response: Response) -> Response:
    """Return the response that removes the session's cookie."""
    response.delete_cookie(cookie_name(site), secure=site.is_secure, httponly=True, samesite="Lax")
    return response


def with_language(site: Site, response: Response, language: str) -> Response:
    """Return the response with the cookie that remembers the language for a year."""
    response.set_cookie(
        LANGUAGE, language, max_age=YEAR_S, secure=site.is_secure, httponly=True, samesite="Lax"
    )
    return response
