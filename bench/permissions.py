"""Enrols the patients of a benchmark and grants their permissions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from bench.deposit import Bench
from bench.terms import all_records
from consent import YEAR_S, Enrolment, Grant, Message, Signed, digest
from consent.signatures import SigningKey


def permit(bench: Bench, subjects: list[bytes], permissions: Sequence[tuple[str, str]]) -> None:
    """Enrol every subject; each grants every (party, purpose) of `permissions` for a year."""
    ledger, now_s = bench.ledger, int(time.time())
    keys = {subject: SigningKey(secrets.token_bytes(32)) for subject in subjects}

    def sign(message: Message) -> Signed:
        key = keys[message.subject]
        return Signed(message, key.address, key.sign(digest(ledger.domain(), message)))

    custodian = ledger.custodian()
    ledger.enrol([sign(Enrolment(s, custodian, key.address)) for s, key in keys.items()])
    grants = [
        sign(Grant(subject, all_records(party, purpose), now_s - 1, now_s + YEAR_S))
        for subject in subjects
        for party, purpose in permissions
    ]
    if not all(outcome.ok for outcome in ledger.grant(grants)):
        raise SystemExit("the ledger refused some grants")
