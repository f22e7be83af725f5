"""Stores patients' requests to be erased, the custodian's decision, and the signed receipt."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from services.errors import NotFound
from services.tables import METADATA
from storage import Receipt

REQUESTED: Final = "requested"
APPROVED: Final = "approved"
REFUSED: Final = "refused"
ERASED: Final = "erased"
OPEN: Final = frozenset({REQUESTED, APPROVED})
MAX_LISTED: Final = 200

_ERASURES: Final = sa.Table(
    "web_erasures",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    # The subject while the request is open, so that a person has one open request at most.
    sa.Column("open_subject", sa.LargeBinary(32), unique=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("requested_by", sa.String(64), nullable=False),
    sa.Column("requested_at_s", sa.BigInteger, nullable=False),
    sa.Column("decided_by", sa.String(64)),
    sa.Column("decided_at_s", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("receipt", sa.LargeBinary),
)


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """One request to erase a patient; times are seconds UTC.

    Attributes:
        state: requested, approved (a job erases), refused, or erased.
        requested_by: ``patient``, or the account or token of the custodian that recorded it.
        reason: why it was refused, in the custodian's words.
        receipt: signed when everything was erased.
    """

    id: str
    subject: bytes
    state: str
    requested_by: str
    requested_at_s: int
    decided_at_s: int | None
    reason: str
    receipt: Receipt | None

    @property
    def is_open(self) -> bool:
        """True until it is refused or done."""
        return self.state in OPEN


class ErasureRequests:
    """The rows of requests to be erased; a patient has one open request at most."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, subject: bytes, requested_by: str) -> ErasureRequest:
        """Return the patient's open request; a new one if there is none."""
        row = {
            "id": secrets.token_hex(16),
            "subject": subject,
            "open_subject": subject,
            "state": REQUESTED,
            "requested_by": requested_by,
            "requested_at_s": int(self._clock()),
            "reason": "",
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_ERASURES), row)
        except sa.exc.IntegrityError:
            newest = self.find_newest(subject)
            if newest is None or not newest.is_open:  # it was closed at this moment
                return self.add(subject, requested_by)
            return newest
        return self.get(str(row["id"]))

    def get(self, identity: str) -> ErasureRequest:
        """Return a request.

        Raises:
            NotFound: there is none of this id.
        """
        requests = self._select(_ERASURES.c.id == identity, 1)
        if not requests:
            raise NotFound
        return requests[0]

    def find_newest(self, subject: bytes) -> ErasureRequest | None:
        """Return a patient's newest request, or None."""
        requests = self._select(_ERASURES.c.subject == subject, 1)
        return requests[0] if requests else None

    def is_decided(self, subject: bytes) -> bool:
        """Return whether an erasure of a patient is approved or done."""
        newest = self.find_newest(subject)
        return newest is not None and newest.state in (APPROVED, ERASED)

    def list_newest(self) -> list[ErasureRequest]:
        """Return the newest 200 requests, the open ones first."""
        requests = self._select(sa.true(), MAX_LISTED)
        return sorted(requests, key=lambda request: not request.is_open)

    def count_waiting(self) -> int:
        """Return how many requests wait for the custodian's decision."""
        query = sa.select(sa.func.count()).where(_ERASURES.c.state == REQUESTED)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def approve(self, identity: str, by: str) -> None:
        """Store that a waiting request is carried out; a decided one stays as it is."""
        self._decide(identity, {"state": APPROVED, "decided_by": by})

    def refuse(self, identity: str, by: str, reason: str) -> None:
        """Store why a waiting request is refused; a decided one stays as it is."""
        values = {"state": REFUSED, "decided_by": by, "reason": reason, "open_subject": None}
        self._decide(identity, values)

    def _decide(self, identity: str, values: dict[str, Any]) -> None:
        is_waiting = (_ERASURES.c.id == identity) & (_ERASURES.c.state == REQUESTED)
        change = sa.update(_ERASURES).where(is_waiting)
        with self._engine.begin() as connection:
            connection.execute(change.values(**values, decided_at_s=int(self._clock())))

    def finish(self, identity: str, receipt: Receipt) -> None:
        """Store the receipt of an approved request that was carried out."""
        is_approved = (_ERASURES.c.id == identity) & (_ERASURES.c.state == APPROVED)
        values = {"receipt": orjson.dumps(receipt.document()), "open_subject": None}
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(_ERASURES).where(is_approved).values(state=ERASED, **values)
            )

    def _select(self, condition: sa.ColumnElement[bool], limit: int) -> list[ErasureRequest]:
        query = sa.select(_ERASURES).where(condition)
        newest = query.order_by(_ERASURES.c.requested_at_s.desc(), _ERASURES.c.id).limit(limit)
        with self._engine.connect() as connection:
            return [_request(row) for row in connection.execute(newest)]


def _request(row: Any) -> ErasureRequest:
    document = orjson.loads(row.receipt) if row.receipt else None
    return ErasureRequest(
        id=row.id,
        subject=bytes(row.subject),
        state=row.state,
        requested_by=row.requested_by,
        requested_at_s=row.requested_at_s,
        decided_at_s=row.decided_at_s,
        reason=row.reason,
        receipt=Receipt.from_document(document) if document else None,
    )
