"""Finds out who asks the API: a program by its token, or a person by the session of our pages."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from flask import g, request

from services.accounts import Account
from services.errors import Forbidden, Unauthenticated
from services.platform import Platform
from services.tokens import Tokens
from web.cookies import cookie_name, csrf_of
from web.limits import Limit

STRANGERS: Final = (5.0, 100)
KNOWN: Final = (50.0, 500)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the id of a token or an account, its role, and for whom it speaks.

    `account` and `session_id` are a person's; a token has none.
    """

    id: str
    role: str
    party: str
    account: Account | None = None
    session_id: str = ""


class Callers:
    """Admits callers: a token that was sent counts alone; else a session, from our own pages."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._tokens = Tokens(platform.engine, platform.clock)
        self._strangers = Limit(*STRANGERS, platform.clock)
        self._known = Limit(*KNOWN, platform.clock)

    def admitted(self, roles: frozenset[str]) -> Caller | None:
        """Return who asks; None for anybody, where anybody may.

        Raises:
            Unauthenticated: nobody that counts, where somebody must.
            Forbidden: this role may not; or a session's request is not from our own pages.
            TooMany: asked too often.
        """
        caller = self._find()
        # Whoever guesses tokens is a stranger, and has a stranger's few tries.
        if caller is None:
            self._strangers.take(str(request.remote_addr))
        else:
            self._known.take(caller.id)
        if not roles:
            return caller
        if caller is None:
            raise Unauthenticated("this needs a token that counts, or a session")
        if caller.role not in roles:
            raise Forbidden(f"the role {caller.role} may not do this")
        return caller

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
        people = self._platform.identity
        secret = request.cookies.get(cookie_name(self._platform.site), "")
        account, session = people.find_signed_in(secret), people.find_session(secret)
        if account is None or session is None:
            return None
        if request.method != "GET":
            self._require_own_page(secret)
        g.account_id = account.id
        return Caller(account.id, account.role, account.party, account, session.id)

    def _require_own_page(self, secret: str) -> None:
        # A browser adds the cookie to other sites' requests too; these two they cannot forge.
        sent = request.headers.get("X-CSRF-Token", "")
        is_ours = request.headers.get("Origin") == self._platform.site.origin
        if not is_ours or not hmac.compare_digest(sent.encode(), csrf_of(secret).encode()):
            raise Forbidden("a session's request comes from our own pages, with their token")
