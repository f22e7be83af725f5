"""Has the worker train a study's models, and says what withdrawals did to each."""

from __future__ import annotations

from models import Model
from services import errors
from services.jobs.queue import ACTIVE, Job
from services.requests import APPROVED, Proposal
from services.researcher.own import Researcher


def train(researcher: Researcher, one: Proposal) -> Job:
    """Return the job that trains a model of a study; one that is under way goes on.

    Raises:
        NotFound: the study is not approved.
    """
    if one.state != APPROVED:
        raise errors.NotFound
    arguments = {"study": one.study, "question": one.question}
    return researcher.platform.jobs.enqueue("train", arguments, one.study)


def retrain(researcher: Researcher, model: Model) -> Job:
    """Return the job that trains a successor on what is permitted now, or that is under way."""
    return researcher.platform.jobs.enqueue("retrain", {"model": model.id}, model.study)


def under_way(researcher: Researcher, one: Proposal) -> Job | None:
    """Return the newest job of a study that is not over; None if there is none."""
    jobs = researcher.platform.jobs.newest(requested_by=one.study, states=ACTIVE, limit=1)
    return jobs[0] if jobs else None


def gone_from(researcher: Researcher, model: Model) -> int:
    """Return how many withdrew of whom a model learned, as it may be told.

    That somebody did is told at once, though not how many: the count stays what it was when it was
    first looked at until it changes by eleven: 0, often.
    """
    platform = researcher.platform
    consents = {
        bytes.fromhex(line.consent) for line in platform.diagnostics.manifest(model.id).lines
    }
    gone = len(set(platform.ledger.find_ended(sorted(consents))))
    return researcher.steady(f"{model.id} gone", gone) or min(gone, 1)
