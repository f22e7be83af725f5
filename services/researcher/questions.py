"""The questions that studies may ask, and for how many people there are records."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models import MIN_COHORT, Diagnostics, ModelsNotFound, Question, is_small
from models.question_check import QuestionCheck
from services.errors import NotFound
from services.requests import FeasibilityCounts
from services.requests.reach import needed_categories
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDetails:
    """A question, and how many people may fit: the same number for everyone, for a week.

    Attributes:
        people: how many; None if there are fewer than `MIN_COHORT`.
        counted_on, next_count_on: ISO dates.
        kinds: for each category that the question uses, how many of these people have records of
            it; None if fewer than `MIN_COUNT` have, or have not.
    """

    question: Question
    people: int | None
    counted_on: str
    next_count_on: str
    kinds: Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DummyData:
    """A ZIP of dummy data, and the name under which it is saved."""

    name: str
    content: bytes


class ResearchQuestions:
    """Every installed question."""

    def __init__(
        self,
        *,
        diagnostics: Diagnostics,
        store: RecordStore,
        feasibility: FeasibilityCounts,
        home: Path,
    ) -> None:
        self._diagnostics = diagnostics
        self._store = store
        self._feasibility = feasibility
        self._folder = home / "questions"

    def list(self) -> list[Question]:
        """Return every question, by id."""
        return self._diagnostics.questions()

    def get(self, question_id: str) -> QuestionDetails:
        """Return a question with its feasibility count.

        Raises:
            NotFound: there is no such question.
        """
        try:
            question = self._diagnostics.question(question_id)
        except ModelsNotFound as exc:
            raise NotFound from exc
        count = self._feasibility.weekly(
            question.id, lambda: self._count_people(needed_categories(question))
        )
        return QuestionDetails(
            question=question,
            people=count.count if count.count >= MIN_COHORT else None,
            counted_on=count.day,
            next_count_on=count.next_day,
            kinds={code: self._kind(question, code, count.count) for code in question.categories},
        )

    def _kind(self, question: Question, category: str, people: int) -> int | None:
        """Return how many eligible people have records of a category; no record is opened."""
        needed = (*needed_categories(question), category)
        name = hashlib.sha256(f"{question.id} {category}".encode()).hexdigest()
        count = self._feasibility.weekly(
            name, lambda: self._count_people(tuple(dict.fromkeys(needed)))
        )
        is_hidden = is_small(count.count) or is_small(people - count.count)
        return None if is_hidden else min(count.count, people)

    def _count_people(self, categories: Sequence[str]) -> int:
        subjects = self._store.list_subjects_with(categories)
        return len(set(self._store.persons(subjects).values()))

    def make_dummy(self, question_id: str) -> DummyData:
        """Return dummy data of a question, to try code before asking for a real copy.

        Raises:
            NotFound: there is no such question.
        """
        try:
            content = self._diagnostics.dummy(question_id)
        except ModelsNotFound as exc:
            raise NotFound from exc
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
            ModelsInvalid (models): the file is not a valid question.
        """
        question = Question.load(file)
        self._folder.mkdir(exist_ok=True)
        shutil.copyfile(file, self._folder / f"{question.id}.toml")
        return question
