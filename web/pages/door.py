"""Lets a visitor in: whose session, same origin, right form token, right role; else not."""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import quote

from flask import Response, g, request

from web.errors import Forbidden, NotFound
from web.limits import Limit
from web.pages.cookies import LANGUAGE, cookie_name, csrf_of, with_language
from web.pages.page import Page, Visit
from web.people import PATIENT, Account
from web.platform import Platform
from web.words import LANGUAGES, Words, best_language

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
        secret = self._secret()
        account = self._platform.people.find_signed_in(secret)
        self._limit.take(account.id if account else str(request.remote_addr))
        g.account_id = account.id if account else ""
        if page.roles and account is None:
            return self.to_sign_in()
        if page.roles and account is not None and account.role not in page.roles:
            raise NotFound
        if not all(name.isascii() and name.isprintable() for name in names.values()):
            raise NotFound
        csrf = csrf_of(secret) if account else ""
        if page.method != "GET":
            self._require_own_form(csrf)
        chosen = request.args.get("language", "") if page.method == "GET" else ""
        language = chosen if chosen in LANGUAGES else self._language(account)
        if not page.roles <= {PATIENT}:
            language = LANGUAGES[0]  # the pages for work are in English only
        visit = Visit(self._platform, account, names, Words(language), csrf, language)
        answer = page.view(visit)
        return self._remembered(answer, account, chosen)

    def to_sign_in(self) -> Response:
        """Return the way to the sign-in page, and back to here."""
        path = f"/sign-in?next={quote(request.path)}" if request.method == "GET" else "/sign-in"
        if request.headers.get("HX-Request") == "true":
            return Response(b"", 204, {"HX-Redirect": path})
        return Response(b"", 303, {"Location": path})

    def stranger_or_nothing(self) -> Response:
        """Answer for a path of the roles that does not exist as for one that does."""
        if self._platform.people.find_signed_in(self._secret()) is None:
            return self.to_sign_in()
        raise NotFound

    def _secret(self) -> str:
        return request.cookies.get(cookie_name(self._platform), "")

    def _require_own_form(self, csrf: str) -> None:
        if request.headers.get("Origin") != self._platform.site.origin:
            raise Forbidden("this form did not come from our own pages")
        sent = request.form.get("csrf") or request.headers.get("X-CSRF-Token", "")
        if csrf and not hmac.compare_digest(sent.encode(), csrf.encode()):
            raise Forbidden("this form is too old: open the page again")

    def _language(self, account: Account | None) -> str:
        kept = account.language if account else ""
        liked = request.cookies.get(LANGUAGE, "") or kept
        return best_language(liked or request.headers.get("Accept-Language", ""))

    def _remembered(self, answer: Response, account: Account | None, chosen: str) -> Response:
        if chosen not in LANGUAGES:
            return answer
        if account is not None:
            self._platform.people.accounts.set_language(account.id, chosen)
        return with_language(self._platform, answer, chosen)
