from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest

from models.count_noise import CountNoise
from models.draft import DraftUnfinished
from models.errors import ModelsNotFound
from models.question import Question
from services.requests import FeasibilityCounts
from services.requests.count_budget import MAX_COUNTS, CountBudget
from services.requests.countable_people import CountablePeople
from services.requests.counting_rules import CountingRules
from services.researcher.questions import ResearchQuestions

NOW_S = 1_800_000_000.0
OWNER = "organisation:here"


@dataclass
class Records:
    """Who has records of which categories; every subject is a person."""

    of: dict[bytes, set[str]] = field(default_factory=dict)
    refusing: set[bytes] = field(default_factory=set)

    def list_subjects_with(self, categories):
        return [subject for subject, having in self.of.items() if set(categories) <= having]

    def refusing_subjects(self, party, purpose):
        return self.refusing

    def find_deceased(self, subjects):
        return set()

    def persons(self, subjects):
        return {subject: subject for subject in subjects}


class Installed:
    """Questions by id, of which only the categories matter here."""

    def __init__(self, **required: tuple[str, ...]) -> None:
        self.required = required

    def question(self, name: str):
        if name not in self.required:
            raise ModelsNotFound(name)
        needed = self.required[name]
        label = SimpleNamespace(category=needed[0])
        return SimpleNamespace(
            id=name, required=needed, label=label, timeline=None, categories=needed
        )


@pytest.fixture
def records() -> Records:
    people = [number.to_bytes(32, "big") for number in range(300)]
    return Records({each: {"laboratory", "condition"} for each in people})


def questions_of(
    engine, records: Records, installed: Installed, *, is_allowed: bool = True
) -> ResearchQuestions:
    rules = CountingRules(engine, lambda: NOW_S)
    rules.set(is_allowed=is_allowed, by="c")
    countable = CountablePeople(
        rules=rules,
        store=records,  # type: ignore[arg-type]
        proposals=SimpleNamespace(find=lambda _: None),  # type: ignore[arg-type]
        organisation=OWNER,
    )
    noise = CountNoise(lambda name: hashlib.sha256(b"key" + name).digest())
    feasibility = FeasibilityCounts(engine, lambda: NOW_S)
    return ResearchQuestions(
        diagnostics=installed,  # type: ignore[arg-type]
        countable=countable,
        feasibility=feasibility,
        noise=noise,
        budget=CountBudget(engine, lambda: NOW_S),
        clock=lambda: NOW_S,
        home=Path("unused"),
    )


def test_another_question_with_the_same_categories_counts_nobody_again(engine, records) -> None:
    names = ("laboratory", "condition")
    questions = questions_of(engine, records, Installed(first=names, other=names[::-1]))
    before = questions.get(OWNER, "first").people
    for subject in list(records.of)[:60]:
        del records.of[subject]
    assert questions.get(OWNER, "other").people == before


def test_counts_of_questions_are_in_tens_so_that_two_do_not_single_out_anybody(
    engine, records
) -> None:
    for number, subject in enumerate(records.of):
        records.of[subject] = {"immunization", "procedure"} if number else {"immunization"}
    installed = Installed(wide=("immunization",), narrow=("immunization", "procedure"))
    questions = questions_of(engine, records, installed)
    wide, narrow = questions.get(OWNER, "wide"), questions.get(OWNER, "narrow")
    counts = [wide.people, narrow.people, *narrow.kinds.values()]
    assert {count % 10 for count in counts if count is not None} == {0}


def test_without_the_custodians_permission_a_question_shows_no_number(engine, records) -> None:
    installed = Installed(first=("laboratory", "condition"))
    counted = questions_of(engine, records, installed).get(OWNER, "first")
    assert counted.is_counted
    assert counted.people
    details = questions_of(engine, records, installed, is_allowed=False).get(OWNER, "first")
    assert not details.is_counted
    assert (details.people, details.counted_on, details.kinds) == (None, None, {})


def test_who_opted_out_of_research_is_in_no_count_of_a_question(engine, records) -> None:
    records.refusing = set(list(records.of)[40:])
    details = questions_of(engine, records, Installed(first=("laboratory", "condition"))).get(
        OWNER, "first"
    )
    assert details.people is None
    assert set(details.kinds.values()) == {None}


def test_an_organisation_without_a_count_left_reads_only_the_numbers_that_it_has(
    engine, records
) -> None:
    known, other = ("laboratory", "condition"), ("laboratory", "procedure")
    questions = questions_of(engine, records, Installed(first=known, other=other))
    people = questions.get(OWNER, "first").people
    budget = CountBudget(engine, lambda: NOW_S)
    for number in range(budget.remaining(OWNER).left):
        budget.spend(OWNER, str(number))
    assert budget.remaining(OWNER).of == MAX_COUNTS
    assert questions.get(OWNER, "first").people == people
    details = questions.get(OWNER, "other")
    assert (details.is_used_up, details.people, details.kinds) == (True, None, {})


def test_one_number_is_never_shown_with_two_kinds_of_noise(engine, records) -> None:
    wide = Installed(two=("laboratory", "condition"))
    names: list[str] = []
    questions = questions_of(engine, records, wide)
    keyed = questions._noise.keyed
    questions._noise = CountNoise(lambda name: names.append(name.decode()) or keyed(name))
    questions.get(OWNER, "two")
    assert len(names) == len(set(names)) == 3


def test_an_unfinished_draft_is_not_installed(engine, records) -> None:
    shipped = Path(__file__).parents[3] / "models" / "questions" / "uci-heart.toml"
    text = shipped.read_text(encoding="utf-8")
    use = Question.load(shipped).intended_use
    questions = questions_of(engine, records, Installed())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "heart.toml"
        file.write_text(text.replace(use, "To be written: for whom?"), encoding="utf-8")
        with pytest.raises(DraftUnfinished, match="intended_use"):
            questions.add(file)
