"""When people are counted again, and that nothing is counted or shown without the switch."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from models import Question
from services.requests.censuses import LIFE_S, Censuses
from services.requests.count_budget import MAX_COUNTS, CountBudget, CountsUsedUp
from services.requests.counting_rules import CountingOff
from services.requests.question_drafts import StoredCount
from services.researcher import builder
from services.researcher import counting as module
from services.researcher.builder import QuestionBuilder
from services.researcher.counting import PeopleCounting
from services.tables import METADATA

OWNER, STUDY = "organisation:here", "study:s"


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


class Countable:
    """People may be counted while `is_allowed`."""

    is_allowed = True

    def require(self) -> None:
        if not self.is_allowed:
            raise CountingOff

    def owner_of(self, _: str) -> str:
        return OWNER


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
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    METADATA.create_all(engine)
    ports: Any = {
        "budget": CountBudget(engine, lambda: now[0]),
        "drafts": SimpleNamespace(set_job=lambda *_: None),
        "countable": Countable(),
        "jobs": jobs,
        "store": store,
        "ledger": store,
        "proposals": Proposals(),
    }
    return PeopleCounting(censuses=Censuses(store, installation), **ports)


def draft_of(party: str, taken_at_s: int, sha256: str = "q") -> Any:
    count: Any = None
    stored = StoredCount(sha256=sha256, taken_at_s=taken_at_s, count=count)
    return SimpleNamespace(id="d", party=party, stored_count=stored, job="", choices=None)


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
def test_an_organisation_without_a_count_left_starts_none(counting, jobs, party) -> None:
    budget = counting._budget
    for number in range(MAX_COUNTS):
        budget.spend(OWNER, str(number))
    assert counting.remaining(party).left == 0
    with pytest.raises(CountsUsedUp, match="1970-04-01"):
        counting.start(draft_of(party, 0), QUESTION)
    assert jobs.queued == []
    counting.start(draft_of(party, 1_000), QUESTION)  # counted already: free


@pytest.mark.parametrize("refused_since", [set(), {b"s" * 32}])
def test_a_count_that_is_taken_again_does_not_tell_whether_anybody_refused_since(
    counting, monkeypatch, refused_since
) -> None:
    port: Any = SimpleNamespace
    names = []
    refusing = iter([set(), refused_since])
    question = SimpleNamespace(id="q", sha256="q")
    draft = port(party=STUDY, choices=None, account="a")
    counting._drafts = port(get_any=lambda _: draft, set_count=lambda *_: None)
    counting._store = port(vault=port(record_use=lambda *_: None))
    counting._ledger = port(view=lambda: None)
    monkeypatch.setattr(type(counting), "_get_census", lambda *_: port(taken_at_s=1_000))
    monkeypatch.setattr(Countable, "find_refusing", lambda *_: next(refusing), raising=False)
    monkeypatch.setattr(Question, "parse", lambda *_: question)
    monkeypatch.setattr(module, "write_question", lambda _: "")
    monkeypatch.setattr(module, "count_people", lambda *parts: names.append(parts[-1]))
    monkeypatch.setattr(Censuses, "noise", None, raising=False)
    for _ in range(2):
        counting.run_count("d", lambda *_: None)
    assert len(set(names)) == 2
    assert counting.remaining(STUDY).left == MAX_COUNTS - 2


@pytest.mark.parametrize("party", [OWNER, STUDY])
def test_an_organisation_and_its_studies_share_the_counts_of_an_hour(counting, jobs, party) -> None:
    counting.start(draft_of(party, 0), QUESTION)
    counting.take_census(party)
    everybody = {OWNER, STUDY, "study:t"}
    assert jobs.queued == [("count-people", party, everybody), ("take-census", party, everybody)]


def test_while_counting_is_off_nothing_is_counted_and_no_earlier_count_is_shown(
    counting, jobs, monkeypatch
) -> None:
    monkeypatch.setattr(Countable, "is_allowed", False)
    assert counting.search("", []).code_list is None
    for count in (
        lambda: counting.take_census(OWNER),
        lambda: counting.run_census("", lambda *_: None),
        lambda: counting.start(draft_of(OWNER, 0), QUESTION),
    ):
        with pytest.raises(CountingOff):
            count()
    assert jobs.queued == []


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_count_of_before_counting_was_turned_off_is_not_shown(
    counting, monkeypatch, tmp_path: Path, is_allowed: bool
) -> None:
    monkeypatch.setattr(Countable, "is_allowed", is_allowed)
    text = (Path(__file__).parents[2] / "models" / "small-question.toml").read_text()
    question = Question.parse(text, "question")
    monkeypatch.setattr(builder, "write_question", lambda _: text)
    draft = draft_of(OWNER, 1_000, sha256=question.sha256)
    port: Any = None
    drafts: Any = SimpleNamespace(get=lambda *_: draft)
    building = QuestionBuilder(drafts=drafts, counting=counting, diagnostics=port, home=tmp_path)
    assert (building.get(OWNER, "d").stored_count is not None) is is_allowed
