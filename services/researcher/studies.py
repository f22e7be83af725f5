"""A researcher's studies: their state, and their requests to patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import Diagnostics, Model, Question
from services.errors import NotFound
from services.parties import study_name
from services.requests import ACCEPTED, ConsentRequests, FeasibilityCounts, Proposal
from services.requests.reach import StudyReach
from services.researcher.owned_studies import OwnedStudies
from storage import RecordStore


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
    def model_ids(self) -> list[str]:
        """The ids of its models."""
        return [model.id for model in self.models]

    @property
    def active_models(self) -> int:
        """How many of its models make predictions."""
        return sum(model.state == "active" for model in self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDetails(StudySummary):
    """A study with its question; `is_over` after its end."""

    question: Question
    is_over: bool


class Studies:
    """The studies of a researcher's party."""

    def __init__(  # noqa: PLR0913 - six ports, by keyword
        self,
        *,
        owned: OwnedStudies,
        requests: ConsentRequests,
        store: RecordStore,
        diagnostics: Diagnostics,
        feasibility: FeasibilityCounts,
        reach: StudyReach,
    ) -> None:
        self._reach = reach
        self._owned = owned
        self._requests = requests
        self._store = store
        self._diagnostics = diagnostics
        self._feasibility = feasibility

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

    def send_requests(self, party: str, account_id: str, name: str) -> StudyDetails:
        """Ask the people whom the custodian approved and who do not permit it yet.

        Nobody gets a second unanswered request, and nobody who refuses it gets any.

        Raises:
            NotFound: as `get`; or the study is not approved, or it is over.
        """
        study = self._owned.get_approved(party, name)
        if self._is_over(study):
            raise NotFound
        permitted = self._store.permitted_subjects(study.study, study.purpose)
        reached = self._reach.subjects(study)
        subjects = [subject for subject in reached if subject not in permitted]
        self._requests.send(study.request_details(), subjects, account_id)
        return self.get(party, name)

    def _is_over(self, study: Proposal) -> bool:
        return study.until_s <= self._diagnostics.clock()

    def _summary(self, study: Proposal) -> StudySummary:
        counts = self._requests.count_by_state(study.study)
        stable = self._feasibility.stable
        return StudySummary(
            study=study,
            people_asked=stable(f"{study.study} asked", sum(counts.values())),
            people_agreed=stable(f"{study.study} yes", counts[ACCEPTED]),
            models=self._owned.models([study]),
        )
