"""Answers what patients ask: a question, or a correction that is made or refused with a reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from services.errors import Conflict, Invalid
from services.installation import Installation
from services.patient.acts import GOT_ANSWER, GOT_CORRECTION, GOT_REFUSAL, PatientActs
from services.requests import PatientDirectory
from services.requests.messages import (
    ANSWERED,
    CORRECTED,
    MAX_TEXT,
    OUTCOMES,
    REFUSED,
    Message,
    Messages,
)
from services.words import Words
from storage import RecordStore

LOG: Final = logging.getLogger("vouchsafe.custodian")
ACTS: Final = {ANSWERED: GOT_ANSWER, CORRECTED: GOT_CORRECTION, REFUSED: GOT_REFUSAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientMessage:
    """A patient's message, and their hospital number, "" if the directory has none.

    `record` is the (category, ISO day) of the record that a correction is about; None for others.
    """

    message: Message
    number: str
    record: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The messages that wait, and those that have an answer, the newest first."""

    waiting: Sequence[PatientMessage]
    answered: Sequence[PatientMessage]


@define(eq=False, repr=False, kw_only=True)
class CustodianMessages:
    """The questions and requests for corrections of this custodian's patients."""

    _messages: Messages
    _directory: PatientDirectory
    _store: RecordStore
    _acts: PatientActs
    _installation: Installation

    def inbox(self) -> Inbox:
        """Return the messages of all patients, 500 of each at most."""
        waiting, answered = self._messages.list_open(), self._messages.list_answered()
        numbers = self._directory.numbers_of([each.subject for each in (*waiting, *answered)])
        return Inbox(
            waiting=[_of(each, numbers) for each in waiting],
            answered=[_of(each, numbers) for each in answered],
        )

    def count_open(self) -> int:
        """Return how many messages wait for an answer."""
        return self._messages.count_open()

    def get(self, message_id: str) -> PatientMessage:
        """Return one message.

        Raises:
            NotFound: there is none of this id.
        """
        message = self._messages.get(message_id)
        number = self._directory.numbers_of([message.subject]).get(message.subject, "")
        records = {
            entry.record_id.hex(): (entry.category, entry.recorded_on)
            for entry in self._store.records_of(message.subject)
        }
        return PatientMessage(message=message, number=number, record=records.get(message.about))

    def answer(
        self, words: Words, message_id: str, outcome: str, text: str, *, by: str
    ) -> PatientMessage:
        """Answer a message; the patient sees the answer in their history. The first one counts.

        A correction is ``corrected`` once the corrected records were uploaded, or ``refused`` with
        the reason.

        Raises:
            NotFound: there is no message of this id.
            Invalid: its fields say what is missing.
            Conflict: it has an answer already.
        """
        message, text = self._messages.get(message_id), text.strip()
        if outcome not in OUTCOMES[message.kind]:
            raise Invalid(fields={"outcome": [words("inbox-outcome-error")]})
        if not 0 < len(text) <= MAX_TEXT:
            raise Invalid(fields={"text": [words("inbox-text-error")]})
        if not self._messages.answer(message_id, outcome, text, by=by):
            raise Conflict("The message has an answer already. Open it again to read it.")
        act = ACTS[outcome]
        self._acts.add(
            message.subject, f"{message_id}a", act, party=self._installation.organisation
        )
        LOG.info("message %s %s by %s", message_id, outcome, by)
        return self.get(message_id)


def _of(message: Message, numbers: dict[bytes, str]) -> PatientMessage:
    return PatientMessage(message=message, number=numbers.get(message.subject, ""))
