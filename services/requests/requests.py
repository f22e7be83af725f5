"""Keeps what patients are asked, and what they said: who, what for, which records, how long."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from services.errors import NotFound
from services.tables import METADATA
from storage import RecordStore

WAITING: Final = "waiting"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
LAPSED: Final = "lapsed"
DAY_S: Final = 86_400
LAPSE_DAYS: Final = 30
QUIET_DAYS: Final = 180
"""Who said no is not asked the same by the same for so long."""
AT_ONCE: Final = 500
LABEL: Final = "draft"

_ASKINGS: Final = sa.Table(
    "web_askings",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("party", sa.String(128), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
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
)


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """What a party asks patients for.

    Attributes:
        party: who asks: ``study:…`` or ``organisation:…``.
        kind: ``study`` or ``care``: which sentences the page uses.
        purposes, categories: codes of the vocabulary.
        data_from, data_to: ISO dates, or "".
        days: how long the permission lasts.
        condition: what it is about, in patients' words.
        wants_copy: True if it also asks to download a copy.
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


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """One question to one patient, and how it stands; times are seconds UTC."""

    id: str
    asking: str
    wanted: RequestDetails
    subject: bytes
    state: str
    at_s: int
    lapses_at_s: int
    answered_at_s: int | None
    consent_id: bytes | None


class Requests:
    """The rows of requests; an answer is given once, and a request that lapsed takes none."""

    def __init__(self, engine: sa.Engine, store: RecordStore, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    def send(self, wanted: RequestDetails, subjects: Sequence[bytes], by: str) -> tuple[str, int]:
        """Ask every one of these; return the asking's id and how many are asked now.

        Whoever has not answered the same party yet, or said no less than half a year ago, is not
        asked again.
        """
        asking, now_s, sent = secrets.token_hex(16), int(self._clock()), 0
        body = orjson.dumps({name: getattr(wanted, name) for name in RequestDetails.__slots__})
        head = {"id": asking, "party": wanted.party, "body": body, "by": by, "at_s": now_s}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_ASKINGS), head)
            for start in range(0, len(subjects), AT_ONCE):
                part = subjects[start : start + AT_ONCE]
                quiet = self._quiet(connection, wanted, part)
                rows = [
                    {
                        "id": secrets.token_hex(16),
                        "asking": asking,
                        "party": wanted.party,
                        "subject": one,
                        "state": WAITING,
                        "at_s": now_s,
                        "lapses_at_s": now_s + LAPSE_DAYS * DAY_S,
                    }
                    for one in dict.fromkeys(part)
                    if one not in quiet
                ]
                if rows:
                    connection.execute(sa.insert(_REQUESTS), rows)
                sent += len(rows)
        return asking, sent

    def of_subject(self, subject: bytes) -> list[ConsentRequest]:
        """Return every request to a patient, the newest first."""
        return self._where(_REQUESTS.c.subject == subject)

    def waiting(self, subject: bytes) -> list[ConsentRequest]:
        """Return the requests that wait for a patient's answer, the newest first."""
        return [one for one in self.of_subject(subject) if one.state == WAITING]

    def get(self, subject: bytes, identity: str) -> ConsentRequest:
        """Return one of a patient's requests.

        Raises:
            NotFound: there is none of this id, or it is another's.
        """
        found = self._where(sa.and_(_REQUESTS.c.id == identity, _REQUESTS.c.subject == subject))
        if not found:
            raise NotFound
        return found[0]

    def of_consent(self, subject: bytes, consent_id: bytes) -> ConsentRequest | None:
        """Return the request that a patient answered with this consent."""
        mine = sa.and_(_REQUESTS.c.subject == subject, _REQUESTS.c.consent == consent_id)
        found = self._where(mine)
        return found[0] if found else None

    def answer(self, request: ConsentRequest, state: str, consent_id: bytes | None = None) -> bool:
        """Write down the answer of a request that waits; False if it has one already."""
        mine = sa.update(_REQUESTS).where(
            _REQUESTS.c.id == request.id, _REQUESTS.c.state == WAITING
        )
        now_s = int(self._clock())
        values = {"state": state, "answered_at_s": now_s, "consent": consent_id, "draft": None}
        with self._engine.begin() as connection:
            return bool(connection.execute(mine.values(**values)).rowcount == 1)

    def keep_draft(self, request: ConsentRequest, draft: dict[str, Any]) -> None:
        """Keep what was chosen so far, sealed, until the request is answered."""
        text = orjson.dumps(draft).decode()
        sealed = self._store.seal_text(LABEL, text, request.id.encode())
        mine = sa.update(_REQUESTS).where(_REQUESTS.c.id == request.id)
        with self._engine.begin() as connection:
            connection.execute(mine.values(draft=sealed))

    def draft(self, request: ConsentRequest) -> dict[str, Any]:
        """Return what was chosen so far; nothing at first."""
        asked = sa.select(_REQUESTS.c.draft).where(_REQUESTS.c.id == request.id)
        with self._engine.connect() as connection:
            sealed = connection.scalar(asked)
        if sealed is None:
            return {}
        told = self._store.open_text(LABEL, bytes(sealed), request.id.encode())
        held: dict[str, Any] = orjson.loads(told)
        return held

    def counts(self, party: str) -> dict[str, int]:
        """Return how many people a party has asked, by what became of it; each person once."""
        now_s = int(self._clock())
        newest = (
            sa.select(sa.func.max(_REQUESTS.c.at_s).label("at_s"), _REQUESTS.c.subject)
            .where(_REQUESTS.c.party == party)
            .group_by(_REQUESTS.c.subject)
            .subquery()
        )
        same = sa.and_(
            newest.c.subject == _REQUESTS.c.subject,
            newest.c.at_s == _REQUESTS.c.at_s,
            _REQUESTS.c.party == party,
        )
        state = sa.case(
            (
                sa.and_(_REQUESTS.c.state == WAITING, _REQUESTS.c.lapses_at_s <= now_s),
                LAPSED,
            ),
            else_=_REQUESTS.c.state,
        )
        asked = sa.select(state.label("state"), sa.func.count().label("n")).select_from(
            _REQUESTS.join(newest, same)
        )
        found = dict.fromkeys((ACCEPTED, DECLINED, WAITING, LAPSED), 0)
        with self._engine.connect() as connection:
            found |= {row.state: row.n for row in connection.execute(asked.group_by(state))}
        return found

    def asked_by(self, party: str) -> list[bytes]:
        """Return every subject that a party has asked, each once."""
        asked = sa.select(_REQUESTS.c.subject).where(_REQUESTS.c.party == party).distinct()
        with self._engine.connect() as connection:
            return [bytes(row.subject) for row in connection.execute(asked)]

    def _quiet(
        self, connection: sa.Connection, wanted: RequestDetails, subjects: Sequence[bytes]
    ) -> set[bytes]:
        now_s = int(self._clock())
        unanswered = sa.and_(_REQUESTS.c.state == WAITING, _REQUESTS.c.lapses_at_s > now_s)
        said_no = sa.and_(
            _REQUESTS.c.state == DECLINED, _REQUESTS.c.answered_at_s > now_s - QUIET_DAYS * DAY_S
        )
        asked = sa.select(_REQUESTS.c.subject).where(
            _REQUESTS.c.party == wanted.party,
            _REQUESTS.c.subject.in_(subjects),
            sa.or_(unanswered, said_no),
        )
        return {bytes(row.subject) for row in connection.execute(asked)}

    def _where(self, which: Any) -> list[ConsentRequest]:
        joined = _REQUESTS.join(_ASKINGS, _REQUESTS.c.asking == _ASKINGS.c.id)
        asked = sa.select(_REQUESTS, _ASKINGS.c.body).select_from(joined).where(which)
        with self._engine.connect() as connection:
            rows = connection.execute(asked.order_by(_REQUESTS.c.at_s.desc(), _REQUESTS.c.id))
            return [_request(row, self._clock()) for row in rows]


def _request(row: Any, now_s: float) -> ConsentRequest:
    body = orjson.loads(row.body)
    lists = {name: tuple(body[name]) for name in ("purposes", "categories")}
    is_over = row.state == WAITING and row.lapses_at_s <= now_s
    return ConsentRequest(
        row.id,
        row.asking,
        RequestDetails(**(body | lists)),
        bytes(row.subject),
        LAPSED if is_over else row.state,
        row.at_s,
        row.lapses_at_s,
        row.answered_at_s,
        bytes(row.consent) if row.consent else None,
    )
