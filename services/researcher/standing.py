"""Counts whom a study asked and who permits it, as it may be told; sends its request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import MIN_COHORT, ModelsNotFound, Question
from services import errors
from services.requests import (
    ACCEPTED,
    APPROVED,
    DECLINED,
    LAPSED,
    WAITING,
    Proposal,
    RequestDetails,
)
from services.requests.feasibility import FeasibilityCount
from services.requests.suppression import SuppressedCounts, suppress_counts
from services.researcher.own import Researcher


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """Whom a study asked and who permits it; a person counts once."""

    asked: int
    permitted: int
    reasons: dict[str, int]
    all_permitted: int

    @property
    def is_enough(self) -> bool:
        """True if a cohort can be made of those who permit it."""
        return self.all_permitted >= MIN_COHORT

    def told(self) -> SuppressedCounts:
        """Return what may be told of those who were asked."""
        return suppress_counts(self.asked, self.permitted, self.reasons)


def feasible(researcher: Researcher, question_id: str) -> tuple[Question, FeasibilityCount]:
    """Return a question and how many may fit: frozen for a week, the same number for everyone.

    Raises:
        NotFound: there is no such question.
    """
    try:
        found = researcher.platform.diagnostics.question(question_id)
    except ModelsNotFound as exc:
        raise errors.NotFound from exc
    platform = researcher.platform
    return found, platform.asking.feasibility.weekly(
        found.id, lambda: len(platform.store.list_subjects_with(_needed(found)))
    )


def asked_and_agreed(researcher: Researcher, one: Proposal) -> tuple[int, int]:
    """Return how many people a study asked and how many said yes, steadily."""
    counts = researcher.platform.asking.requests.count_by_state(one.study)
    return (
        researcher.steady(f"{one.study} asked", sum(counts.values())),
        researcher.steady(f"{one.study} yes", counts[ACCEPTED]),
    )


def standing(researcher: Researcher, one: Proposal) -> StudyCounts:
    """Return the counts as they may be told now: none moves by fewer than 11 people.

    Raises:
        ConsentError: permissions cannot be checked now.
    """
    asking = researcher.platform.asking
    counts = asking.requests.count_by_state(one.study)
    permitted = researcher.platform.store.permitted_subjects(one.study, one.purpose)
    asked = asking.requests.list_subjects(one.study)
    inside = sum(subject in permitted for subject in asked)
    live = {
        "no-answer": counts[WAITING] + counts[LAPSED],
        "said-no": counts[DECLINED],
        "withdrew": max(0, counts[ACCEPTED] - inside),
    }
    reasons = {name: researcher.steady(f"{one.study} {name}", n) for name, n in live.items()}
    held = researcher.steady(f"{one.study} permitted", inside)
    everybody = researcher.steady(f"{one.study} everybody", len(permitted))
    return StudyCounts(held + sum(reasons.values()), held, reasons, everybody)


def send(researcher: Researcher, one: Proposal) -> None:
    """Ask everybody who is eligible and has not been asked; twice pressed asks nobody twice.

    Raises:
        NotFound: the study is not approved, or it is over.
    """
    platform = researcher.platform
    if one.state != APPROVED or one.until_s <= platform.clock():
        raise errors.NotFound
    wanted = RequestDetails(
        party=one.study,
        kind="study",
        purposes=(one.purpose,),
        categories=one.categories,
        data_from=one.data_from,
        data_to=one.data_to,
        days=one.days,
        condition=one.condition,
        wants_copy=one.wants_copy,
    )
    permits = platform.store.permitted_subjects(one.study, one.purpose)
    people = platform.store.list_subjects_with(_needed(platform.diagnostics.question(one.question)))
    asked = [who for who in people if who not in permits]
    platform.asking.requests.send(wanted, asked, researcher.id)


def _needed(question: Question) -> Sequence[str]:
    return (*question.required, question.label.category)
