"""Somebody who is signed in to the pages, without a browser."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from services.accounts.accounts import Account
from web.cookies import cookie_name, csrf_of

HOSPITAL = "organisation:this-hospital"


@dataclass
class Visitor:
    """One person's session; forms carry its token and come from our own origin."""

    http: FlaskClient
    origin: str
    csrf: str
    account: Account

    def get(self, path: str) -> Any:
        # As a browser: an answer that is not read stays under way (web/limits.py).
        return self.http.get(path, buffered=True)

    def post(self, path: str, **fields: Any) -> Any:
        sent = {"csrf": self.csrf, **fields}
        return self.http.post(path, data=sent, headers={"Origin": self.origin}, buffered=True)

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask the API by this session, as our own pages' scripts would."""
        sent = {"Origin": self.origin, "X-CSRF-Token": self.csrf, **headers}
        where = f"/api/v1{path}"
        return self.http.open(where, method=method, json=body, headers=sent, buffered=True)


def signed_in(
    hospital: Any, role: str, party: str = HOSPITAL, subject: bytes | None = None
) -> Visitor:
    """Return somebody of this role with an account and a session of their own."""
    platform = hospital.platform
    account = Account(secrets.token_hex(16), role, party, "Dr A", subject, "en", 0)
    with platform.engine.begin() as connection:
        platform.identity.accounts.add(connection, account)
    secret, http = platform.identity.sessions.begin(account.id), hospital.app.test_client()
    http.set_cookie(cookie_name(platform.installation.site), secret)
    return Visitor(http, platform.installation.site.origin, csrf_of(secret), account)


def described(hospital: Any, keeper: Visitor, body: bytes, name: str) -> str:
    """Send a table without a mapping, let it be described, and return its address."""
    path = keeper.post(
        "/custodian/deposits/new", file=(io.BytesIO(body), name), mapping="draft", bad="leave"
    ).headers["Location"]
    hospital.work("check-upload")
    return str(path)
