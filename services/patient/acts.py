"""Stores what patients did, and the answers they got: kinds, parties and times; no content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.tables import METADATA

GRANTED: Final = "granted"
DECLINED: Final = "declined"
RECONSIDERED: Final = "reconsidered"
WITHDRAWN: Final = "withdrawn"
STOPPED: Final = "stopped"
RESEARCH_OFF: Final = "research-off"
RESEARCH_ON: Final = "research-on"
KEY_ADDED: Final = "key-added"
KEY_REMOVED: Final = "key-removed"
KEY_REFUSED: Final = "key-refused"
KEY_RECOVERED: Final = "key-recovered"
QUESTION_SENT: Final = "asked"
CORRECTION_ASKED: Final = "correction-asked"
GOT_ANSWER: Final = "got-answer"
GOT_CORRECTION: Final = "got-correction"
GOT_REFUSAL: Final = "got-refusal"
MESSAGES: Final = frozenset(
    {QUESTION_SENT, CORRECTION_ASKED, GOT_ANSWER, GOT_CORRECTION, GOT_REFUSAL}
)
"""What passes between patient and custodian; the page with the messages has the texts."""
MAX_ACTS: Final = 1_000
"""How many acts one query returns; a patient signs each of them with a device."""

_ACTS: Final = sa.Table(
    "web_patient_acts",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("subject", sa.LargeBinary(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("consent", sa.LargeBinary(32)),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Index("web_patient_acts_of_subject", "subject", "at_s"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAct:
    """One act.

    Attributes:
        id: of the signature or the request that it belongs to; an act is stored once.
        kind: ``granted``, ``declined``, ``withdrawn``, ``stopped``, …, as the constants say.
        party: whom it is about; "" if it is about nobody.
        consent_id: the permission that began or ended; None if there is none.
    """

    id: str
    kind: str
    party: str
    consent_id: bytes | None
    at_s: int


class PatientActs:
    """The rows of all acts; the ledger has the signed ones too, without a time of its own."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(
        self,
        subject: bytes,
        act_id: str,
        kind: str,
        *,
        party: str = "",
        consent_id: bytes | None = None,
    ) -> None:
        """Store an act that happened now; the same id again changes nothing.

        Nor does another withdrawal of one consent: it ended with the first.
        """
        row = {
            "id": act_id,
            "subject": subject,
            "kind": kind,
            "party": party,
            "consent": consent_id,
            "at_s": int(self._clock()),
        }
        is_known = _ACTS.c.id == act_id
        if kind == WITHDRAWN and consent_id is not None:
            is_own = sa.and_(_ACTS.c.subject == subject, _ACTS.c.kind == WITHDRAWN)
            is_known |= sa.and_(is_own, _ACTS.c.consent == consent_id)
        query = sa.select(_ACTS.c.id).where(is_known).limit(1)
        with self._engine.begin() as connection:
            if connection.scalar(query) is None:
                connection.execute(sa.insert(_ACTS), row)

    def list_between(self, subject: bytes, after_s: float, until_s: float) -> list[PatientAct]:
        """Return a patient's acts with ``after_s < at_s <= until_s``, the newest first."""
        query = sa.select(_ACTS).where(
            _ACTS.c.subject == subject, _ACTS.c.at_s > after_s, _ACTS.c.at_s <= until_s
        )
        ordered = query.order_by(_ACTS.c.at_s.desc(), _ACTS.c.id).limit(MAX_ACTS)
        with self._engine.connect() as connection:
            return [
                PatientAct(
                    id=row.id,
                    kind=row.kind,
                    party=row.party,
                    consent_id=bytes(row.consent) if row.consent else None,
                    at_s=row.at_s,
                )
                for row in connection.execute(ordered)
            ]

    def withdrawal_times(self, subject: bytes) -> dict[bytes, int]:
        """Return when the patient withdrew each consent here, seconds UTC, by consent id."""
        query = sa.select(_ACTS.c.consent, _ACTS.c.at_s).where(
            _ACTS.c.subject == subject, _ACTS.c.kind == WITHDRAWN, _ACTS.c.consent.is_not(None)
        )
        with self._engine.connect() as connection:
            return {bytes(row.consent): int(row.at_s) for row in connection.execute(query)}

    def stop_times(self, subject: bytes) -> list[int]:
        """Return when the patient stopped everything here, seconds UTC, oldest first."""
        query = sa.select(_ACTS.c.at_s).where(_ACTS.c.subject == subject, _ACTS.c.kind == STOPPED)
        with self._engine.connect() as connection:
            return [int(at_s) for at_s in connection.scalars(query.order_by(_ACTS.c.at_s))]
