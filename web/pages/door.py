"""Lets a visitor in: whose session, same origin, right form token, right role; else not."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import quote

from flask import Response, g, redirect, request

from web.errors import Forbidden, NotFound
from web.limits import Limit
from web.pages.page import Page, Visit
from web.people import Account
from web.platform import Platform
from web.words import Words, best_language

LANGUAGE_COOKIE: Final = "language"
VISITORS: Final = (20.0, 200)
"""Requests a second, and at once, of one address that is not signed in, or of one account."""


class Door:
    """What every page goes through, in this order, each step may only refuse."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._limit = Limit(*VISITORS, platform.clock)

    def enter(self, page: Page, names: dict[str, str]) -> Response:
        """Return the page's answer for whoever asks, or send a stranger to the sign-in."""
        request.max_content_length = page.most_bytes
        if not all(name.isascii() and name.isprintable() for name in names.values()):
            raise NotFound
        secret = request.cookies.get(cookie_name(self._platform), "")
        account = self._platform.people.find_signed_in(secret)
        self._limit.take(account.id if account else str(request.remote_addr))
        if page.roles and account is None:
            return self.to_sign_in()
        if page.roles and account is not None and account.role not in page.roles:
            raise NotFound
        csrf = csrf_of(secret) if account else ""
        if page.method != "GET":
            self._require_own_form(csrf)
        g.account_id = account.id if account else ""
        language = self._language(account)
        words = Words(language)
        return page.view(Visit(self._platform, account, names, words, csrf, language))

    def to_sign_in(self) -> Response:
        """Return the way to the sign-in page, and back to here."""
        path = request.path if request.method == "GET" else "/"
        answer = redirect(f"/sign-in?next={quote(path)}", 303)
        return Response(answer.get_data(), 303, {"Location": answer.location})

    def stranger_or_nothing(self) -> Response:
        """Answer for a path of the roles that does not exist as for one that does."""
        secret = request.cookies.get(cookie_name(self._platform), "")
        if self._platform.people.find_signed_in(secret) is None:
            return self.to_sign_in()
        raise NotFound

    def _require_own_form(self, csrf: str) -> None:
        if request.headers.get("Origin") != self._platform.site.origin:
            raise Forbidden("this form did not come from our own pages")
        sent = request.form.get("csrf") or request.headers.get("X-CSRF-Token", "")
        if csrf and not hmac.compare_digest(sent.encode(), csrf.encode()):
            raise Forbidden("this form is too old: open the page again")

    def _language(self, account: Account | None) -> str:
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        kept = account.language if account else ""
        return best_language(chosen or kept or request.headers.get("Accept-Language", ""))


def cookie_name(platform: Platform) -> str:
    """Return the session cookie's name; __Host- binds it to one origin where there is TLS."""
    return "__Host-vouchsafe" if platform.site.is_secure else "vouchsafe"


def csrf_of(secret: str) -> str:
    """Return what forms of a session carry; it tells nothing about the session's secret."""
    return hmac.new(secret.encode(), b"vouchsafe form", hashlib.sha256).hexdigest()
