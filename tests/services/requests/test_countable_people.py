"""Who is left out of every count of people before they are asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.requests.countable_people import CountablePeople
from services.requests.counting_rules import CountingOff, CountingRules

FIRST, SECOND, OTHER = b"1" * 32, b"2" * 32, b"3" * 32
HERE, OWNER, STUDY, ELSEWHERE = (
    "organisation:here",
    "organisation:owner",
    "study:s",
    "organisation:elsewhere",
)


class Store:
    """Knows who has records, who refuses which party, who is linked, and who has died."""

    def __init__(
        self,
        refusing: dict[str, set[bytes]],
        persons: dict[bytes, bytes] | None = None,
        deceased: set[bytes] | None = None,
    ) -> None:
        self._refusing = refusing
        self._persons = persons or {}
        self._deceased = deceased or set()

    def list_subjects_with(self, _: Any) -> list[bytes]:
        return [FIRST, SECOND, OTHER]

    def refusing_subjects(self, party: str, purpose: str) -> set[bytes]:
        assert purpose == "MLTRAINING"
        return set(self._refusing.get(party, ()))

    def persons(self, subjects: Any) -> dict[bytes, bytes]:
        return {subject: self._persons.get(subject, subject) for subject in subjects}

    def find_deceased(self, _: Any) -> set[bytes]:
        return self._deceased


def countable(engine: Any, store: Store, *, is_allowed: bool = True) -> CountablePeople:
    rules = CountingRules(engine, lambda: 1_000.0)
    rules.set(is_allowed=is_allowed, by="c")
    stored: Any = store
    proposals: Any = SimpleNamespace(
        find=lambda study: SimpleNamespace(owner=OWNER) if study == STUDY else None
    )
    return CountablePeople(rules=rules, store=stored, proposals=proposals, organisation=HERE)


def test_who_is_linked_with_a_refusing_number_is_left_out_under_both(engine: Any) -> None:
    people = countable(engine, Store({OWNER: {SECOND}}, {SECOND: FIRST}))
    assert people.find_refusing(OWNER) == {FIRST, SECOND}
    assert people.list_with(("condition",), OWNER) == {OTHER}


@pytest.mark.parametrize(
    ("refused", "party", "counted"),
    [
        (OWNER, OWNER, {SECOND, OTHER}),
        (OWNER, STUDY, {SECOND, OTHER}),
        (STUDY, STUDY, {SECOND, OTHER}),
        (STUDY, OWNER, {FIRST, SECOND, OTHER}),
        (HERE, OWNER, {SECOND, OTHER}),
        (ELSEWHERE, OWNER, {FIRST, SECOND, OTHER}),
    ],
)
def test_a_refusal_of_the_study_its_organisation_or_the_custodian_leaves_a_person_out(
    engine: Any, refused: str, party: str, counted: set[bytes]
) -> None:
    people = countable(engine, Store({refused: {FIRST}}))
    assert people.list_with(("condition",), party) == counted


def test_who_has_died_is_not_counted(engine: Any) -> None:
    people = countable(engine, Store({}, deceased={OTHER}))
    assert people.list_with(("condition",), OWNER) == {FIRST, SECOND}


def test_nobody_is_counted_unless_the_custodian_allows_it(engine: Any) -> None:
    people = countable(engine, Store({}), is_allowed=False)
    assert not people.is_allowed
    with pytest.raises(CountingOff):
        people.list_with(("condition",), OWNER)
