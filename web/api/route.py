"""One row of the API: path, who may, what comes in, what it does; nothing else decides these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from flask import Response

from services.accounts import PATIENT, Account
from services.errors import NotFound
from services.platform import Platform
from services.tokens import AUDITOR, CLINICIAN, CUSTODIAN, RESEARCHER, ROLES
from services.words import Words, best_language
from web.api.callers import Caller

SMALL_BYTES: Final = 64 * 2**10
LARGE_BYTES: Final = 16 * 2**20
JSON: Final = "application/json"
ANYBODY: Final[frozenset[str]] = frozenset()
"""No token is needed: what comes in proves itself, or nothing is told that is not public."""

ALL: Final = frozenset(ROLES)
PATIENTS: Final = frozenset({PATIENT})
CUSTODIANS: Final = frozenset({CUSTODIAN})
RESEARCHERS: Final = frozenset({RESEARCHER})
CLINICIANS: Final = frozenset({CLINICIAN})
AUDITORS: Final = frozenset({AUDITOR})
KEEPERS: Final = CUSTODIANS | AUDITORS


class BodySchema(Protocol):
    """What can load a body: a marshmallow schema."""

    def load(self, data: Any) -> Any:
        """Return the body as our values."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that may be done: who asks (None is anybody), the path's names, the body."""

    platform: Platform
    caller: Caller | None
    names: Mapping[str, str]
    body: Any

    @property
    def id(self) -> str:
        """The id of the token or the account; it opens nothing."""
        return self.caller.id if self.caller else ""

    @property
    def party(self) -> str:
        """The party that the caller speaks for."""
        return self.caller.party if self.caller else ""

    @property
    def role(self) -> str:
        """The caller's role."""
        return self.caller.role if self.caller else ""

    @property
    def account(self) -> Account | None:
        """The person who is signed in; None for a token."""
        return self.caller.account if self.caller else None

    @property
    def session_id(self) -> str:
        """The id of the session by which a person asks."""
        return self.caller.session_id if self.caller else ""

    @property
    def me(self) -> Account:
        """The person who is signed in.

        Raises:
            NotFound: the caller is a token.
        """
        if self.account is None:
            raise NotFound
        return self.account

    @property
    def words(self) -> Words:
        """The texts in the language of the person who is signed in; else English."""
        return Words(best_language(self.account.language if self.account else ""))

    @property
    def subject(self) -> bytes:
        """The patient's own subject.

        Raises:
            NotFound: the caller is no patient who is signed in.
        """
        if self.me.subject is None:
            raise NotFound
        return self.me.subject

    def require_own(self, party: str) -> None:
        """Let only the party itself go on; to others it is as if there were nothing.

        Raises:
            NotFound: the caller speaks for another party.
        """
        if party != self.party:
            raise NotFound


View = Callable[[Call], dict[str, Any] | Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `path` is under /api/v1, in OpenAPI's notation.

    `keeps` says that the answer may be kept for an Idempotency-Key: not of what tells about a
    patient, and not where nothing changes. `gives` is the answer's schema, or None for a file of
    the media type `media`.
    """

    method: str
    path: str
    view: View
    roles: frozenset[str]
    schema: Callable[[], BodySchema] | None = None
    status: int = 200
    most_bytes: int = SMALL_BYTES
    keeps: bool = False
    gives: Any = None
    media: str = JSON

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.view.__name__

    @property
    def words(self) -> str:
        """What the caller gets, in one sentence."""
        return (self.view.__doc__ or "").split("\n", 1)[0]
