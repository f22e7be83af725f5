"""The questions that studies may ask, and for how many people there are records."""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from attrs import define

from models import MIN_COHORT, MIN_COUNT, Diagnostics, Question, is_small
from models.count_noise import DEVIATION, CountNoise
from models.draft import require_written
from models.question_check import QuestionCheck
from services.dates import quarter_of
from services.requests import FeasibilityCounts
from services.requests.count_budget import CountBudget, CountsUsedUp
from services.requests.countable_people import CountablePeople
from services.requests.feasibility import FeasibilityCount
from services.requests.reach import needed_categories


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDetails:
    """A question, and how many people may fit: the same number for an organisation, for a week.

    Counts depend on the categories of records alone, so that another question with the same ones
    tells nothing more; they have noise as `models.count_noise` says, the same for a quarter.

    Attributes:
        is_counted: whether the custodian lets people be counted; otherwise no number is known.
        is_used_up: whether the organisation has no count left for it in this quarter, so that no
            number is known.
        people: how many, in tens; None if there may be fewer than `MIN_COHORT`.
        counted_on, next_count_on: ISO dates; None without a count.
        kinds: for each category that the question uses, how many of these people have records of
            it, in tens; None if fewer than `MIN_COUNT` may have, or have not.
    """

    question: Question
    is_counted: bool
    is_used_up: bool
    people: int | None
    counted_on: str | None
    next_count_on: str | None
    kinds: Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DummyData:
    """A ZIP of dummy data, and the name under which it is saved."""

    name: str
    content: bytes


@define(eq=False, repr=False, kw_only=True)
class ResearchQuestions:
    """Every installed question."""

    _diagnostics: Diagnostics
    _countable: CountablePeople
    _feasibility: FeasibilityCounts
    _noise: CountNoise
    _budget: CountBudget
    _clock: Callable[[], float]
    _home: Path

    def list(self) -> list[Question]:
        """Return every question, by id."""
        return self._diagnostics.questions()

    def get(self, party: str, question_id: str) -> QuestionDetails:
        """Return a question with its feasibility count for a party, if people may be counted.

        Raises:
            ModelsNotFound (models): there is no such question.
            LedgerUnavailable (consent): refusals cannot be checked now.
        """
        question = self._diagnostics.question(question_id)
        if not self._countable.is_allowed:
            return _without_number(question, is_counted=False)
        owner, quarter = self._countable.owner_of(party), quarter_of(self._clock())
        needed = sorted(set(needed_categories(question)))
        name = _name(owner, quarter, needed, question.categories)
        try:
            self._budget.spend(owner, name)
        except CountsUsedUp:
            return _without_number(question, is_counted=True)
        count = self._count(owner, needed, f"{name}/people", MIN_COHORT, DEVIATION)
        return QuestionDetails(
            question=question,
            is_counted=True,
            is_used_up=False,
            people=count.count or None,
            counted_on=count.day,
            next_count_on=count.next_day,
            kinds={
                code: self._kind(owner, question, name, code, count.count)
                for code in question.categories
            },
        )

    def _kind(
        self, owner: str, question: Question, name: str, category: str, people: int
    ) -> int | None:
        """Return how many eligible people have records of a category; no record is opened.

        The numbers of all categories together are as noisy as one number is.
        """
        deviation = DEVIATION * math.sqrt(len(question.categories))
        categories = (*needed_categories(question), category)
        count = self._count(owner, categories, f"{name}/{category}", MIN_COUNT, deviation).count
        is_hidden = not count or is_small(people - count)
        return None if is_hidden else min(count, people)

    def _count(
        self, owner: str, categories: Sequence[str], name: str, least: int, deviation: float
    ) -> FeasibilityCount:
        """Return how many people have records of each category this week; 0 if few may have."""

        def count() -> int:
            people = self._countable.list_with(sorted(set(categories)), owner)
            return self._noise.count(len(people), name, least=least, deviation=deviation) or 0

        return self._feasibility.weekly(hashlib.sha256(name.encode()).hexdigest(), count)

    def make_dummy(self, question_id: str) -> DummyData:
        """Return dummy data of a question, to try code before asking for a real copy.

        Raises:
            ModelsNotFound (models): there is no such question.
        """
        content = self._diagnostics.dummy(question_id)
        return DummyData(name=f"{question_id}-dummy.zip", content=content)

    def check(self, file: Path, study: str) -> QuestionCheck:
        """Return which codes of the question in a file the records of a study have.

        Raises:
            ModelsInvalid, ModelsNotFound, ModelsRefused (models): the file is not a valid
                question; the study does not exist, or has ended.
        """
        return self._diagnostics.check_question(study, Question.load(file))

    def add(self, file: Path) -> Question:
        """Install the question in a file; a question of the same id is replaced.

        Raises:
            ModelsInvalid (models): the file is not a valid question, or an unfinished draft.
        """
        question = Question.load(file)
        require_written(question, file.name)
        folder = self._home / "questions"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(file, folder / f"{question.id}.toml")
        return question


def _without_number(question: Question, *, is_counted: bool) -> QuestionDetails:
    return QuestionDetails(
        question=question,
        is_counted=is_counted,
        is_used_up=is_counted,
        people=None,
        counted_on=None,
        next_count_on=None,
        kinds={},
    )


def _name(owner: str, quarter: str, needed: Sequence[str], categories: Sequence[str]) -> str:
    """Return the name of the numbers of all questions that need and use these categories."""
    parts = ("countable", owner, quarter, ",".join(needed), ",".join(sorted(categories)))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
