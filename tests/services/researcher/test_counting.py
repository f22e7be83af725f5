"""Who is left out of a count of this week's census."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from services.researcher.counting import PeopleCounting

FIRST, SECOND, OTHER = b"1" * 32, b"2" * 32, b"3" * 32
OWNER, STUDY = "organisation:here", "study:s"


class Store:
    """Knows who refuses which party, and who is linked."""

    def __init__(self, refusing: dict[str, set[bytes]], persons: dict[bytes, bytes]) -> None:
        self._refusing = refusing
        self._persons = persons

    def refusing_subjects(self, party: str, _: str) -> set[bytes]:
        return set(self._refusing.get(party, ()))

    def persons(self, subjects: set[bytes]) -> dict[bytes, bytes]:
        return {subject: self._persons.get(subject, subject) for subject in subjects}


def refusing(store: Store, party: str) -> set[bytes]:
    port: Any = None
    proposals: Any = SimpleNamespace(
        find=lambda study: SimpleNamespace(owner=OWNER) if study == STUDY else None
    )
    stored: Any = store
    counting = PeopleCounting(
        drafts=port,
        censuses=port,
        rules=port,
        jobs=port,
        store=stored,
        ledger=port,
        proposals=proposals,
    )
    return counting._find_refusing(party)


def test_who_was_linked_after_the_census_is_left_out_under_both_numbers() -> None:
    store = Store({OWNER: {SECOND}}, {SECOND: FIRST})
    assert refusing(store, OWNER) == {FIRST, SECOND}


def test_a_refusal_of_the_organisation_counts_for_its_studies() -> None:
    store = Store({OWNER: {FIRST}, STUDY: {OTHER}}, {})
    assert refusing(store, STUDY) == {FIRST, OTHER}
    assert refusing(store, OWNER) == {FIRST}
