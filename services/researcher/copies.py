"""Training sets: what one gets with which duties, taking one, and whose rows must go."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from models import Model, Release, ReleaseRequest
from services import errors
from services.requests import APPROVED, Proposal
from services.requests.copies import NewCopy, ReleasedCopy
from services.researcher.own import Researcher

PURPOSE = "HRESCH"
DAY_S = 86_400
MOST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Notice:
    """One copy that left: how many left it since (as it may be told), and whether it must go."""

    study: Proposal
    taken: ReleasedCopy
    gone: int
    is_due: bool


def require_copy(researcher: Researcher, name: str) -> Proposal:
    """Return the study of this name, which may have copies.

    Raises:
        NotFound: there is none, it is another's, not approved, or asks for no copy.
    """
    one = researcher.study(name)
    if one.state != APPROVED or not one.wants_copy:
        raise errors.NotFound
    return one


def people_of(researcher: Researcher, one: Proposal) -> int:
    """Return how many permit a copy, steadily."""
    permitted = researcher.platform.store.permitted_subjects(one.study, PURPOSE)
    return researcher.steady(f"{one.study} copies", len(permitted))


def ends_at_s(researcher: Researcher, one: Proposal) -> int:
    """Return until when a copy that is taken now may be kept."""
    return min(one.until_s, int(researcher.platform.clock()) + MOST_DAYS * DAY_S)


def take(researcher: Researcher, one: Proposal) -> Release:
    """Make the set of those who permit a copy now; it is written down before it leaves.

    Raises:
        BadlyAsked (models): too few permit a copy, or the study is over.
    """
    sets, end_s = researcher.platform.asking.copies, ends_at_s(researcher, one)
    release = sets.release_name(one.study)
    ends_on = datetime.datetime.fromtimestamp(end_s, datetime.UTC).date().isoformat()
    before = tuple({name for old in sets.list_by_study(one.study) for name in old.pseudonyms})
    asked = ReleaseRequest(one.study, release, ends_on, f"researcher:{researcher.id}", before)
    made = researcher.platform.diagnostics.release(one.question, asked)
    sets.add(NewCopy(one.study, release, researcher.id, end_s), made.names)
    return made


def notices(researcher: Researcher) -> tuple[list[Notice], list[Model]]:
    """Return every copy that left, and the models that withdrawals touched and nobody replaced."""
    studies, now_s = researcher.studies(), researcher.platform.clock()
    found = []
    for one in studies:
        for taken in researcher.platform.asking.copies.list_by_study(one.study):
            gone = _gone(researcher, one, taken)
            is_due = taken.deleted_at_s is None and (gone > 0 or taken.ends_at_s <= now_s)
            told = researcher.steady(f"{taken.id} gone", gone)
            found.append(Notice(one, taken, told, is_due))
    return found, [one for one in researcher.models(studies) if one.state == "affected"]


def confirm(researcher: Researcher, set_id: str) -> bool:
    """Write down that a copy is deleted, which its patients are told; False if it is not theirs."""
    sets = researcher.platform.asking.copies
    return any(sets.confirm_deletion(one.study, set_id) for one in researcher.studies())


def _gone(researcher: Researcher, one: Proposal, taken: ReleasedCopy) -> int:
    """Return how many people of a copy permit it no more."""
    store = researcher.platform.store
    name = store.pseudonyms(f"release {one.study} {taken.release}")
    still = {name(subject).hex()[:32] for subject in store.permitted_subjects(one.study, PURPOSE)}
    return len(set(taken.pseudonyms) - still)
