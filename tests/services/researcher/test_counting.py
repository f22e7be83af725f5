"""Who is left out of a count of this week's census, and when people are counted again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from services.requests.censuses import LIFE_S, Censuses
from services.requests.question_drafts import StoredCount
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


class Jobs:
    """Keeps for whom jobs were queued, and with whom they are limited."""

    def __init__(self) -> None:
        self.queued: list[tuple[str, str, set[str]]] = []

    def enqueue(self, kind: str, _: Any, party: str, limited_with: Any) -> Any:
        self.queued.append((kind, party, set(limited_with)))
        return SimpleNamespace(id="job")


class Proposals:
    """One organisation with two studies."""

    studies = tuple(SimpleNamespace(study=name, owner=OWNER) for name in (STUDY, "study:t"))

    def find(self, party: str) -> Any:
        return next((each for each in self.studies if each.study == party), None)

    def list_by_owner(self, owner: str) -> Any:
        return [each for each in self.studies if each.owner == owner]


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def counting(tmp_path: Path, now: list[float], jobs: Jobs) -> PeopleCounting:
    """Return counting with a census that was taken at second 1,000."""
    store: Any = None
    installation: Any = SimpleNamespace(organisation=OWNER, clock=lambda: now[0], home=tmp_path)
    (tmp_path / "census").mkdir()
    codes = {"deletion": "", "taken_at_s": 1_000, "people": None, "codes": []}
    (tmp_path / "census" / "codes.json").write_bytes(orjson.dumps(codes))
    ports: Any = {
        "drafts": SimpleNamespace(set_job=lambda *_: None),
        "rules": SimpleNamespace(require=lambda: None),
        "jobs": jobs,
        "store": store,
        "ledger": store,
        "proposals": Proposals(),
    }
    return PeopleCounting(censuses=Censuses(store, installation), **ports)


def draft_of(party: str, taken_at_s: int) -> Any:
    count: Any = None
    stored = StoredCount(sha256="q", taken_at_s=taken_at_s, count=count)
    return SimpleNamespace(id="d", party=party, stored_count=stored)


QUESTION: Any = SimpleNamespace(sha256="q")


def test_a_question_is_counted_once_in_each_census(counting, jobs, now) -> None:
    counting.start(draft_of(OWNER, 1_000), QUESTION)
    assert jobs.queued == []
    counting.start(draft_of(OWNER, 999), QUESTION)
    counting.start(draft_of(OWNER, 1_000), SimpleNamespace(sha256="changed"))
    assert len(jobs.queued) == 2
    now[0] += LIFE_S
    counting.start(draft_of(OWNER, 1_000), QUESTION)
    assert len(jobs.queued) == 3


@pytest.mark.parametrize("party", [OWNER, STUDY])
def test_an_organisation_and_its_studies_share_the_counts_of_an_hour(counting, jobs, party) -> None:
    counting.start(draft_of(party, 0), QUESTION)
    counting.take_census(party)
    everybody = {OWNER, STUDY, "study:t"}
    assert jobs.queued == [("count-people", party, everybody), ("take-census", party, everybody)]
