"""Stores the predictions that clinicians requested, sealed, and what they decided with each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from attrs import define

from consent import read_rows
from services.chunks import chunks
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "answer"
AGREE: Final = "agree"
DISAGREE: Final = "disagree"
UNUSED: Final = "unused"
CHOICES: Final = (AGREE, DISAGREE, UNUSED)
MAX_LISTED: Final = 50
_ROWS_AT_ONCE: Final = 1_000

_PREDICTIONS: Final = sa.Table(
    "web_diagnoses",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("party", sa.String(128), nullable=False, index=True),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("reason", sa.LargeBinary),
    sa.Column("decided_at_s", sa.BigInteger),
)

# Made once: each answer uses them, and making a statement costs more than running it.
_INSERT: Final = sa.insert(_PREDICTIONS)
_FIND: Final = sa.select(_PREDICTIONS).where(
    _PREDICTIONS.c.id == sa.bindparam("identity"),
    _PREDICTIONS.c.party == sa.bindparam("of_party"),
)


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """One prediction as it was shown; `decision` is "" until the clinician has decided."""

    id: str
    party: str
    subject: bytes
    body: dict[str, Any]
    at_s: int
    decision: str
    reason: str
    decided_at_s: int | None


@define(eq=False, repr=False)
class StoredPredictions:
    """The rows of predictions; the values shown and the clinician's reason are sealed."""

    _engine: sa.Engine
    _store: RecordStore
    _clock: Callable[[], float]

    def add(
        self, party: str, account: str, subject: bytes, body: dict[str, Any]
    ) -> StoredPrediction:
        """Store a prediction and return it as `find` would."""
        identity, content = secrets.token_hex(16), orjson.dumps(body)
        sealed = self._store.seal_text(LABEL, content.decode(), identity.encode())
        row: dict[str, Any] = {
            "id": identity,
            "party": party,
            "account": account,
            "subject": subject,
            "body": sealed,
            "at_s": int(self._clock()),
            "decision": "",
        }
        with self._engine.begin() as connection:
            connection.execute(_INSERT, row)
        return StoredPrediction(
            id=identity,
            party=party,
            subject=subject,
            body=orjson.loads(content),
            at_s=row["at_s"],
            decision="",
            reason="",
            decided_at_s=None,
        )

    def find(self, party: str, identity: str) -> StoredPrediction | None:
        """Return a prediction that this organisation requested; None if there is none."""
        rows = read_rows(self._engine, _FIND, {"identity": identity, "of_party": party})
        return self._opened(rows[0]) if rows else None

    def list_newest(
        self, party: str, *, account: str = "", subject: bytes | None = None
    ) -> list[StoredPrediction]:
        """Return the newest fifty predictions of an organisation, of one account or one patient."""
        query = sa.select(_PREDICTIONS).where(_PREDICTIONS.c.party == party)
        if account:
            query = query.where(_PREDICTIONS.c.account == account)
        if subject is not None:
            query = query.where(_PREDICTIONS.c.subject == subject)
        query = query.order_by(_PREDICTIONS.c.at_s.desc(), _PREDICTIONS.c.id).limit(MAX_LISTED)
        with self._engine.connect() as connection:
            return [self._opened(row) for row in connection.execute(query)]

    def newest_times(self, party: str, subjects: Sequence[bytes]) -> dict[bytes, int]:
        """Return when the newest prediction about each of these patients was made, if any."""
        newest = sa.func.max(_PREDICTIONS.c.at_s).label("at_s")
        query = sa.select(_PREDICTIONS.c.subject, newest).where(
            _PREDICTIONS.c.party == party, _PREDICTIONS.c.subject.in_(subjects)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.group_by(_PREDICTIONS.c.subject))
            return {bytes(row.subject): row.at_s for row in rows}

    def subjects_since(self, party: str, account: str, at_s: int) -> set[bytes]:
        """Return the patients about whom an account made a prediction since then (seconds UTC)."""
        query = (
            sa.select(_PREDICTIONS.c.subject)
            .distinct()
            .where(
                _PREDICTIONS.c.party == party,
                _PREDICTIONS.c.account == account,
                _PREDICTIONS.c.at_s >= at_s,
            )
        )
        with self._engine.connect() as connection:
            return {bytes(subject) for subject in connection.scalars(query)}

    def count_since(self, at_s: int) -> int:
        """Return how many predictions were made since then (seconds UTC)."""
        query = sa.select(sa.func.count()).where(_PREDICTIONS.c.at_s >= at_s)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def read_since(self, at_s: int) -> Iterator[StoredPrediction]:
        """Yield every prediction since then (seconds UTC), of any organisation, oldest first.

        Few are in memory at once: a program can request hundreds of thousands a day.
        """
        last = at_s, ""
        while True:
            is_later = sa.tuple_(_PREDICTIONS.c.at_s, _PREDICTIONS.c.id) > sa.tuple_(*last)
            query = sa.select(_PREDICTIONS).where(is_later).limit(_ROWS_AT_ONCE)
            with self._engine.connect() as connection:
                rows = connection.execute(
                    query.order_by(_PREDICTIONS.c.at_s, _PREDICTIONS.c.id)
                ).all()
            yield from map(self._opened, rows)
            if len(rows) < _ROWS_AT_ONCE:
                return
            last = rows[-1].at_s, rows[-1].id

    def read_of_person(self, subject: bytes) -> Iterator[StoredPrediction]:
        """Yield every prediction about a patient, of any organisation, under any number.

        Numbers that were linked once count too: a prediction rests on the records of all of them.
        Few are in memory at once, as in `read_since`.
        """
        group = self._store.links.groups([subject], ever=True).get(subject, (subject,))
        return self._read(group)

    def _read(self, subjects: Iterable[bytes]) -> Iterator[StoredPrediction]:
        query = sa.select(_PREDICTIONS.c.id).where(_PREDICTIONS.c.subject.in_(list(subjects)))
        with self._engine.connect() as connection:
            identities = connection.scalars(query).all()
        for part in chunks(identities):
            rows = sa.select(_PREDICTIONS).where(_PREDICTIONS.c.id.in_(part))
            with self._engine.connect() as connection:
                read = connection.execute(rows).all()
            yield from map(self._opened, read)

    def erase(self, identities: Sequence[str]) -> None:
        """Delete these predictions, with the values they show and the decisions on them."""
        for part in chunks(identities):
            self._delete(_PREDICTIONS.c.id.in_(part))

    def erase_subject(self, subject: bytes) -> None:
        """Delete every prediction about a patient, and all that rest on the patient's records."""
        group = self._store.links.groups([subject], ever=True).get(subject, ())
        others = [other for other in group if other != subject]
        staying = {e.record_id.hex() for other in others for e in self._store.records_of(other)}
        resting = [p.id for p in self._read(others) if not staying.issuperset(p.body["records"])]
        self.erase(resting)
        self._delete(_PREDICTIONS.c.subject == subject)

    def erase_resting_on(self, record_id: str, subject: bytes) -> None:
        """Delete the predictions that rest on a record, which was filed under this patient."""
        predictions = self.read_of_person(subject)
        self.erase([each.id for each in predictions if record_id in each.body["records"]])

    def _delete(self, condition: sa.ColumnElement[bool]) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_PREDICTIONS).where(condition))

    def _opened(self, row: Any) -> StoredPrediction:
        about = row.id.encode()
        return StoredPrediction(
            id=row.id,
            party=row.party,
            subject=bytes(row.subject),
            body=orjson.loads(self._store.open_text(LABEL, bytes(row.body), about)),
            at_s=row.at_s,
            decision=row.decision,
            reason=self._store.open_text(LABEL, bytes(row.reason), about) if row.reason else "",
            decided_at_s=row.decided_at_s,
        )

    def decide(self, party: str, identity: str, decision: str, reason: str) -> None:
        """Store what was decided with a prediction; a later decision replaces it."""
        sealed = self._store.seal_text(LABEL, reason, identity.encode()) if reason else None
        update = sa.update(_PREDICTIONS).where(
            _PREDICTIONS.c.id == identity, _PREDICTIONS.c.party == party
        )
        values = {"decision": decision, "reason": sealed, "decided_at_s": int(self._clock())}
        with self._engine.begin() as connection:
            connection.execute(update.values(**values))
