"""Keeps the accounts: one row a person, never a name of a patient."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from services.accounts.account import Account
from services.tables import METADATA

ID_BYTES: Final = 16

ACCOUNTS: Final = sa.Table(
    "web_accounts",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("subject", sa.LargeBinary(32), unique=True),
    sa.Column("language", sa.String(2), nullable=False),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
)


class Accounts:
    """The rows of all accounts; a subject has at most one."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, connection: sa.Connection, wanted: Account) -> None:
        """Write down an account in the caller's transaction.

        Raises:
            sa.exc.IntegrityError: the id or the subject has one already.
        """
        row = {name: getattr(wanted, name) for name in Account.__slots__}
        connection.execute(sa.insert(ACCOUNTS), row)

    def find(self, identity: str) -> Account | None:
        """Return the account of an id."""
        return self._one(ACCOUNTS.c.id == identity)

    def of_subject(self, subject: bytes) -> Account | None:
        """Return the account of a patient."""
        return self._one(ACCOUNTS.c.subject == subject)

    def all(self) -> list[Account]:
        """Return every account, oldest first."""
        asked = sa.select(ACCOUNTS).order_by(ACCOUNTS.c.created_at_s, ACCOUNTS.c.id)
        with self._engine.connect() as connection:
            return [_account(row) for row in connection.execute(asked)]

    def set_language(self, identity: str, language: str) -> None:
        """Remember which language somebody reads."""
        self._set(identity, language=language)

    def disable(self, identity: str) -> None:
        """Let somebody sign in no more."""
        self._set(identity, is_disabled=True)

    def _set(self, identity: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            mine = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == identity)
            connection.execute(mine.values(**values))

    def _one(self, which: Any) -> Account | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(which)).first()
        return None if row is None else _account(row)


def new_id() -> str:
    """Return a fresh random id: 32 hex characters."""
    return secrets.token_hex(ID_BYTES)


def _account(row: Any) -> Account:
    held = {name: getattr(row, name) for name in Account.__slots__}
    return Account(**(held | {"subject": bytes(row.subject) if row.subject else None}))
