"""Admits visitors to pages: session, rate limit, role, same origin, form token, language."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from flask import Response, current_app, g, render_template, request

from services.accounts import Account, ProofInvalid, SignatureExpired
from services.errors import Forbidden, NotFound
from services.tokens import CUSTODIAN
from services.wiring import Services
from services.words import LANGUAGES, Words, best_language, find_zone
from web.cookies import LANGUAGE, csrf_of, session_secret, with_language
from web.current import Caller, find_account, services, words
from web.errors import status_of
from web.limits import Limit, begin_request, caller_at
from web.view_options import (
    READING,
    ViewOptions,
    current_options,
    require_no_nul,
    require_own_site,
)

VISITORS: Final = (20.0, 200)
"""Requests a second, and at once, of one address that is not signed in, or of one account."""
ATTEMPTS: Final = (2.0, 60)
"""The same for what strangers send: attempts to join and to sign in."""


class PageGuard:
    """The hooks of every page: each step may only refuse."""

    def __init__(self, services: Services) -> None:
        self._identity = services.identity
        self._site = services.installation.site
        self._organisation = services.installation.organisation
        self._zone = find_zone(services.installation.profile.time_zone)
        clock, processes = services.installation.clock, services.installation.web_processes
        self._limit = Limit(*VISITORS, clock, processes)
        self._attempts = Limit(*ATTEMPTS, clock, processes)

    def admit(self) -> Response | None:
        """Let the request through to its view, or answer in its place."""
        options = current_options()
        request.max_content_length = options.max_bytes
        secret = session_secret(self._site)
        account = self._identity.find_signed_in(secret, extends_session=options.extends_session)
        self._take(account)
        g.account_id = account.id if account else ""
        g.caller = Caller(account.id, account.role, account.party, account) if account else None
        g.csrf = csrf_of(secret) if account else ""
        g.chosen_language = request.args.get("language", "") if request.method in READING else ""
        zone = find_zone(account.time_zone) if account else None
        g.words = Words(self._language(account), zone or self._zone)
        if options.roles and account is None:
            return to_sign_in()
        self._require_role(options, account)
        if not all(_is_plain(name) for name in (request.view_args or {}).values()):
            raise NotFound
        if account is not None:
            begin_request(account.id)  # before anything of the form is read
        if request.method not in READING:
            self._require_own_form()
        elif options.opens_records:
            require_own_site()
        require_no_nul(request.args.values())
        return None

    def remember_language(self, response: Response) -> Response:
        """Keep the language that the visitor chose, for a year and with the account."""
        chosen = g.get("chosen_language", "")
        if chosen not in LANGUAGES:
            return response
        account = find_account()
        if account is not None:
            self._identity.accounts.set_language(account.id, chosen)
        return with_language(self._site, response, chosen)

    def _take(self, account: Account | None) -> None:
        caller = account.id if account else caller_at(request.remote_addr)
        self._limit.take(caller)
        if account is None and request.method not in READING:
            self._attempts.take(caller)

    def _require_role(self, options: ViewOptions, account: Account | None) -> None:
        if options.roles is None:
            raise NotFound  # nobody declared who may see this view
        if not options.roles or account is None:
            return
        is_ours = options.roles != {CUSTODIAN} or account.party == self._organisation
        if account.role not in options.roles or not is_ours:
            raise NotFound

    def _require_own_form(self) -> None:
        if request.headers.get("Origin") != self._site.origin:
            raise Forbidden("The form was not sent from this site. Open the page again.")
        sent = request.form.get("csrf") or request.headers.get("X-CSRF-Token", "")
        if g.csrf and not hmac.compare_digest(sent.encode(), g.csrf.encode()):
            raise Forbidden("The form has expired. Open the page again.")
        require_no_nul(text for _, text in request.form.items(multi=True))

    def _language(self, account: Account | None) -> str:
        if g.chosen_language in LANGUAGES:
            return str(g.chosen_language)
        preferred = request.cookies.get(LANGUAGE, "") or (account.language if account else "")
        return best_language(preferred or request.headers.get("Accept-Language", ""))


def render(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    """Return a page made of `template`; `title` is its h1.

    Templates also see `say` (the texts), `account`, `csrf`, `is_page` and what `values` names.
    """
    body = render_template(template, title=title, **page_values(), **values)
    return Response(body, status, content_type="text/html; charset=utf-8")


def render_form(
    template: str, *, title: str, errors: Mapping[str, str], status: int = 0, **values: Any
) -> Response:
    """Return a page with a form: 422 with errors, and what was sent in its fields.

    Another `status` can be given; `values` replaces what was sent in the fields.
    """
    status = status or (422 if errors else 200)
    values = {"values": request.form, **values}
    return render(template, title=title, status=status, errors=errors, **values)


def page_values() -> dict[str, Any]:
    """Return what the frame of every page needs."""
    account = find_account()
    subject = account.subject if account else None
    return {
        "say": words(),
        "account": account,
        "has_new_key": subject is not None and services().patient.keys.has_proposed(subject),
        "csrf": g.csrf,
        "is_page": True,
        "is_development": services().installation.is_development,
        "has_single_operator": services().information.has_single_operator(),
    }


def is_fragment() -> bool:
    """Return whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true"


def see_other(path: str) -> Response:
    """Return a redirect after something was done (303), so that a reload does not repeat it."""
    return Response(b"", 303, {"Location": path})


def to_sign_in() -> Response:
    """Return the way to the sign-in page, and back to here.

    A form is not sent again later: its sender is led back to the page with the form.
    """
    undone = "" if request.method in READING else "&undone=yes"
    path = f"/sign-in?next={quote(current_page())}{undone}"
    if is_fragment():
        return Response(b"", 204, {"HX-Redirect": path})
    return see_other(path)


def unknown_path(rest: str) -> Response:
    """Answer for a path of a role that does not exist as for one that does."""
    if find_account() is None:
        return to_sign_in()
    raise NotFound


def unsigned(error: ProofInvalid | SignatureExpired) -> Response:
    """Show why a signature does not count; scripts of the entrance get the problem itself."""
    if not current_options().roles:
        handled: Response = current_app.extensions["error_response"](error)
        return handled
    return render(
        "unsigned.html",
        title=words()("unsigned-title"),
        status=status_of(error),
        told=words()(error.text),
        back=current_page(),
    )


def current_page() -> str:
    """Return the path of this page, or of the one whose form was sent."""
    if request.method in READING:
        return request.full_path.rstrip("?")
    referrer = urlsplit(request.referrer or "")
    if f"{referrer.scheme}://{referrer.netloc}" != request.headers.get("Origin"):
        return "/"
    return referrer.path + (f"?{referrer.query}" if referrer.query else "")


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isprintable()
