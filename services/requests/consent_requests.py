"""The requests for consent that parties send to patients, and the answers."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from attrs import define

from consent import DAY_S
from services.chunks import chunks
from services.errors import NotFound
from services.tables import METADATA
from storage import RecordStore

WAITING: Final = "waiting"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
LAPSED: Final = "lapsed"
LAPSE_DAYS: Final = 30
COOLING_OFF_DAYS: Final = 180
"""After a refusal, the same party cannot send a request for so long."""
LABEL: Final = "draft"
NOTE_LABEL: Final = "request note"
MAX_LISTED: Final = 50

_BATCHES: Final = sa.Table(
    "web_askings",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("party", sa.String(128), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("note", sa.LargeBinary),
    sa.Column("note_about", sa.LargeBinary(32), index=True),
)
_REQUESTS: Final = sa.Table(
    "web_requests",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("asking", sa.String(32), sa.ForeignKey("web_askings.id"), nullable=False),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("subject", sa.LargeBinary(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("lapses_at_s", sa.BigInteger, nullable=False),
    sa.Column("answered_at_s", sa.BigInteger),
    sa.Column("consent", sa.LargeBinary(32)),
    sa.Column("draft", sa.LargeBinary),
    sa.Index("web_requests_of_subject", "subject", "at_s"),
    sa.Index("web_requests_of_asking", "asking", "state"),
    sa.Index("web_requests_of_party", "party", "subject"),
    sa.Index("web_requests_answered", "answered_at_s", "state"),
)


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """The terms that a party requests from patients.

    Attributes:
        party: the requester: ``study:…`` or ``organisation:…``.
        kind: ``study`` or ``care``: which sentences the page uses.
        purposes, categories: codes of the vocabulary.
        data_from, data_to: ISO dates, or "".
        days: how long the permission lasts.
        condition: its subject in patients' words.
        agreement: the title of the agreement, if the copy is a pseudonymised one; or "".
        agreement_ends_on: ISO date of its last day, or "".
        reason: what the person who asks for care tells the patient, in their own words; or "".
        until_s: the last second of the study, UTC; no permission outlasts it. 0: no such end.
        whole_records: True if that copy has whole records, not only the question's variables.
    """

    party: str
    kind: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    data_from: str
    data_to: str
    days: int
    condition: str
    wants_copy: bool = False
    reason: str = ""
    agreement: str = ""
    agreement_ends_on: str = ""
    until_s: int = 0
    whole_records: bool = False

    @property
    def copy_kind(self) -> str:
        """Which kind of copy: ``none``, ``anonymised``, ``pseudonymised`` or ``whole``."""
        if not self.wants_copy:
            return "none"
        kind = "whole" if self.whole_records else "pseudonymised"
        return kind if self.agreement else "anonymised"


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A request to one patient and its state; times are seconds UTC.

    `sent_by` is the account of the person who sent it.
    """

    id: str
    details: RequestDetails
    subject: bytes
    state: str
    sent_at_s: int
    lapses_at_s: int
    answered_at_s: int | None
    consent_id: bytes | None
    sent_by: str = ""

    @property
    def is_declined(self) -> bool:
        """True if the patient said no."""
        return self.state == DECLINED


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as its sender may see it: only a yes shows; a no looks like no answer.

    Attributes:
        details: what was asked for.
        note: what the sender keeps about it, such as the hospital number.
        state: ``accepted``, ``waiting`` or ``lapsed``.
        sent_at_s, lapses_at_s: seconds UTC.
        answered_at_s: when it was accepted; None before.
    """

    details: RequestDetails
    note: str
    state: str
    sent_at_s: int
    lapses_at_s: int
    answered_at_s: int | None


@define(eq=False, repr=False)
class ConsentRequests:
    """The rows of requests; each is answered once, and not after it has lapsed."""

    _engine: sa.Engine
    _store: RecordStore
    _clock: Callable[[], float]

    def send(
        self, details: RequestDetails, subjects: Sequence[bytes], by: str, note: str = ""
    ) -> int:
        """Send a request to each of these patients; return how many receive it.

        A patient with an unanswered request of the same party, who declined one in the last half
        year, or who has died, receives none. The note is kept, sealed, for the sender's own list.
        """
        deceased = self._store.find_deceased(subjects)
        batch, now_s, sent = secrets.token_hex(16), int(self._clock()), 0
        body = orjson.dumps({name: getattr(details, name) for name in RequestDetails.__slots__})
        head = {"id": batch, "party": details.party, "body": body, "by": by, "at_s": now_s}
        if note:
            head["note"] = self._store.seal_text(NOTE_LABEL, note, batch.encode())
            # An erasure finds the notes about a person by this, also of requests never received.
            head["note_about"] = self._note_about(subjects[0]) if subjects else None
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_BATCHES), head)
            for part in chunks(subjects):
                excluded = self._excluded(connection, details.party, part) | deceased
                rows = [
                    {
                        "id": secrets.token_hex(16),
                        "asking": batch,
                        "party": details.party,
                        "subject": subject,
                        "state": WAITING,
                        "at_s": now_s,
                        "lapses_at_s": _lapse_time(details, now_s),
                    }
                    for subject in dict.fromkeys(part)
                    if subject not in excluded
                ]
                if rows:
                    connection.execute(sa.insert(_REQUESTS), rows)
                sent += len(rows)
            if not sent and not note:  # else repeated requests to nobody would fill the disk
                connection.execute(sa.delete(_BATCHES).where(_BATCHES.c.id == batch))
        return sent

    def list_by_subject(self, subject: bytes) -> list[ConsentRequest]:
        """Return every request to a patient, the newest first."""
        return self._select(_REQUESTS.c.subject == subject)

    def list_waiting(self, subject: bytes) -> list[ConsentRequest]:
        """Return the unanswered requests to a patient, the newest first."""
        return [request for request in self.list_by_subject(subject) if request.state == WAITING]

    def get(self, subject: bytes, identity: str) -> ConsentRequest:
        """Return one of a patient's requests.

        Raises:
            NotFound: there is none of this id, or it is another patient's.
        """
        is_own = sa.and_(_REQUESTS.c.id == identity, _REQUESTS.c.subject == subject)
        requests = self._select(is_own)
        if not requests:
            raise NotFound
        return requests[0]

    def record_answer(
        self, request: ConsentRequest, state: str, consent_id: bytes | None = None
    ) -> bool:
        """Store the answer of a waiting request; False if it has been answered already.

        A permission counts also after a no: the patient signed it in another window, and the ledger
        has it. So the request says what is in force.
        """
        open_states = (WAITING, DECLINED) if state == ACCEPTED else (WAITING,)
        update = sa.update(_REQUESTS).where(
            _REQUESTS.c.id == request.id, _REQUESTS.c.state.in_(open_states)
        )
        now_s = int(self._clock())
        values = {"state": state, "answered_at_s": now_s, "consent": consent_id, "draft": None}
        with self._engine.begin() as connection:
            return bool(connection.execute(update.values(**values)).rowcount == 1)

    def reopen(self, request: ConsentRequest) -> bool:
        """Let a patient answer a declined request again; False if it is not one.

        As a new request, it waits for 30 days, at most until the end of the study.
        """
        update = sa.update(_REQUESTS).where(
            _REQUESTS.c.id == request.id, _REQUESTS.c.state == DECLINED
        )
        lapses_at_s = _lapse_time(request.details, int(self._clock()))
        values = {"state": WAITING, "answered_at_s": None, "lapses_at_s": lapses_at_s}
        with self._engine.begin() as connection:
            return bool(connection.execute(update.values(**values)).rowcount == 1)

    def save_draft(self, request: ConsentRequest, draft: dict[str, Any]) -> None:
        """Store the choices made so far, sealed, until the request is answered."""
        text = orjson.dumps(draft).decode()
        sealed = self._store.seal_text(LABEL, text, request.id.encode())
        update = sa.update(_REQUESTS).where(_REQUESTS.c.id == request.id)
        with self._engine.begin() as connection:
            connection.execute(update.values(draft=sealed))

    def load_draft(self, request: ConsentRequest) -> dict[str, Any]:
        """Return the choices made so far; empty if there are none."""
        query = sa.select(_REQUESTS.c.draft).where(_REQUESTS.c.id == request.id)
        with self._engine.connect() as connection:
            sealed = connection.scalar(query)
        if sealed is None:
            return {}
        draft: dict[str, Any] = orjson.loads(
            self._store.open_text(LABEL, bytes(sealed), request.id.encode())
        )
        return draft

    def list_sent(self, party: str, by: str) -> list[SentRequest]:
        """Return the newest fifty requests that one account of a party sent with a note."""
        is_accepted = sa.and_(_REQUESTS.c.asking == _BATCHES.c.id, _REQUESTS.c.state == ACCEPTED)
        query = sa.select(_BATCHES, _REQUESTS.c.answered_at_s)
        query = query.select_from(_BATCHES.outerjoin(_REQUESTS, is_accepted)).where(
            _BATCHES.c.party == party, _BATCHES.c.by == by, _BATCHES.c.note.is_not(None)
        )
        query = query.order_by(_BATCHES.c.at_s.desc(), _BATCHES.c.id).limit(MAX_LISTED)
        with self._engine.connect() as connection:
            return [self._sent(row) for row in connection.execute(query)]

    def _note_about(self, subject: bytes) -> bytes:
        return self._store.pseudonyms(NOTE_LABEL)(subject)

    def _sent(self, row: Any) -> SentRequest:
        lapses_at_s = row.at_s + LAPSE_DAYS * DAY_S
        waits = WAITING if self._clock() < lapses_at_s else LAPSED
        return SentRequest(
            details=_details(row.body),
            note=self._store.open_text(NOTE_LABEL, bytes(row.note), row.id.encode()),
            state=waits if row.answered_at_s is None else ACCEPTED,
            sent_at_s=row.at_s,
            lapses_at_s=lapses_at_s,
            answered_at_s=row.answered_at_s,
        )

    def close_subject(self, subject: bytes) -> None:
        """Delete a patient's drafts and notes about them; what waits for an answer lapses now."""
        is_theirs, now_s = _REQUESTS.c.subject == subject, int(self._clock())
        has_time = (_REQUESTS.c.state == WAITING) & (_REQUESTS.c.lapses_at_s > now_s)
        with self._engine.begin() as connection:
            connection.execute(sa.update(_REQUESTS).where(is_theirs).values(draft=None))
            is_about = _BATCHES.c.note_about == self._note_about(subject)
            connection.execute(sa.update(_BATCHES).where(is_about).values(note=None))
            connection.execute(
                sa.update(_REQUESTS).where(is_theirs, has_time).values(lapses_at_s=now_s)
            )

    def count_by_state(self, party: str) -> dict[str, int]:
        """Return how many people a party sent requests to, by state; each person once.

        A person's newest request counts.
        """
        counts = dict.fromkeys((ACCEPTED, DECLINED, WAITING, LAPSED), 0)
        return counts | Counter(self.list_states(party).values())

    def list_states(self, party: str) -> dict[bytes, str]:
        """Return the state of the newest request of a party to each subject who got any."""
        now_s = int(self._clock())
        newest = (
            sa.select(sa.func.max(_REQUESTS.c.at_s).label("at_s"), _REQUESTS.c.subject)
            .where(_REQUESTS.c.party == party)
            .group_by(_REQUESTS.c.subject)
            .subquery()
        )
        is_newest = sa.and_(
            newest.c.subject == _REQUESTS.c.subject,
            newest.c.at_s == _REQUESTS.c.at_s,
            _REQUESTS.c.party == party,
        )
        has_lapsed = sa.and_(_REQUESTS.c.state == WAITING, _REQUESTS.c.lapses_at_s <= now_s)
        state = sa.case((has_lapsed, LAPSED), else_=_REQUESTS.c.state)
        query = sa.select(_REQUESTS.c.subject, state.label("state"))
        query = query.select_from(_REQUESTS.join(newest, is_newest))
        with self._engine.connect() as connection:
            return {bytes(row.subject): row.state for row in connection.execute(query)}

    def count_answers_since(self, at_s: int) -> dict[str, int]:
        """Return how many requests were accepted, and how many declined, since then."""
        query = sa.select(_REQUESTS.c.state, sa.func.count()).where(
            _REQUESTS.c.answered_at_s >= at_s
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.group_by(_REQUESTS.c.state))
            return {state: count for state, count in rows}

    def _excluded(
        self, connection: sa.Connection, party: str, subjects: Sequence[bytes]
    ) -> set[bytes]:
        now_s = int(self._clock())
        is_unanswered = sa.and_(_REQUESTS.c.state == WAITING, _REQUESTS.c.lapses_at_s > now_s)
        has_declined = sa.and_(
            _REQUESTS.c.state == DECLINED,
            _REQUESTS.c.answered_at_s > now_s - COOLING_OFF_DAYS * DAY_S,
        )
        query = sa.select(_REQUESTS.c.subject).where(
            _REQUESTS.c.party == party,
            _REQUESTS.c.subject.in_(subjects),
            sa.or_(is_unanswered, has_declined),
        )
        return {bytes(row.subject) for row in connection.execute(query)}

    def _select(self, condition: Any) -> list[ConsentRequest]:
        joined = _REQUESTS.join(_BATCHES, _REQUESTS.c.asking == _BATCHES.c.id)
        query = (
            sa.select(_REQUESTS, _BATCHES.c.body, _BATCHES.c.by)
            .select_from(joined)
            .where(condition)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_REQUESTS.c.at_s.desc(), _REQUESTS.c.id))
            return [_request(row, self._clock()) for row in rows]


def _lapse_time(details: RequestDetails, now_s: int) -> int:
    """Return until when a request waits: a permission that is signed later would have ended."""
    lapses_at_s = now_s + LAPSE_DAYS * DAY_S
    return min(lapses_at_s, details.until_s) if details.until_s else lapses_at_s


def _details(stored: bytes) -> RequestDetails:
    body = orjson.loads(stored)
    lists = {name: tuple(body[name]) for name in ("purposes", "categories")}
    return RequestDetails(**(body | lists))


def _request(row: Any, now_s: float) -> ConsentRequest:
    has_lapsed = row.state == WAITING and row.lapses_at_s <= now_s
    return ConsentRequest(
        id=row.id,
        details=_details(row.body),
        subject=bytes(row.subject),
        state=LAPSED if has_lapsed else row.state,
        sent_at_s=row.at_s,
        lapses_at_s=row.lapses_at_s,
        answered_at_s=row.answered_at_s,
        consent_id=bytes(row.consent) if row.consent else None,
        sent_by=row.by,
    )
