"""Keeps the openings, which are the terms and salts behind the ledger's commitments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

import orjson
import sqlalchemy as sa

from consent.errors import ConsentError, LedgerUnavailable
from consent.tables import METADATA
from consent.terms import Terms
from consent.typed_data import consent_id as id_of
from consent.typed_data import terms_hash
from consent.wording import require_terms

_OPENINGS = sa.Table(
    "consent_openings",
    METADATA,
    sa.Column("consent_id", sa.LargeBinary(32), primary_key=True),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary),
    sa.Column("salt", sa.LargeBinary(32)),
    sa.Column("generation", sa.BigInteger, nullable=False, index=True),
)
"""A row is never deleted: an erased one keeps its id, so that nobody puts its terms back."""

# Read as they stand: a type that converts would fail on the first damaged value, for all rows.
_SHOWN: Final = sa.select(
    *(sa.type_coerce(column, sa.types.NULLTYPE).label(column.name) for column in _OPENINGS.c)
)

_TEXTS: Final = tuple(f.name for f in fields(Terms) if f.name not in ("policy_hash", "salt"))
_LISTS: Final = frozenset({"purposes", "categories", "records", "obligations"})
_AT_ONCE: Final = 1_000
_SHARED: Final = 4_096
_ROWS_HELD: Final = 10_000


@dataclass(frozen=True, slots=True)
class StoredTerms:
    """What is known of a consent's terms; None: erased, or not what the commitment says."""

    consent_id: bytes
    subject: bytes
    terms: Terms | None


class ConsentTermsStore:
    """The table of openings; each is proved against its commitment whenever it is read."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(self, subject: bytes, terms: Terms) -> bytes:
        """Keep one opening and return the consent's id."""
        return self.put_many([(subject, terms)])[0]

    def put_many(self, consent_terms: Sequence[tuple[bytes, Terms]]) -> list[bytes]:
        """Keep openings, all or none, and return their consents' ids; thousands at once are fine.

        What is there already stays, is mended where damaged, and what was erased stays erased.

        Raises:
            UnknownCode, TermsInvalid: terms that nobody could sign; nothing is kept.
            LedgerUnavailable: the database is away.
        """
        rows = [_row(*opening) for opening in consent_terms]
        ids = [row["consent_id"] for row in rows]
        by_id = dict(zip(ids, rows, strict=True))
        with _writing(self._engine) as connection:
            for part in _parts(list(by_id)):
                asked = _SHOWN.where(_OPENINGS.c.consent_id.in_(part))
                for held in connection.execute(asked).all():
                    row = by_id.pop(held.consent_id)
                    if held.body is not None and _opening(held).terms is None:
                        self._update(connection, [held.consent_id], row)
            self._insert(connection, list(by_id.values()))
        return ids

    def find(self, consent_id: bytes) -> Terms | None:
        """Return the terms of a consent, or None: never put, erased, or damaged."""
        found = self._read(_OPENINGS.c.consent_id == consent_id)
        return next((opening.terms for opening in found), None)

    def of_subject(self, subject: bytes) -> dict[bytes, Terms | None]:
        """Return the terms of every consent of a subject by the consent's id."""
        found = self._read(_OPENINGS.c.subject == subject)
        return {opening.consent_id: opening.terms for opening in found}

    def erase(self, consent_id: bytes) -> None:
        """Remove terms and salt for good: what is left on the ledger says nothing any more."""
        with _writing(self._engine) as connection:
            self._update(connection, [consent_id], {"body": None, "salt": None})

    def erase_subject(self, subject: bytes) -> None:
        """Remove every opening of a subject for good."""
        with _writing(self._engine) as connection:
            asked = sa.select(_OPENINGS.c.consent_id).where(_OPENINGS.c.subject == subject)
            ids = [bytes(name) for name in connection.execute(asked).scalars()]
            for part in _parts(ids):
                self._update(connection, part, {"body": None, "salt": None})

    def generation(self) -> int:
        """Return a number that grows with every change by any process."""
        return next(iter(self._rows(sa.select(sa.func.max(_OPENINGS.c.generation)))))[0] or 0

    def load_since(self, generation: int) -> Iterator[tuple[int, StoredTerms]]:
        """Yield every opening changed after this generation, with its own, oldest first."""
        # What many patients signed alike is read once; kept no longer than this loading.
        read = lru_cache(_SHARED)(_texts)
        asked = _SHOWN.where(_OPENINGS.c.generation > generation)
        for row in self._rows(asked.order_by(_OPENINGS.c.generation)):
            yield row.generation, _opening(row, read)

    def _read(self, clause: sa.ColumnElement[bool]) -> Iterator[StoredTerms]:
        return map(_opening, self._rows(_SHOWN.where(clause)))

    def _rows(self, asked: sa.Select[*tuple[Any, ...]]) -> Iterator[Any]:
        try:
            with self._engine.connect() as connection:
                yield from connection.execution_options(yield_per=_ROWS_HELD).execute(asked)
        except sa.exc.SQLAlchemyError as error:
            raise LedgerUnavailable("the openings cannot be read now") from error

    def _insert(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        if rows:
            coming = _next_generation(connection)
            connection.execute(
                sa.insert(_OPENINGS), [{**row, "generation": coming} for row in rows]
            )

    def _update(
        self, connection: sa.Connection, ids: Sequence[bytes], values: dict[str, Any]
    ) -> None:
        changed = sa.update(_OPENINGS).where(_OPENINGS.c.consent_id.in_(ids))
        coming = _next_generation(connection)
        connection.execute(changed.values({**values, "generation": coming}))


@contextmanager
def _writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that no other writer overlaps: generations become visible in order."""
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE consent_openings IN EXCLUSIVE MODE"))
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise LedgerUnavailable("the openings cannot be written now") from error


def _next_generation(connection: sa.Connection) -> int:
    newest = connection.execute(sa.select(sa.func.max(_OPENINGS.c.generation))).scalar()
    return (newest or 0) + 1


def _row(subject: bytes, terms: Terms) -> dict[str, Any]:
    name = id_of(subject, terms_hash(require_terms(terms)))
    body = {name: getattr(terms, name) for name in _TEXTS}
    body["policy_hash"] = terms.policy_hash.hex()
    return {
        "consent_id": name,
        "subject": subject,
        "body": orjson.dumps(body),
        "salt": terms.salt,
    }


def _opening(row: Any, read: Callable[[bytes], dict[str, Any]] | None = None) -> StoredTerms:
    try:
        terms = Terms(**(read or _texts)(row.body), salt=row.salt)
        proved = id_of(row.subject, terms_hash(terms)) == row.consent_id
    except (AttributeError, ConsentError, KeyError, TypeError, ValueError):
        # One damaged row must not hide the others: its consent is unusable, and that is all.
        proved = False
    return StoredTerms(row.consent_id, row.subject, terms if proved else None)


def _texts(body: bytes) -> dict[str, Any]:
    held = orjson.loads(body)
    texts = {name: tuple(held[name]) if name in _LISTS else held[name] for name in _TEXTS}
    return {**texts, "policy_hash": bytes.fromhex(held["policy_hash"])}


def _parts(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
