"""Acts as patients would, many at once, with the keys of a trial wallet on their side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from consent import Enrolment, Grant, Outcome, Signed, Stop, Wallet, Withdrawal
from services.dates import iso_day
from services.platform import Platform
from services.requests.wording import make_statement
from services.statement import RequestedTerms, terms_for
from services.words import Words

Progress = Callable[[str, int, int], None]
KNOWN = frozenset({"consent-id-used", "already-enrolled"})
"""Refusals that say that what was asked for is so already."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of many signed messages: how many count now, and the refusals by reason."""

    done: int
    known: int
    refused: dict[str, int]

    def shown(self) -> dict[str, object]:
        """Return this as JSON."""
        return {"done": self.done, "already": self.known, "refused": self.refused}


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count outcomes by what became of them."""
    done = known = 0
    refused: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.ok:
            done += 1
        elif outcome.reason in KNOWN:
            known += 1
        else:
            refused[outcome.reason] = refused.get(outcome.reason, 0) + 1
    return Tally(done, known, refused)


def enrol_people(
    platform: Platform, wallet: Wallet, labels: Iterable[str], progress: Progress
) -> Tally:
    """Enrol everybody who is not yet: each with a key of their own, which proves itself."""
    subjects = wallet.new_subjects(labels)
    ledger = platform.ledger
    domain, custodian = ledger.domain(), ledger.custodian()
    unknown = [subject for subject in subjects.values() if not ledger.is_enrolled(subject)]
    messages = [Enrolment(subject, custodian, wallet.address(subject)) for subject in unknown]
    signed = [wallet.sign(domain, message) for message in messages]
    outcomes = ledger.enrol(signed, lambda done, of: progress("enrolling", done, of))
    counted = tally(outcomes)
    return Tally(counted.done, counted.known + len(subjects) - len(unknown), counted.refused)


def sign_grants(
    platform: Platform, wallet: Wallet, wanted: Sequence[tuple[bytes, RequestedTerms, int, int]]
) -> list[Signed]:
    """Return each (subject, terms, signed at, ends at) signed by the subject's key.

    The statements are in English.
    """
    domain, words = platform.ledger.domain(), Words("en")

    @cache
    def statement(requested: RequestedTerms, ends_on: str) -> str:
        name = platform.asking.party_name(requested.recipient)
        return make_statement(words, name, requested, ends_on)

    signed = []
    for subject, requested, signed_at_s, not_after_s in wanted:
        terms = terms_for(requested, statement(requested, iso_day(not_after_s)))
        signed.append(wallet.sign(domain, Grant(subject, terms, signed_at_s, not_after_s)))
    return signed


def withdraw_all(
    platform: Platform, wallet: Wallet, subjects: Sequence[bytes], progress: Progress
) -> Tally:
    """Withdraw every active consent of these subjects."""
    domain = platform.ledger.domain()
    signed = [
        wallet.sign(domain, Withdrawal(subject, consent.terms_hash))
        for subject in subjects
        for consent in platform.ledger.consents_of(subject)
        if consent.state == "active"
    ]
    outcomes = platform.ledger.withdraw(signed, lambda done, of: progress("withdrawing", done, of))
    return tally(outcomes)


def stop_all(
    platform: Platform, wallet: Wallet, subjects: Sequence[bytes], progress: Progress
) -> Tally:
    """Stop everything for these subjects, now."""
    domain, now_s = platform.ledger.domain(), int(platform.clock())
    signed = [wallet.sign(domain, Stop(subject, now_s)) for subject in subjects]
    outcomes = platform.ledger.stop(signed, lambda done, of: progress("stopping", done, of))
    return tally(outcomes)


def erase_after(platform: Platform, subjects: Sequence[bytes], why: str, progress: Progress) -> int:
    """Re-key what grantees could open, after a withdrawal; return how many subjects that were."""
    platform.store.erasure.rekey(subjects, why, progress)
    platform.diagnostics.apply_withdrawals()
    return len(subjects)
