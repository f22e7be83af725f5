"""Builds questions on a page: their text, their dummy data, and the installed file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attrs import define

from models import Diagnostics, Question
from models.dummy import create_dummy
from models.question_choices import QuestionChoices, write_question
from records import DeclarationInvalid
from services.errors import Invalid
from services.jobs.queue import Job
from services.requests.count_budget import RemainingCounts
from services.requests.question_drafts import QuestionDraft, QuestionDrafts, StoredCount
from services.researcher.counting import CodeSearch, PeopleCounting
from services.researcher.questions import DummyData

MAX_FEATURES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDetails:
    """A question that is being built.

    Attributes:
        text: the question as TOML, the same as in a file.
        question: as it is read; None while it is incomplete.
        problem: why it cannot be read; "" if it can.
        stored_count: of exactly this text; None if it has not been counted, or while the custodian
            lets nobody be counted.
        job: the newest that counts its people; None before the first.
        remaining: how many counts the organisation has left; None while nobody may be counted.
    """

    draft: QuestionDraft
    text: str
    question: Question | None
    problem: str
    stored_count: StoredCount | None
    job: Job | None
    remaining: RemainingCounts | None

    @property
    def is_counting(self) -> bool:
        """Whether its people are being counted now."""
        return self.job is not None and self.job.is_active


@define(eq=False, repr=False, kw_only=True)
class QuestionBuilder:
    """The questions that a party's researchers build before they propose a study.

    NotFound is raised for a question that does not exist or is another party's.
    """

    _drafts: QuestionDrafts
    _counting: PeopleCounting
    _diagnostics: Diagnostics
    _home: Path

    def search_codes(self, text: str) -> CodeSearch:
        """Return the codes to choose from that have every word of the text."""
        return self._counting.search(text, self._diagnostics.questions())

    def list(self, party: str) -> Sequence[QuestionDraft]:
        """Return the questions that a party builds, the last changed first."""
        return self._drafts.list(party)

    def add(self, party: str, account: str, choices: QuestionChoices) -> DraftDetails:
        """Store a new question and return it.

        Raises:
            Invalid: it has more than 60 inputs.
        """
        _require_size(choices)
        return self._details(self._drafts.add(party, account, choices))

    def change(
        self, party: str, identity: str, account: str, choices: QuestionChoices
    ) -> DraftDetails:
        """Replace the choices of a question and return it.

        Raises:
            Invalid: as `add`.
        """
        _require_size(choices)
        return self._details(self._drafts.change(party, identity, account, choices))

    def get(self, party: str, identity: str) -> DraftDetails:
        """Return a question of a party."""
        return self._details(self._drafts.get(party, identity))

    def delete(self, party: str, identity: str) -> None:
        """Delete a question that is being built; an installed one stays."""
        self._drafts.delete(party, identity)

    def count(self, party: str, identity: str) -> DraftDetails:
        """Have the people of a question counted by the worker, unless they are counted already.

        Raises:
            Invalid: the question is incomplete.
            CountingOff, CountsUsedUp, TooManyRequests: see `PeopleCounting.start`.
        """
        self._counting.start(self._drafts.get(party, identity), self._complete(party, identity))
        return self.get(party, identity)

    def make_dummy(self, party: str, identity: str) -> DummyData:
        """Return dummy data of a question, made from the question alone.

        Raises:
            Invalid: as `count`.
        """
        question = self._complete(party, identity)
        return DummyData(name=f"{question.id}-dummy.zip", content=create_dummy(question))

    def install(self, party: str, identity: str) -> Question:
        """Make a question one that studies can be proposed for; the same again changes nothing.

        Raises:
            Invalid: the question is incomplete, or another question has its id.
        """
        question = self._complete(party, identity)
        if not self._is_installed(question):
            try:
                self._write(question)
            except FileExistsError:  # another researcher was first, with this id
                self._is_installed(question)
        return question

    def _is_installed(self, question: Question) -> bool:
        installed = {each.id: each.sha256 for each in self._diagnostics.questions()}
        if installed.get(question.id, question.sha256) != question.sha256:
            problem = f"{question.id} is the id of another question. Choose another id."
            raise Invalid.of("id", problem)
        return question.id in installed

    def _write(self, question: Question) -> None:
        """Write the file as a whole; a file of that name stays."""
        folder = self._home / "questions"
        folder.mkdir(exist_ok=True)
        part = folder / f"{question.id}.{secrets.token_hex(8)}"
        with part.open("x", encoding="utf-8") as file:
            file.write(question.text)
            file.flush()
            os.fsync(file.fileno())
        try:
            (folder / f"{question.id}.toml").hardlink_to(part)
        finally:
            part.unlink()

    def _complete(self, party: str, identity: str) -> Question:
        details = self.get(party, identity)
        if details.question is None:
            raise Invalid.of("question", details.problem)
        return details.question

    def _details(self, draft: QuestionDraft) -> DraftDetails:
        text = write_question(draft.choices)
        question, problem = None, ""
        try:
            question = Question.parse(text, "question")
        except DeclarationInvalid as exc:
            problem = str(exc)
        stored = draft.stored_count
        is_same = stored is not None and question is not None and stored.sha256 == question.sha256
        is_allowed = self._counting.is_allowed
        return DraftDetails(
            draft=draft,
            text=text,
            question=question,
            problem=problem,
            stored_count=stored if is_same and is_allowed else None,
            job=self._counting.find_job(draft),
            remaining=self._counting.remaining(draft.party) if is_allowed else None,
        )


def _require_size(choices: QuestionChoices) -> None:
    if len(choices.features) > MAX_FEATURES:
        problem = f"{len(choices.features)} inputs: at most {MAX_FEATURES} are possible."
        raise Invalid.of("features", problem)
