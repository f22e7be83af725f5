"""Stores the terms and salts behind the ledger's commitments (the openings)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

import orjson
import sqlalchemy as sa

from consent.errors import ConsentError, LedgerUnavailable
from consent.short_reads import read_rows
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
"""A consent's row is never deleted: an erased one keeps its id, so that its terms cannot be put
back. Only the terms of a grant that the contract refused are deleted."""

# Raw values: a type that converts would fail on the first damaged value, for all rows.
_RAW_ROWS: Final = sa.select(
    *(sa.type_coerce(column, sa.types.NULLTYPE).label(column.name) for column in _OPENINGS.c)
)
# Made once: each decision on a few records reads the terms of a subject.
_OF_SUBJECT: Final = _RAW_ROWS.where(_OPENINGS.c.subject == sa.bindparam("of_subject"))
_NEWEST: Final = sa.select(sa.func.max(_OPENINGS.c.generation))
_ERASED: Final = {"body": None, "salt": None}

_TEXTS: Final = tuple(f.name for f in fields(Terms) if f.name not in ("policy_hash", "salt"))
_LISTS: Final = frozenset({"purposes", "categories", "records", "obligations"})
_IDS_PER_QUERY: Final = 1_000
_MAX_SHARED: Final = 4_096
_ROWS_PER_FETCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class StoredTerms:
    """What is stored of a consent's terms; None: erased, or not what the commitment says."""

    consent_id: bytes
    subject: bytes
    terms: Terms | None


class ConsentTermsStore:
    """The terms of consents; each is proved against its commitment whenever it is read."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(self, subject: bytes, terms: Terms) -> bytes:
        """Store the terms of one consent and return its id."""
        return self.put_many([(subject, terms)])[0]

    def put_many(self, consents: Sequence[tuple[bytes, Terms]]) -> list[bytes]:
        """Store terms by subject, all or none, and return the consents' ids; thousands are fine.

        Rows that exist stay, are repaired where damaged, and stay erased where erased.

        Raises:
            UnknownCode, TermsInvalid: terms that cannot be signed; nothing is stored.
            LedgerUnavailable: the database is unavailable.
        """
        rows = [_row(subject, terms) for subject, terms in consents]
        ids = [row["consent_id"] for row in rows]
        new = dict(zip(ids, rows, strict=True))
        with _writing(self._engine) as connection:
            for part in _parts(list(new)):
                query = _RAW_ROWS.where(_OPENINGS.c.consent_id.in_(part))
                for stored in connection.execute(query).all():
                    row = new.pop(stored.consent_id)
                    if stored.body is not None and _read_row(stored).terms is None:
                        self._update(connection, [stored.consent_id], row)
            self._insert(connection, list(new.values()))
        return ids

    def find(self, consent_id: bytes) -> Terms | None:
        """Return the terms of a consent, or None: never stored, erased, or damaged."""
        stored = map(_read_row, self._rows(_RAW_ROWS.where(_OPENINGS.c.consent_id == consent_id)))
        return next((item.terms for item in stored), None)

    def of_subject(self, subject: bytes) -> dict[bytes, Terms | None]:
        """Return the terms of every consent of a subject by the consent's id."""
        with _reading():
            rows = read_rows(self._engine, _OF_SUBJECT, {"of_subject": subject})
        return {item.consent_id: item.terms for item in map(_read_row, rows)}

    def forget(self, consent_ids: Sequence[bytes]) -> None:
        """Delete the terms of consents that never came to be; they may be stored again later."""
        with _writing(self._engine) as connection:
            for part in _parts(list(consent_ids)):
                connection.execute(sa.delete(_OPENINGS).where(_OPENINGS.c.consent_id.in_(part)))

    def erase(self, consent_id: bytes) -> None:
        """Delete terms and salt permanently: the commitment on the ledger then reveals nothing."""
        with _writing(self._engine) as connection:
            self._update(connection, [consent_id], _ERASED)

    def erase_subject(self, subject: bytes) -> None:
        """Delete the terms and salts of every consent of a subject permanently."""
        with _writing(self._engine) as connection:
            query = sa.select(_OPENINGS.c.consent_id).where(_OPENINGS.c.subject == subject)
            ids = [bytes(name) for name in connection.execute(query).scalars()]
            for part in _parts(ids):
                self._update(connection, part, _ERASED)

    def generation(self) -> int:
        """Return a number that grows with every change by any process."""
        with _reading():
            ((newest,),) = read_rows(self._engine, _NEWEST)
        return newest or 0

    def load_since(self, generation: int) -> Iterator[tuple[int, StoredTerms]]:
        """Yield everything changed after this generation, with its own, oldest first."""
        # Terms that many patients signed alike are parsed once; cached for this loading only.
        parse = lru_cache(_MAX_SHARED)(_parse_body)
        query = _RAW_ROWS.where(_OPENINGS.c.generation > generation)
        for row in self._rows(query.order_by(_OPENINGS.c.generation)):
            yield row.generation, _read_row(row, parse)

    def _rows(self, query: sa.Select[*tuple[Any, ...]]) -> Iterator[Any]:
        with _reading(), self._engine.connect() as connection:
            paged = connection.execution_options(yield_per=_ROWS_PER_FETCH)
            yield from paged.execute(query)

    def _insert(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        if rows:
            generation = _next_generation(connection)
            connection.execute(
                sa.insert(_OPENINGS), [{**row, "generation": generation} for row in rows]
            )

    def _update(
        self, connection: sa.Connection, ids: Sequence[bytes], values: dict[str, Any]
    ) -> None:
        update = sa.update(_OPENINGS).where(_OPENINGS.c.consent_id.in_(ids))
        generation = _next_generation(connection)
        connection.execute(update.values({**values, "generation": generation}))


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise LedgerUnavailable("consent terms cannot be read: database error") from error


@contextmanager
def _writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that no other writer overlaps: generations become visible in order."""
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE consent_openings IN EXCLUSIVE MODE"))
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise LedgerUnavailable("consent terms cannot be written: database error") from error


def _next_generation(connection: sa.Connection) -> int:
    newest = connection.execute(sa.select(sa.func.max(_OPENINGS.c.generation))).scalar()
    return (newest or 0) + 1


def _row(subject: bytes, terms: Terms) -> dict[str, Any]:
    body = {name: getattr(terms, name) for name in _TEXTS}
    body["policy_hash"] = terms.policy_hash.hex()
    return {
        "consent_id": id_of(subject, terms_hash(require_terms(terms))),
        "subject": subject,
        "body": orjson.dumps(body),
        "salt": terms.salt,
    }


def _read_row(row: Any, parse: Callable[[bytes], dict[str, Any]] | None = None) -> StoredTerms:
    try:
        terms = Terms(**(parse or _parse_body)(row.body), salt=row.salt)
        is_proved = id_of(row.subject, terms_hash(terms)) == row.consent_id
    except (AttributeError, ConsentError, KeyError, TypeError, ValueError):
        # One damaged row must not hide the others: only its own consent is unusable.
        is_proved = False
    return StoredTerms(row.consent_id, row.subject, terms if is_proved else None)


def _parse_body(body: bytes) -> dict[str, Any]:
    values = orjson.loads(body)
    texts = {name: tuple(values[name]) if name in _LISTS else values[name] for name in _TEXTS}
    return {**texts, "policy_hash": bytes.fromhex(values["policy_hash"])}


def _parts(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (ids[at : at + _IDS_PER_QUERY] for at in range(0, len(ids), _IDS_PER_QUERY))
