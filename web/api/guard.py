"""Admits callers of the API: a program by its token, or a person by the session of our pages."""

from __future__ import annotations

import hmac
from typing import Final

from flask import g, request

from services.errors import Forbidden, NotFound, Unauthenticated
from services.wiring import Services
from services.words import Words, best_language
from web.cookies import csrf_of, session_secret
from web.current import Caller, find_caller, services
from web.limits import Limit, begin_request, caller_at
from web.view_options import READING, current_options, require_no_nul, require_own_site

STRANGERS: Final = (5.0, 100)
KNOWN: Final = (50.0, 500)


class ApiGuard:
    """The hook of every route: a token that was sent counts alone; else a session."""

    def __init__(self, services: Services) -> None:
        self._identity = services.identity
        self._tokens = services.tokens
        self._site = services.installation.site
        clock, processes = services.installation.clock, services.installation.web_processes
        self._strangers = Limit(*STRANGERS, clock, processes)
        self._known = Limit(*KNOWN, clock, processes)

    def admit(self) -> None:
        """Let the request through to its view.

        Raises:
            Unauthenticated: no valid token or session where one is needed.
            Malformed: the query has a NUL character.
            Forbidden: this role may not; or a session's request is not from our own pages.
            TooManyRequests: the caller asked too often, or has too much under way.
            NotFound: a name in the path is not printable ASCII.
        """
        options = current_options()
        request.max_content_length = options.max_bytes
        names = (request.view_args or {}).values()
        if not all(name.isascii() and name.isprintable() for name in names):
            raise NotFound
        caller = g.caller = self._find()
        account = caller.account if caller else None
        g.words = Words(best_language(account.language if account else ""))
        # Guesses of tokens count as a stranger's requests, of which there are few.
        if caller is None:
            self._strangers.take(caller_at(request.remote_addr))
        else:
            self._known.take(caller.id)
        if options.roles is None:
            raise NotFound  # nobody declared who may call this view
        if options.roles and caller is None:
            raise Unauthenticated("Authentication required: send a valid token or session cookie.")
        if options.roles and caller is not None and caller.role not in options.roles:
            raise Forbidden(f"The role {caller.role} may not do this.")
        if account is not None:
            require_own_site()
        if caller is not None:
            begin_request(caller.id)
        require_no_nul(request.args.values())

    def _find(self) -> Caller | None:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return self._by_session()
        token = self._tokens.find(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            return None
        g.token_id = token.id
        return Caller(token.id, token.role, token.party)

    def _by_session(self) -> Caller | None:
        secret = session_secret(self._site)
        account = self._identity.find_signed_in(secret)
        session = self._identity.find_session(secret)
        if account is None or session is None:
            return None
        if request.method not in READING:
            self._require_own_page(secret)
        g.account_id = account.id
        return Caller(account.id, account.role, account.party, account, session.id)

    def _require_own_page(self, secret: str) -> None:
        # A browser adds the cookie to other sites' requests too; these two they cannot forge.
        sent = request.headers.get("X-CSRF-Token", "")
        is_ours = request.headers.get("Origin") == self._site.origin
        if not is_ours or not hmac.compare_digest(sent.encode(), csrf_of(secret).encode()):
            raise Forbidden("Missing or invalid CSRF token.")


def require_operator() -> None:
    """Let only the organisation that operates this installation pass.

    Raises:
        NotFound: the caller speaks for another organisation.
    """
    caller = find_caller()
    if caller is not None and caller.party != services().installation.organisation:
        raise NotFound
