"""Stores invitations: links that work once, for one person and one thing, for seven days."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa

from consent import DAY_S
from services.accounts.accounts import PATIENT, Accounts
from services.accounts.errors import InvitationInvalid
from services.chunks import chunks
from services.tables import METADATA
from services.tokens import ROLES, Tokens

VALID_DAYS: Final = 7
SECRET_BYTES: Final = 32
JOIN: Final = "join"
RECOVER: Final = "recover"
MAX_OPEN: Final = 1_000
"""How many open links a list shows."""

_INVITATIONS: Final = sa.Table(
    "web_invitations",
    METADATA,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("subject", sa.LargeBinary(32), index=True),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("used_at_s", sa.BigInteger),
    sa.Column("kind", sa.String(16), nullable=False, server_default=JOIN),
    sa.Column("by", sa.String(32), nullable=False, server_default=""),
    sa.Column("ended_at_s", sa.BigInteger),
)
_IS_UNUSED: Final = sa.text("used_at_s IS NULL AND ended_at_s IS NULL")
sa.Index(
    "web_invitations_open",
    _INVITATIONS.c.expires_at_s,
    sqlite_where=_IS_UNUSED,
    postgresql_where=_IS_UNUSED,
)


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is invited: a role, the party they speak for, and a patient's subject."""

    role: str
    party: str
    name: str
    subject: bytes | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A valid invitation; `key` names it inside and cannot be used to join.

    Attributes:
        kind: ``join`` opens an account; ``recover`` proposes a new key for a patient who has one.
        by: the account or token, or ``operator``, that issued it.
    """

    key: bytes
    invitee: Invitee
    created_at_s: int
    expires_at_s: int
    kind: str = JOIN
    by: str = ""

    @property
    def id(self) -> str:
        """The name that lists and addresses show; it is no secret."""
        return self.key.hex()


class Invitations:
    """The rows of all invitations; only the SHA-256 of each secret is stored."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, invitee: Invitee, kind: str = JOIN, by: str = "") -> str:
        """Store an invitation and return its secret, which cannot be read again.

        Earlier links of this kind for the same person no longer work.

        Raises:
            InvitationInvalid: unknown role, a patient without a subject, or a subject for another
                role.
        """
        with self._engine.begin() as connection:
            return self.add_all(connection, [invitee], kind, by)[0]

    def add_all(
        self, connection: sa.Connection, invitees: Sequence[Invitee], kind: str = JOIN, by: str = ""
    ) -> list[str]:
        """Store invitations in the caller's transaction; return their secrets, in this order.

        Raises:
            InvitationInvalid: as `add`; nothing is stored.
        """
        now_s = int(self._clock())
        codes = [secrets.token_urlsafe(SECRET_BYTES) for _ in invitees]
        rows = [
            {
                **asdict(invitee),
                "hash": _hash(code),
                "created_at_s": now_s,
                "expires_at_s": ends_at_s(now_s),
                "kind": kind,
                "by": by,
            }
            for code, invitee in zip(codes, map(_checked, invitees), strict=True)
        ]
        for invitee in invitees:
            earlier = _same_person(invitee), _INVITATIONS.c.kind == kind, *_unused()
            update = sa.update(_INVITATIONS).where(*earlier)
            connection.execute(update.values(ended_at_s=now_s))
        connection.execute(sa.insert(_INVITATIONS), rows)
        return codes

    def find(self, secret: str, kind: str = JOIN) -> Invitation | None:
        """Return the invitation with this secret and kind if it still works."""
        query = sa.select(_INVITATIONS).where(
            _INVITATIONS.c.hash == _hash(secret),
            _INVITATIONS.c.kind == kind,
            *self._working(),
        )
        return self._first(query)

    @staticmethod
    def keys_of(subject: bytes) -> sa.Select[tuple[bytes]]:
        """Return the query for the keys of all links by which a patient was to join.

        It includes links that no longer work.
        """
        return sa.select(_INVITATIONS.c.hash).where(
            _INVITATIONS.c.subject == subject, _INVITATIONS.c.kind == JOIN
        )

    def find_used(self, secret: str, kind: str) -> Invitation | None:
        """Return the invitation with this secret and kind, once it was used."""
        query = sa.select(_INVITATIONS).where(
            _INVITATIONS.c.hash == _hash(secret),
            _INVITATIONS.c.kind == kind,
            _INVITATIONS.c.used_at_s.is_not(None),
        )
        return self._first(query)

    def use(self, connection: sa.Connection, key: bytes) -> bool:
        """Mark an invitation as used in the caller's transaction; False if it no longer works."""
        is_mine = _INVITATIONS.c.hash == key
        update = sa.update(_INVITATIONS).where(is_mine, *_unused(), *_has_valid_issuer())
        result = connection.execute(update.values(used_at_s=int(self._clock())))
        return bool(result.rowcount == 1)

    def list_open(self, limit: int) -> list[Invitation]:
        """Return the links that still work, the newest first, at most `limit`."""
        query = sa.select(_INVITATIONS).where(*self._working())
        ordered = query.order_by(_INVITATIONS.c.created_at_s.desc(), _INVITATIONS.c.hash)
        with self._engine.connect() as connection:
            return [_invitation(row) for row in connection.execute(ordered.limit(limit))]

    def find_invited(self, subjects: Sequence[bytes]) -> set[bytes]:
        """Return those of these patients who have a link to join that still works."""
        invited = set[bytes]()
        is_open = _INVITATIONS.c.kind == JOIN, *self._working()
        with self._engine.connect() as connection:
            for chunk in chunks(subjects):
                query = sa.select(_INVITATIONS.c.subject).where(
                    _INVITATIONS.c.subject.in_(chunk), *is_open
                )
                invited |= {bytes(subject) for subject in connection.scalars(query)}
        return invited

    def find_working(self, codes: Sequence[str]) -> set[str]:
        """Return those of these secrets whose links to join still work."""
        working = set[str]()
        is_open = _INVITATIONS.c.kind == JOIN, *self._working()
        with self._engine.connect() as connection:
            for chunk in chunks(codes):
                by_hash = {_hash(code): code for code in chunk}
                query = sa.select(_INVITATIONS.c.hash).where(
                    _INVITATIONS.c.hash.in_(by_hash), *is_open
                )
                working |= {by_hash[bytes(key)] for key in connection.scalars(query)}
        return working

    def revoke(self, invitation_id: str) -> bool:
        """End the open link with this id; False if there is no such link."""
        try:
            key = bytes.fromhex(invitation_id)
        except ValueError:
            return False
        update = sa.update(_INVITATIONS).where(_INVITATIONS.c.hash == key, *_unused())
        with self._engine.begin() as connection:
            result = connection.execute(update.values(ended_at_s=int(self._clock())))
        return bool(result.rowcount == 1)

    def revoke_issued_by(self, account_id: str) -> int:
        """End every open link that an account or a token issued; return how many."""
        is_open = _INVITATIONS.c.expires_at_s > self._clock()  # found by the index of open links
        update = sa.update(_INVITATIONS).where(_INVITATIONS.c.by == account_id, *_unused(), is_open)
        with self._engine.begin() as connection:
            result = connection.execute(update.values(ended_at_s=int(self._clock())))
        return int(result.rowcount)

    def end_of_subject(self, subject: bytes) -> None:
        """End every open link of a patient who is erased: nobody joins or recovers as them."""
        update = sa.update(_INVITATIONS).where(_INVITATIONS.c.subject == subject, *_unused())
        with self._engine.begin() as connection:
            connection.execute(update.values(ended_at_s=int(self._clock())))

    def _working(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions under which a link works."""
        is_valid = _INVITATIONS.c.expires_at_s > self._clock()
        return is_valid, *_unused(), *_has_valid_issuer()

    def _first(self, query: sa.Select[Any]) -> Invitation | None:
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _invitation(row)


def ends_at_s(now_s: float) -> int:
    """Return when a link that is issued now stops working, seconds UTC."""
    return int(now_s) + VALID_DAYS * DAY_S


def _checked(invitee: Invitee) -> Invitee:
    if invitee.role not in (PATIENT, *ROLES):
        roles = ", ".join((PATIENT, *ROLES))
        raise InvitationInvalid(f"Unknown role {invitee.role!r}. Use one of: {roles}.")
    if (invitee.role == PATIENT) != (invitee.subject is not None):
        raise InvitationInvalid("A subject is required for a patient, and for nobody else.")
    return invitee


def _unused() -> tuple[sa.ColumnElement[bool], ...]:
    return _INVITATIONS.c.used_at_s.is_(None), _INVITATIONS.c.ended_at_s.is_(None)


def _has_valid_issuer() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that the issuer is neither a disabled account nor a revoked token.

    Disabling revokes their links, but can miss one that is issued at the same moment.
    """
    issuer = _INVITATIONS.c.by
    return ~Accounts.names_disabled(issuer), ~Tokens.names_revoked(issuer)


def _same_person(invitee: Invitee) -> sa.ColumnElement[bool]:
    if invitee.subject is not None:
        return _INVITATIONS.c.subject == invitee.subject
    return sa.and_(
        _INVITATIONS.c.subject.is_(None),
        _INVITATIONS.c.role == invitee.role,
        _INVITATIONS.c.party == invitee.party,
        _INVITATIONS.c.name == invitee.name,
    )


def _hash(secret: str) -> bytes:
    # 256 random bits need no salt and no stretching.
    return hashlib.sha256(secret.encode()).digest()


def _invitation(row: Any) -> Invitation:
    subject = bytes(row.subject) if row.subject else None
    invitee = Invitee(row.role, row.party, row.name, subject)
    times = row.created_at_s, row.expires_at_s
    return Invitation(bytes(row.hash), invitee, *times, row.kind, row.by)
