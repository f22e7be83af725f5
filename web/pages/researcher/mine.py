"""What is a researcher's own: the studies of their organisation, and the models of these."""

from __future__ import annotations

from models import Model, NotFound
from web import errors
from web.asking import Proposal
from web.asking.suppression import is_small
from web.jobs import Job
from web.pages.page import Visit

MOST_TEXT = 4_000


def studies(visit: Visit) -> list[Proposal]:
    """Return the studies of the visitor's organisation, the newest first."""
    return visit.platform.asking.proposals.of_owner(visit.me.party)


def study(visit: Visit) -> Proposal:
    """Return the study that the path names.

    Raises:
        NotFound: there is none, or it is another organisation's.
    """
    found = visit.platform.asking.proposals.find(f"study:{visit.names['slug']}")
    if found is None or found.owner != visit.me.party:
        raise errors.NotFound
    return found


def slug(one: Proposal) -> str:
    """Return a study's name as it stands in addresses."""
    return one.study.removeprefix("study:")


def model(visit: Visit) -> Model:
    """Return the model that the path names, of one's own studies.

    Raises:
        NotFound: there is none, or it is another organisation's.
    """
    try:
        found = visit.platform.diagnostics.model(visit.names["id"])
    except NotFound as exc:
        raise errors.NotFound from exc
    if found.study not in {one.study for one in studies(visit)}:
        raise errors.NotFound
    return found


def models_of(visit: Visit, study_id: str) -> list[Model]:
    """Return a study's models, the newest first."""
    found = [one for one in visit.platform.diagnostics.models() if one.study == study_id]
    return found[::-1]


def job(visit: Visit, one: Proposal) -> Job:
    """Return a job of this study.

    Raises:
        NotFound: there is none of this id, or it is another's.
    """
    found = visit.platform.jobs.find(visit.names["job"])
    if found is None or found.asked_by != one.study:
        raise errors.NotFound
    return found


def told(visit: Visit, count: int) -> str:
    """Return a count in words; 1 to 10 is never told."""
    return visit.words("few") if is_small(count) else visit.words.number(count)


def steadily(visit: Visit, name: str, count: int) -> str:
    """Return a live count in words that no two looks can be compared by."""
    return told(visit, visit.platform.asking.feasibility.steady(name, count))
