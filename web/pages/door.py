"""Lets a visitor in: whose session, same origin, right form token, right role; else not."""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import quote, urlsplit

from flask import Response, g, request

from services.accounts import Account, ProofInvalid, SignatureExpired
from services.errors import Forbidden, NotFound
from services.platform import Platform
from services.tokens import CUSTODIAN
from services.words import LANGUAGES, Words, best_language
from web.cookies import LANGUAGE, cookie_name, csrf_of, with_language
from web.errors import status_of
from web.limits import Limit
from web.pages.page import Page, Visit

VISITORS: Final = (20.0, 200)
"""Requests a second, and at once, of one address that is not signed in, or of one account."""
TRIES: Final = (2.0, 60)
"""The same for what strangers send: tries to join and to sign in."""


class Door:
    """What every page goes through, in this order, each step may only refuse."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._limit = Limit(*VISITORS, platform.clock)
        self._tries = Limit(*TRIES, platform.clock)

    def enter(self, page: Page, names: dict[str, str]) -> Response:
        """Return the page's answer for whoever asks, or send a stranger to the sign-in."""
        request.max_content_length = page.most_bytes
        secret = self._secret()
        account = self._platform.identity.find_signed_in(secret, extends_session=not page.is_quiet)
        self._take(account, page.method)
        g.account_id = account.id if account else ""
        if page.roles and account is None:
            return self.to_sign_in()
        if page.roles and account is not None and not self._may(account, page):
            raise NotFound
        if not all(name.isascii() and name.isprintable() for name in names.values()):
            raise NotFound
        csrf = csrf_of(secret) if account else ""
        if page.method != "GET":
            self._require_own_form(csrf)
        chosen = request.args.get("language", "") if page.method == "GET" else ""
        language = chosen if chosen in LANGUAGES else self._language(account)
        visit = Visit(self._platform, account, names, Words(language), csrf, language)
        return self._remembered(_answer(page, visit), account, chosen)

    def _may(self, account: Account, page: Page) -> bool:
        """Tell whether a role may; who looks after records here speaks for this organisation."""
        is_ours = page.roles != {CUSTODIAN} or account.party == self._platform.organisation
        return account.role in page.roles and is_ours

    def to_sign_in(self) -> Response:
        """Return the way to the sign-in page, and back to here.

        Whoever sent a form is led back to the page with the form: what was sent is not done later.
        """
        path = f"/sign-in?next={quote(_here())}"
        if request.headers.get("HX-Request") == "true":
            return Response(b"", 204, {"HX-Redirect": path})
        return Response(b"", 303, {"Location": path})

    def stranger_or_nothing(self) -> Response:
        """Answer for a path of the roles that does not exist as for one that does."""
        if self._platform.identity.find_signed_in(self._secret()) is None:
            return self.to_sign_in()
        raise NotFound

    def _secret(self) -> str:
        return request.cookies.get(cookie_name(self._platform.site), "")

    def _take(self, account: Account | None, method: str) -> None:
        caller = account.id if account else str(request.remote_addr)
        self._limit.take(caller)
        if account is None and method != "GET":
            self._tries.take(caller)

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
            self._platform.identity.accounts.set_language(account.id, chosen)
        return with_language(self._platform.site, answer, chosen)


def _answer(page: Page, visit: Visit) -> Response:
    """Return the page's answer; a signature that does not count is told in the patient's words."""
    try:
        return page.view(visit)
    except (ProofInvalid, SignatureExpired) as exc:
        if not page.roles:
            raise  # a script asked, and has the words for it
        told = visit.words(exc.text)
        title = visit.words("unsigned-title")
        return visit.show(
            "unsigned.html", title=title, status=status_of(exc), told=told, back=_here()
        )


def _here() -> str:
    """Return where the visitor is: this page, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    if f"{came_from.scheme}://{came_from.netloc}" != request.headers.get("Origin"):
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
