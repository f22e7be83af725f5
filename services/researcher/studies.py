"""A researcher's studies: their state, and their requests to patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attrs import define

from models import Diagnostics, Model, Question
from services.cards import IN_SERVICE
from services.errors import NotFound
from services.parties import study_name
from services.requests import ACCEPTED, ConsentRequests, FeasibilityCounts, Proposal
from services.requests.descriptions import RequestDescriptions, RequestText
from services.requests.reach import StudyReach
from services.requests.suppression import find_bound
from services.researcher.owned_studies import OwnedStudies
from services.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySummary:
    """A study, how many people it asked and how many agreed; both counts move in steps of 11.

    Attributes:
        models: of the study, the newest first.
    """

    study: Proposal
    people_asked: int
    people_agreed: int
    models: Sequence[Model]

    @property
    def name(self) -> str:
        """The study's name in addresses."""
        return study_name(self.study.study)

    @property
    def agreed_at_least(self) -> int:
        """What is shown in place of `people_agreed` where few others were asked; or 0."""
        return find_bound(self.people_asked, self.people_agreed)

    @property
    def model_ids(self) -> list[str]:
        """The ids of its models."""
        return [model.id for model in self.models]

    @property
    def models_in_use(self) -> int:
        """How many of its models make predictions; one that is to be replaced still does."""
        return sum(model.state in IN_SERVICE for model in self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDetails(StudySummary):
    """A study with its question; `is_over` after its end."""

    question: Question
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPreview:
    """What a study sends, before it is sent.

    Attributes:
        text: as patients will read it, in the caller's language.
        people: at most how many receive it; the count moves in steps of 11.
        categories: without which nobody is asked.
    """

    study: Proposal
    text: RequestText
    people: int
    categories: Sequence[str]

    @property
    def name(self) -> str:
        """The study's name in addresses."""
        return study_name(self.study.study)


@define(eq=False, repr=False, kw_only=True)
class Studies:
    """The studies of a researcher's party."""

    _owned: OwnedStudies
    _requests: ConsentRequests
    _reach: StudyReach
    _descriptions: RequestDescriptions
    _diagnostics: Diagnostics
    _feasibility: FeasibilityCounts

    def list(self, party: str) -> Sequence[StudySummary]:
        """Return the studies of a party, the newest first."""
        return [self._summary(study) for study in self._owned.list(party)]

    def get(self, party: str, name: str) -> StudyDetails:
        """Return a study of a party.

        Raises:
            NotFound: there is none, or it is another party's.
        """
        study = self._owned.get(party, name)
        summary = self._summary(study)
        return StudyDetails(
            study=study,
            people_asked=summary.people_asked,
            people_agreed=summary.people_agreed,
            models=summary.models,
            question=self._diagnostics.question(study.question),
            is_over=self._is_over(study),
        )

    def preview_request(self, party: str, name: str, words: Words) -> RequestPreview:
        """Return what `send_requests` would send, and to how many people at most.

        Raises:
            NotFound: as `send_requests`.
            LedgerUnavailable (consent): permissions cannot be checked now.
        """
        study = self._get_open(party, name)
        people = len(self._reach.not_permitting(study))
        return RequestPreview(
            study=study,
            text=self._descriptions.describe(words, study.request_details()),
            people=self._feasibility.of_study(study.study, "to ask", people),
            categories=self._reach.categories(study),
        )

    def send_requests(self, party: str, account_id: str, name: str) -> StudyDetails:
        """Ask the people whom the custodian approved and who do not permit it yet.

        Nobody gets a second unanswered request, and nobody who refuses it gets any.

        Raises:
            NotFound: as `get`; or the study is not approved, or it is over.
            LedgerUnavailable (consent): permissions cannot be checked now.
        """
        study = self._get_open(party, name)
        subjects = self._reach.not_permitting(study)
        self._requests.send(study.request_details(), subjects, account_id)
        return self.get(party, name)

    def _get_open(self, party: str, name: str) -> Proposal:
        study = self._owned.get_approved(party, name)
        if self._is_over(study):
            raise NotFound
        return study

    def _is_over(self, study: Proposal) -> bool:
        return study.until_s <= self._diagnostics.clock()

    def _summary(self, study: Proposal) -> StudySummary:
        counts = self._requests.count_by_state(study.study)
        people, to_ask = sum(counts.values()), f"{study.study} to ask"
        return StudySummary(
            study=study,
            people_asked=self._feasibility.leavers(f"{study.study} asked", people, [to_ask]),
            people_agreed=self._feasibility.of_study(study.study, "yes", counts[ACCEPTED]),
            models=self._owned.models([study]),
        )
