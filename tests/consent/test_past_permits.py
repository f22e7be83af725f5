from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from township import RECORD, STUDY, make_terms

from consent.abi import Change, word
from consent.consent_terms import StoredTerms
from consent.past_permits import PastPermits, PastUse
from consent.terms import Terms
from consent.typed_data import Op, consent_id, terms_hash

SUBJECT = b"\1" * 32
TERMS = make_terms(data_from="2020-01-01", data_to="2030-01-01", records=(RECORD,))
USE = PastUse(
    subject=SUBJECT,
    party=STUDY,
    purpose="HRESCH",
    record_id=RECORD,
    category="laboratory",
    recorded_on="2026-01-02",
    at_s=5_000,
    count=10,
)


class Events:
    """A ledger with one grant at position 5, and perhaps more."""

    def __init__(self, terms: Terms, *more: tuple[int, int, bytes], proved: bool = True) -> None:
        body = SUBJECT + terms_hash(terms) + b"\2" * 32 + word(4_000) + word(9_000)
        self.rows = [(5, Op.GRANTED, body), *more]
        self.proved = proved

    def in_order(self) -> Iterator[tuple[int, Change, bytes]]:
        for position, op, body in self.rows:
            yield position, Change(op, body, b"", 1), b""

    def unproved(self) -> list[tuple[int, None]]:
        return [] if self.proved else [(5, None)]


class Stored:
    """The terms that are not erased; they are read once for all uses."""

    def __init__(self, *terms: Terms | None) -> None:
        self.terms = [each for each in terms if each is not None]
        self.readings = 0

    def load_since(self, generation: int) -> Iterator[tuple[int, StoredTerms]]:
        self.readings += 1
        for each in self.terms:
            yield 1, StoredTerms(consent_id(SUBJECT, terms_hash(each)), SUBJECT, each)


def fault_of(
    use: PastUse, *more: tuple[int, int, bytes], terms: Terms = TERMS, **changed: object
) -> str | None:
    stored = Stored(None if changed.get("erased") else terms)
    events = Events(terms, *more, proved=not changed.get("forged"))
    permits = PastPermits(events, stored)  # type: ignore[arg-type]
    return permits.find_fault(consent_id(SUBJECT, terms_hash(terms)), use)


def withdrawn(position: int) -> tuple[int, int, bytes]:
    return position, Op.WITHDRAWN, SUBJECT + terms_hash(TERMS)


def stopped(position: int, until_s: int = 4_500) -> tuple[int, int, bytes]:
    return position, Op.STOPPED, SUBJECT + word(until_s)


def test_a_use_that_its_consent_allowed_has_no_fault() -> None:
    assert fault_of(USE) is None
    assert fault_of(USE, withdrawn(11), stopped(12)) is None  # after the view
    assert fault_of(USE, stopped(6, 3_000)) is None
    assert fault_of(replace(USE, category="", recorded_on="")) is None  # the record is gone


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"count": 4}, "no-consent"),
        ({"subject": b"\3" * 32}, "bad-key"),
        ({"at_s": 9_500}, "expired"),
        ({"at_s": 3_000}, "not-yet"),
        ({"party": "study:another"}, "other-recipient"),
        ({"purpose": "HMARKT"}, "other-purpose"),
        ({"category": "genetics"}, "other-category"),
        ({"recorded_on": "2019-12-31"}, "outside-period"),
        ({"recorded_on": "2031-01-01"}, "outside-period"),
        ({"record_id": "cd" * 16}, "other-record"),
        ({"category": "", "purpose": "HMARKT"}, "other-purpose"),
        ({"category": "", "party": "study:another"}, "other-recipient"),
    ],
)
def test_a_use_that_its_consent_did_not_allow_is_named(
    changed: dict[str, object], fault: str
) -> None:
    assert fault_of(replace(USE, **changed)) == fault  # type: ignore[arg-type]


def test_a_consent_that_had_ended_or_is_none_is_named() -> None:
    assert fault_of(USE, withdrawn(10)) == "withdrawn"
    assert fault_of(USE, stopped(10)) == "stopped"
    assert fault_of(USE, forged=True) == "bad-key"
    assert fault_of(USE, erased=True) == "opening-missing"
    assert fault_of(USE, withdrawn(11), erased=True) == "opening-missing"
    assert fault_of(USE, terms=replace(TERMS, decision="deny")) == "denied"
    stored = Stored(TERMS)
    permits = PastPermits(Events(TERMS), stored)  # type: ignore[arg-type]
    assert permits.find_fault(bytes(32), USE) == "no-consent"
    for _ in range(2):
        assert permits.find_fault(consent_id(SUBJECT, terms_hash(TERMS)), USE) is None
    assert stored.readings == 1


REFUSAL = make_terms(decision="deny", recipient="*", purposes=("HRESCH",), categories=("*",))


@pytest.mark.parametrize(
    ("position", "lifted_at", "terms", "fault"),
    [
        (6, None, REFUSAL, "opted-out"),
        (6, None, replace(REFUSAL, recipient=STUDY), "denied"),
        (6, 11, REFUSAL, "opted-out"),
        (6, 9, REFUSAL, None),
        (11, None, REFUSAL, None),
        (6, None, replace(REFUSAL, recipient="study:another"), None),
        (6, None, replace(REFUSAL, purposes=("HMARKT",)), None),
    ],
)
def test_a_use_in_spite_of_a_refusal_that_was_in_force_is_named(
    position: int, lifted_at: int | None, terms: Terms, fault: str | None
) -> None:
    body = SUBJECT + terms_hash(terms) + b"\2" * 32 + word(4_000) + word(9_000)
    rows = [(position, Op.GRANTED, body)]
    if lifted_at is not None:
        rows.append((lifted_at, Op.WITHDRAWN, SUBJECT + terms_hash(terms)))
    permits = PastPermits(Events(TERMS, *rows), Stored(TERMS, terms))  # type: ignore[arg-type]
    assert permits.find_fault(consent_id(SUBJECT, terms_hash(TERMS)), USE) == fault
