"""Counts people for questions that are being built, by the worker; each count is journalled."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from attrs import define

from consent import MLTRAINING, ConsentLedger
from models import Question
from models.census import Census
from models.counting import CodeSummary, count_people
from models.question_choices import write_question
from services.jobs.progress import Progress
from services.jobs.queue import ACTIVE, Job, JobQueue
from services.requests.censuses import Censuses, CensusOutdated, CodeList
from services.requests.count_budget import CountBudget, RemainingCounts
from services.requests.countable_people import CountablePeople
from services.requests.proposals import StudyProposals
from services.requests.question_drafts import QuestionDraft, QuestionDrafts, StoredCount
from storage import COUNTED, NOBODY, AccessRequest, RecordStore

COUNT: Final = "count-people"
CENSUS: Final = "take-census"
MAX_CODES: Final = 200
"""So many codes are listed at once; a search finds the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSearch:
    """The codes to choose from.

    Attributes:
        is_allowed: whether the custodian lets people be counted; nothing is listed otherwise.
        code_list: of the last census, with at most 200 codes that match; None before the first.
        matches: how many codes match.
        job: the census that is being taken; None if none is.
    """

    is_allowed: bool
    code_list: CodeList | None = None
    matches: int = 0
    job: Job | None = None


@define(eq=False, repr=False, kw_only=True)
class PeopleCounting:
    """The census that people are counted in, and the counts of questions that are being built."""

    _drafts: QuestionDrafts
    _censuses: Censuses
    _countable: CountablePeople
    _budget: CountBudget
    _jobs: JobQueue
    _store: RecordStore
    _ledger: ConsentLedger
    _proposals: StudyProposals

    @property
    def is_allowed(self) -> bool:
        """Whether the custodian lets people be counted now; no count is shown otherwise."""
        return self._countable.is_allowed

    def search(self, text: str, questions: Sequence[Question]) -> CodeSearch:
        """Return the codes whose code, name or category has every word of the text.

        A code that no sender names has its name in these questions.
        """
        if not self.is_allowed:
            return CodeSearch(is_allowed=False)
        active = self._jobs.find_newest(kind=CENSUS, states=ACTIVE)
        search = CodeSearch(is_allowed=True, job=active)
        known = self._censuses.find_codes()
        if known is None:
            return search
        words = text.lower().split()
        codes = [code for code in _named(known.codes, questions) if _has(code, words)]
        listed = replace(known, codes=codes[:MAX_CODES])
        return replace(search, code_list=listed, matches=len(codes))

    def take_census(self, party: str) -> Job:
        """Return the job that takes the census of this week, if there is none.

        Raises:
            CountingOff: the custodian does not allow it.
            TooManyRequests: the organisation and its studies requested four within an hour.
        """
        self._countable.require()
        return self._jobs.enqueue(CENSUS, {"of": "everybody"}, party, self._list_related(party))

    def run_census(self, _: str, progress: Progress) -> dict[str, Any]:
        """Take the census; return when. For the worker.

        A job's result outlives the custodian's permission to count, so it has no number of people.

        Raises:
            CountingOff: as `take_census`.
            LedgerUnavailable (consent), StorageUnavailable (storage): see `Censuses.get`.
        """
        census = self._get_census(progress)
        return {"taken_at_s": census.taken_at_s}

    def _get_census(self, progress: Progress) -> Census:
        """Return the census; one that was deleted while it was taken is taken once more."""
        self._countable.require()
        try:
            return self._censuses.get(progress)
        except CensusOutdated:
            self._countable.require()
            return self._censuses.get(progress)

    def start(self, draft: QuestionDraft, question: Question) -> None:
        """Have the people of a question counted, unless they are counted in this week's census.

        Raises:
            CountingOff: as `take_census`.
            CountsUsedUp: the organisation and its studies have taken all counts of this quarter.
            TooManyRequests: they requested 60 counts within an hour.
        """
        self._countable.require()
        stored = draft.stored_count
        is_same = stored is not None and stored.sha256 == question.sha256
        if is_same and stored and self._censuses.is_current(stored.taken_at_s):
            return
        self._budget.require(self._countable.owner_of(draft.party))
        related = self._list_related(draft.party)
        job = self._jobs.enqueue(COUNT, {"draft": draft.id}, draft.party, related)
        self._drafts.set_job(draft.party, draft.id, job.id)

    def remaining(self, party: str) -> RemainingCounts:
        """Return how many counts the organisation of a party and its studies have left."""
        return self._budget.remaining(self._countable.owner_of(party))

    def _list_related(self, party: str) -> list[str]:
        """Return the organisation of a party, and all its studies: they share one limit."""
        owner = self._countable.owner_of(party)
        return [owner, *(each.study for each in self._proposals.list_by_owner(owner))]

    def find_job(self, draft: QuestionDraft) -> Job | None:
        """Return the newest job that counts the people of a question, or None."""
        return self._jobs.find(draft.job) if draft.job else None

    def run_count(self, identity: str, progress: Progress) -> dict[str, Any]:
        """Count the people of a question and store the result; return its hash. For the worker.

        The count is taken from the organisation's counts of this quarter, and journalled with the
        hash of the question, before it can be read.

        Raises:
            NotFound: there is no such question.
            CountingOff: as `take_census`.
            CountsUsedUp: as `start`.
            DeclarationInvalid (records): the question is incomplete.
            LedgerUnavailable (consent), StorageUnavailable (storage): see `Censuses.get`.
        """
        draft = self._drafts.get_any(identity)
        question = Question.parse(write_question(draft.choices), "question")
        census = self._get_census(progress)
        progress("counting", 0, 1)
        refusing = self._countable.find_refusing(draft.party)
        # A name of its own: one made of who refuses would tell by the same number, or by the same
        # number of counts left, that nobody has refused since.
        name = secrets.token_hex(32)
        self._budget.spend(self._countable.owner_of(draft.party), name)
        count = count_people(question, census, refusing, self._censuses.noise, name)
        use = AccessRequest(
            party=draft.party,
            purpose=MLTRAINING,
            categories=None,
            custodian=None,
            subjects=[NOBODY],
            why=f"count for {question.id}",
            actor=draft.account,
            detail={"question": question.sha256},
        )
        self._store.vault.record_use(use, self._ledger.view(), COUNTED)
        # Counting may have been turned off meanwhile.
        self._countable.require()
        stored = StoredCount(sha256=question.sha256, taken_at_s=census.taken_at_s, count=count)
        self._drafts.set_count(identity, stored)
        return {"question": question.sha256}


def _named(codes: Sequence[CodeSummary], questions: Sequence[Question]) -> list[CodeSummary]:
    names = {
        feature.code: feature.words
        for question in questions
        if question.timeline is None
        for feature in question.features
    }
    return [code if code.name else replace(code, name=names.get(code.code, "")) for code in codes]


def _has(code: CodeSummary, words: Sequence[str]) -> bool:
    text = f"{code.code} {code.name} {code.category}".lower()
    return all(word in text for word in words)
