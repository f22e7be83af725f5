"""What a patient asks the custodian: about a line of the history, a record, or anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attrs import define

from services.errors import Invalid, NotFound
from services.patient.acts import CORRECTION_ASKED, QUESTION_SENT, PatientActs
from services.patient.history import PatientHistory
from services.requests.messages import CORRECTION, KINDS, MAX_OPEN, MAX_TEXT, Message, Messages
from services.requests.wording import format_record
from services.words import Words
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """A message, and in words what it is about; "" if it is about no line and no record."""

    message: Message
    about: str


@define(eq=False, repr=False, kw_only=True)
class PatientMessages:
    """Questions and requests for corrections; each and its answer are lines of the history."""

    _messages: Messages
    _history: PatientHistory
    _store: RecordStore
    _acts: PatientActs
    _organisation: str

    def list_all(self, subject: bytes, words: Words) -> Sequence[MessageSummary]:
        """Return the patient's messages, the newest first."""
        return [
            MessageSummary(message=each, about=self.describe(subject, words, each.kind, each.about))
            for each in self._messages.list_by_subject(subject)
        ]

    def send(
        self, subject: bytes, words: Words, kind: str, about: str, text: str
    ) -> list[MessageSummary]:
        """Send a message to the custodian; return all of the patient's messages.

        `about` is a row of the patient's history, the id of one of the patient's records, or "".

        Raises:
            Invalid: its fields say what is missing; nothing was sent.
            NotFound: what it is about does not exist, or is another patient's.
        """
        text = text.strip()
        if kind not in KINDS:
            raise Invalid.of("kind", words("ask-us-kind-error"))
        if not 0 < len(text) <= MAX_TEXT:
            raise Invalid.of("text", words("ask-us-text-error"))
        if about and not self.describe(subject, words, kind, about):
            raise NotFound
        if self._messages.count_open(subject) >= MAX_OPEN:
            raise Invalid.of("text", words("ask-us-open-error"))
        message_id = self._messages.add(subject, kind, about, text)
        act = CORRECTION_ASKED if kind == CORRECTION else QUESTION_SENT
        self._acts.add(subject, f"{message_id}q", act, party=self._organisation)
        return list(self.list_all(subject, words))

    def describe(self, subject: bytes, words: Words, kind: str, about: str) -> str:
        """Return in words what a message is about; "" if it is nothing of this patient's."""
        if not about:
            return ""
        if kind == CORRECTION:
            for entry in self._store.records_of(subject):
                if entry.record_id.hex() == about:
                    return format_record(words, entry.category, entry.recorded_on)
            return ""
        try:
            line = self._history.find_line(subject, words, about)
        except NotFound:
            return ""
        return f"{line.day}, {line.time}: {line.text}" if line else about
