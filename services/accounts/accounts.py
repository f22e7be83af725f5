"""Stores accounts: a role, a party and, for patients, a subject; never a patient's name."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.chunks import chunks
from services.tables import METADATA
from services.tokens import ROLES

PATIENT: Final = "patient"
"""The role that no token has: patients sign in with a passkey or wallet of their own."""
ID_BYTES: Final = 16

ACCOUNTS: Final = sa.Table(
    "web_accounts",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False, index=True),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("subject", sa.LargeBinary(32), unique=True),
    sa.Column("language", sa.String(2), nullable=False),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False, server_default=""),
)


@dataclass(frozen=True, slots=True)
class Account:
    """One person who can sign in.

    Attributes:
        id: 16 random bytes in hex; also the WebAuthn user handle.
        role: patient, clinician, researcher, custodian or auditor.
        party: the organisation that this person speaks for, ``organisation:…``; ``""`` for a
            patient. Researchers speak for an organisation, which owns studies.
        name: what pages call the person; ``""`` for a patient.
        subject: a patient's 32 bytes; None for others.
        language: en, de or es.
        created_at_s: seconds UTC.
        is_disabled: True if it can no longer sign in.
        time_zone: IANA name of the zone of the person's browser at the last sign-in; "" if not
            known.
    """

    id: str
    role: str
    party: str
    name: str
    subject: bytes | None
    language: str
    created_at_s: int
    is_disabled: bool = False
    time_zone: str = ""


class Accounts:
    """The rows of all accounts; a subject has at most one."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, connection: sa.Connection, account: Account) -> None:
        """Insert an account in the caller's transaction.

        Raises:
            sa.exc.IntegrityError: the id or the subject has an account already.
        """
        row = {name: getattr(account, name) for name in Account.__slots__}
        connection.execute(sa.insert(ACCOUNTS), row)

    def find(self, account_id: str) -> Account | None:
        """Return the account with this id."""
        return self._find(ACCOUNTS.c.id == account_id)

    def of_subject(self, subject: bytes) -> Account | None:
        """Return the account of a patient."""
        return self._find(ACCOUNTS.c.subject == subject)

    @staticmethod
    def names_disabled(account_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Return the condition that this column names a disabled account."""
        return sa.exists().where(ACCOUNTS.c.id == account_id, ACCOUNTS.c.is_disabled)

    def find_joined(self, subjects: Sequence[bytes]) -> set[bytes]:
        """Return those of these subjects who have an account."""
        joined = set[bytes]()
        with self._engine.connect() as connection:
            for chunk in chunks(subjects):
                query = sa.select(ACCOUNTS.c.subject).where(ACCOUNTS.c.subject.in_(chunk))
                joined |= {bytes(subject) for subject in connection.scalars(query)}
        return joined

    def list_staff(self) -> list[Account]:
        """Return every account that is not a patient's, by name."""
        query = sa.select(ACCOUNTS).where(ACCOUNTS.c.role.in_(ROLES))
        ordered = query.order_by(ACCOUNTS.c.name, ACCOUNTS.c.id)
        with self._engine.connect() as connection:
            return [_account(row) for row in connection.execute(ordered)]

    def set_language(self, account_id: str, language: str) -> None:
        """Remember which language the person reads."""
        self._set(account_id, language=language)

    def set_time_zone(self, account_id: str, time_zone: str) -> None:
        """Remember in which time zone the person reads."""
        self._set(account_id, time_zone=time_zone)

    def disable(self, account_id: str, last_of: str = "") -> bool:
        """Make every sign-in and session of this account invalid.

        Nothing changes if it is the last account of the role `last_of` that can sign in; False
        then.
        """
        able = sa.select(ACCOUNTS.c.id).where(
            ACCOUNTS.c.role == last_of, ACCOUNTS.c.is_disabled.is_(False)
        )
        update = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account_id)
        with self._engine.begin() as connection:
            # Locked in one order: of two who disable each other, the second sees the first's.
            locked = able.order_by(ACCOUNTS.c.id).with_for_update()
            if last_of and connection.scalars(locked).all() == [account_id]:
                return False
            connection.execute(update.values(is_disabled=True))
        return True

    def _set(self, account_id: str, **values: Any) -> None:
        update = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(**values)
        with self._engine.begin() as connection:
            connection.execute(update)

    def _find(self, condition: sa.ColumnElement[bool]) -> Account | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(condition)).first()
        return None if row is None else _account(row)


def _account(row: Any) -> Account:
    values = {name: getattr(row, name) for name in Account.__slots__}
    return Account(**values | {"subject": bytes(row.subject) if row.subject else None})


def new_id() -> str:
    """Return a fresh random id: 32 hex characters."""
    return secrets.token_hex(ID_BYTES)
