"""Who asks for an organisation: whom it may help, and asking somebody to permit it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from models import Question
from services.platform import Platform
from services.requests import RequestDetails
from services.requests.patients_in_care import PatientInCare
from services.words import Words

SHOWN: Final = 50
DAYS: Final = (30, 90, 365)
ASK_S: Final = 0.05
"""Asking takes at least so long, whether the person exists or not."""


@dataclass(frozen=True, slots=True)
class Clinician:
    """Who asks, by a page or by the API.

    Attributes:
        platform: every part of the install.
        words: the texts in their language.
        party: the organisation for which they speak.
        id: the id of the account or the token.
    """

    platform: Platform
    words: Words
    party: str
    id: str

    def patients(self, search: str) -> tuple[list[PatientInCare], int]:
        """Return the first 50 who permit the organisation a model's help, and how many do.

        Raises:
            LedgerUnavailable (consent): the ledger is away or in doubt.
        """
        return self.platform.asking.care.search(self.party, search.strip(), SHOWN)

    def patient(self, key: str) -> PatientInCare:
        """Return one of them by the key that the list shows.

        Raises:
            NotFound: nobody of this key permits it now, which looks as if there were nobody.
        """
        return self.platform.asking.care.get(self.party, key)

    def questions(self, one: PatientInCare) -> list[Question]:
        """Return the questions that can be asked about a patient, by the records permitted."""
        known, held = self.platform.diagnostics.questions(), set(one.categories)
        return [question for question in known if set(question.required) <= held]

    def ask(self, number: str, categories: tuple[str, ...], days: int) -> None:
        """Ask whoever has this hospital number, if anybody; it takes as long either way."""
        began_s, asking = time.monotonic(), self.platform.asking
        subject = asking.directory.find_subject(number)
        purposes, condition = ("TREATDS",), self.words("ask-condition")
        wanted = RequestDetails(self.party, "care", purposes, categories, "", "", days, condition)
        asking.requests.send(wanted, [subject] if subject else [], self.id)
        time.sleep(max(0.0, ASK_S - (time.monotonic() - began_s)))
