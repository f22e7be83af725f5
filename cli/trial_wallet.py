"""Acts for many patients at once with the keys of a trial wallet: enrols, signs, withdraws."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from attrs import define

from consent import (
    ConsentLedger,
    Enrolment,
    Grant,
    Message,
    Outcome,
    Signed,
    Stop,
    Wallet,
    Withdrawal,
)
from services.dates import iso_day
from services.jobs.progress import Progress
from services.parties import name_from_id
from services.requests.wording import make_statement
from services.statement import RequestedTerms, terms_for
from services.words import Words

ALREADY: Final = frozenset({"consent-id-used", "already-enrolled"})
"""Refusals that say that the ledger has the message already."""


def ignore_progress(step: str, done: int, of: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many signed messages are in force, how many were before, and refusals by reason."""

    done: int
    already: int
    refused: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {"done": self.done, "already": self.already, "refused": self.refused}


@define(eq=False, repr=False)
class TrialWallet:
    """A wallet with the keys of all patients of a trial; real patients hold their own keys."""

    _wallet: Wallet
    _ledger: ConsentLedger
    _clock: Callable[[], float] = time.time

    def enrol(self, labels: Iterable[str], progress: Progress = ignore_progress) -> Tally:
        """Enrol every person who is not enrolled yet, each with a key that signs for itself."""
        subjects = self._wallet.new_subjects(labels).values()
        custodian = self._ledger.custodian()
        known = self._ledger.find_enrolled(list(subjects))
        new = [subject for subject in subjects if subject not in known]
        signed = self._sign(
            Enrolment(subject, custodian, self._wallet.address(subject)) for subject in new
        )
        outcomes = self._ledger.enrol(signed, lambda done, of: progress("enrolling", done, of))
        enrolled = tally(outcomes)
        already = enrolled.already + len(subjects) - len(new)
        return Tally(enrolled.done, already, enrolled.refused)

    def sign_grants(self, grants: Sequence[tuple[bytes, RequestedTerms, int, int]]) -> list[Signed]:
        """Return the signed grants; each is given as (subject, terms, signed at, ends at).

        The statements are in English and name the recipient by the words of its id.
        """
        return self._sign(
            Grant(
                subject,
                terms_for(requested, _statement(requested, iso_day(not_after_s))),
                signed_at_s,
                not_after_s,
            )
            for subject, requested, signed_at_s, not_after_s in grants
        )

    def grant(
        self,
        grants: Sequence[tuple[bytes, RequestedTerms, int, int]],
        progress: Progress = ignore_progress,
    ) -> Tally:
        """Sign grants and send them to the ledger."""
        signed = self.sign_grants(grants)
        return tally(self._ledger.grant(signed, lambda done, of: progress("signing", done, of)))

    def withdraw(self, subjects: Iterable[bytes], progress: Progress = ignore_progress) -> Tally:
        """Withdraw every active consent of these subjects."""
        signed = self._sign(
            Withdrawal(subject, consent.terms_hash)
            for subject in subjects
            for consent in self._ledger.consents_of(subject)
            if consent.state == "active"
        )
        outcomes = self._ledger.withdraw(signed, lambda done, of: progress("withdrawing", done, of))
        return tally(outcomes)

    def stop(self, subjects: Iterable[bytes], progress: Progress = ignore_progress) -> Tally:
        """End all permissions of these subjects now."""
        now_s = int(self._clock())
        signed = self._sign(Stop(subject, now_s) for subject in subjects)
        return tally(self._ledger.stop(signed, lambda done, of: progress("stopping", done, of)))

    def _sign(self, messages: Iterable[Message]) -> list[Signed]:
        domain = self._ledger.domain()
        return [self._wallet.sign(domain, message) for message in messages]


@cache
def _statement(requested: RequestedTerms, ends_on: str) -> str:
    name = name_from_id(requested.recipient)
    return make_statement(Words("en"), name, requested, ends_on)


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count the ledger's answers."""
    done = already = 0
    refused: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.ok:
            done += 1
        elif outcome.reason in ALREADY:
            already += 1
        else:
            refused[outcome.reason] = refused.get(outcome.reason, 0) + 1
    return Tally(done, already, refused)
