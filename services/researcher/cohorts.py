"""How many people a study asked, and how many permit it, in counts that are safe to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from attrs import define

from consent import ConsentLedger, View
from models import MIN_COHORT
from services.requests import (
    ACCEPTED,
    DECLINED,
    LAPSED,
    WAITING,
    ConsentRequests,
    FeasibilityCounts,
    Proposal,
)
from services.requests.suppression import SuppressedCounts, find_bound, suppress_counts
from services.researcher.owned_studies import OwnedStudies
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortCounts:
    """The people of a study, each counted once; every count moves in steps of 11 or more.

    Attributes:
        permitted: how many of them permit the study.
        reasons: how many of them do not, by reason.
        all_permitted: how many people permit it, asked or not.
    """

    study: Proposal
    people_asked: int
    permitted: int
    reasons: Mapping[str, int]
    all_permitted: int
    view: View

    @property
    def is_enough(self) -> bool:
        """Whether a model can be trained on the people who permit it."""
        return self.all_permitted >= MIN_COHORT

    @property
    def is_at_least(self) -> bool:
        """Whether only a lower bound of the people who permit it may be shown."""
        return self.suppressed.at_least > 0

    @property
    def all_at_least(self) -> int:
        """What is shown in place of `all_permitted`, which else would tell who does not; or 0."""
        return find_bound(self.people_asked, self.all_permitted)

    @property
    def suppressed(self) -> SuppressedCounts:
        """The counts of the people asked, as they may be shown."""
        return suppress_counts(self.people_asked, self.permitted, self.reasons)


@define(eq=False, repr=False, kw_only=True)
class StudyCohorts:
    """Cohort counts of a researcher's studies."""

    _owned: OwnedStudies
    _requests: ConsentRequests
    _store: RecordStore
    _ledger: ConsentLedger
    _feasibility: FeasibilityCounts

    def get(self, party: str, name: str) -> CohortCounts:
        """Return the counts of a study; no record is opened.

        Raises:
            NotFound: there is no such study, or it is another party's.
            ConsentError (consent): permissions cannot be checked now.
        """
        study = self._owned.get(party, name)
        permitted = self._store.permitted_subjects(study.study, study.purpose)
        everybody = len(set(self._store.persons(permitted).values()))
        states = self._requests.list_states(study.study)
        # Who permits the study counts as that, also if the newest request has no answer.
        counts = Counter(state for subject, state in states.items() if subject not in permitted)
        permitting = len(states) - counts.total()
        live = {
            "no-answer": counts[WAITING] + counts[LAPSED],
            "said-no": counts[DECLINED],
            "withdrew": counts[ACCEPTED],
        }
        reasons = {reason: self._stable(study, reason, count) for reason, count in live.items()}
        stable = self._stable(study, "permitted", permitting)
        return CohortCounts(
            study=study,
            people_asked=stable + sum(reasons.values()),
            permitted=stable,
            reasons=reasons,
            all_permitted=self._stable(study, "everybody", everybody),
            view=self._ledger.view(),
        )

    def _stable(self, study: Proposal, name: str, count: int) -> int:
        return self._feasibility.of_study(study.study, name, count)
