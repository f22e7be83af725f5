"""Stores what patients ask the custodian: questions and corrections, sealed, with the answers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from attrs import define

from services.errors import NotFound
from services.tables import METADATA
from storage import RecordStore

QUESTION: Final = "question"
CORRECTION: Final = "correction"
KINDS: Final = (QUESTION, CORRECTION)
ANSWERED: Final = "answered"
CORRECTED: Final = "corrected"
REFUSED: Final = "refused"
OUTCOMES: Final = {QUESTION: (ANSWERED,), CORRECTION: (CORRECTED, REFUSED)}
"""How each kind of message can be answered."""
MAX_TEXT: Final = 2_000
LABEL: Final = "message"
MAX_LISTED: Final = 500
MAX_OPEN: Final = 20
"""How many messages of a patient may wait for an answer."""
ID_BYTES: Final = 15

_MESSAGES: Final = sa.Table(
    "web_messages",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("about", sa.String(64), nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("outcome", sa.String(16), nullable=False, index=True),
    sa.Column("answer", sa.LargeBinary),
    sa.Column("answered_at_s", sa.BigInteger),
    sa.Column("answered_by", sa.String(32), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A patient's question or request for a correction; times are seconds UTC.

    Attributes:
        subject: the patient, 32 bytes.
        kind: ``question`` or ``correction``.
        about: the journal row, or the id of the record, that it is about; "" if about neither.
        text: the patient's own words.
        outcome: "" while it waits; then ``answered``, ``corrected`` or ``refused``.
        answer: the custodian's words; "" while it waits.
        answered_at_s: None while it waits.
    """

    id: str
    subject: bytes
    kind: str
    about: str
    text: str
    at_s: int
    outcome: str
    answer: str
    answered_at_s: int | None

    @property
    def is_open(self) -> bool:
        """True while it waits for an answer."""
        return not self.outcome


@define(eq=False, repr=False)
class Messages:
    """The rows of all messages; the database alone reveals no text."""

    _engine: sa.Engine
    _store: RecordStore
    _clock: Callable[[], float]

    def add(self, subject: bytes, kind: str, about: str, text: str) -> str:
        """Store a message that is sent now; return its id."""
        message_id = secrets.token_hex(ID_BYTES)
        row = {
            "id": message_id,
            "subject": subject,
            "kind": kind,
            "about": about,
            "text": self._store.seal_text(LABEL, text, message_id.encode()),
            "at_s": int(self._clock()),
            "outcome": "",
            "answered_by": "",
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_MESSAGES), row)
        return message_id

    def list_by_subject(self, subject: bytes) -> list[Message]:
        """Return a patient's messages, the newest first, 500 at most."""
        return self._select(_MESSAGES.c.subject == subject)

    def list_open(self) -> list[Message]:
        """Return the messages that wait for an answer, the oldest first, 500 at most."""
        return self._select(_MESSAGES.c.outcome == "", oldest_first=True)

    def list_answered(self) -> list[Message]:
        """Return the messages that have an answer, the newest first, 500 at most."""
        return self._select(_MESSAGES.c.outcome != "")

    def count_open(self, subject: bytes | None = None) -> int:
        """Return how many messages, or those of a patient, wait for an answer."""
        query = sa.select(sa.func.count()).where(_MESSAGES.c.outcome == "")
        if subject is not None:
            query = query.where(_MESSAGES.c.subject == subject)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def get(self, message_id: str) -> Message:
        """Return one message.

        Raises:
            NotFound: there is none of this id.
        """
        messages = self._select(_MESSAGES.c.id == message_id)
        if not messages:
            raise NotFound
        return messages[0]

    def answer(self, message_id: str, outcome: str, text: str, *, by: str) -> bool:
        """Store the answer to a message that waits; False if it has one already."""
        update = sa.update(_MESSAGES).where(_MESSAGES.c.id == message_id, _MESSAGES.c.outcome == "")
        values = {
            "outcome": outcome,
            "answer": self._store.seal_text(LABEL, text, message_id.encode()),
            "answered_at_s": int(self._clock()),
            "answered_by": by,
        }
        with self._engine.begin() as connection:
            return bool(connection.execute(update.values(**values)).rowcount == 1)

    def erase_subject(self, subject: bytes) -> None:
        """Delete every message of a patient, with the answers."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_MESSAGES).where(_MESSAGES.c.subject == subject))

    def _select(
        self, condition: sa.ColumnElement[bool], *, oldest_first: bool = False
    ) -> list[Message]:
        query = sa.select(_MESSAGES).where(condition)
        order = _MESSAGES.c.at_s if oldest_first else _MESSAGES.c.at_s.desc()
        ordered = query.order_by(order, _MESSAGES.c.id).limit(MAX_LISTED)
        with self._engine.connect() as connection:
            return [self._message(row) for row in connection.execute(ordered)]

    def _message(self, row: Any) -> Message:
        name = row.id.encode()
        answer = self._store.open_text(LABEL, bytes(row.answer), name) if row.answer else ""
        return Message(
            id=row.id,
            subject=bytes(row.subject),
            kind=row.kind,
            about=row.about,
            text=self._store.open_text(LABEL, bytes(row.text), name),
            at_s=row.at_s,
            outcome=row.outcome,
            answer=answer,
            answered_at_s=row.answered_at_s,
        )
