"""The cohort of a study as it grows, and training a model on it with live progress."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from consent import ConsentError
from web import errors
from web.asking import ACCEPTED, APPROVED, DECLINED, LAPSED, WAITING, Proposal
from web.asking.suppression import of_asked
from web.jobs import OVER
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import told

LEAST = 50
SLOW_S = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom a study asked and who permits it; a person counts once."""

    asked: int
    permitted: int
    reasons: dict[str, int]
    all_permitted: int


def cohort(visit: Visit) -> Response:
    """Who is in, who is not, and why?"""
    one = mine.study(visit)
    try:
        found, view = _standing(visit, one), visit.platform.law.view()
    except ConsentError:
        title, said = visit.words("cohort-title"), visit.words("cohort-none")
        return visit.show("researcher/told.html", title=title, said=said, back_to=mine.slug(one))
    may_say = of_asked(found.asked, found.permitted, found.reasons)
    permitted = told(visit, found.permitted)
    if may_say.at_least:
        permitted = visit.words("cohort-at-least", count=visit.words.number(may_say.at_least))
    return visit.show(
        "researcher/cohort.html",
        title=visit.words("cohort-title"),
        one=one,
        slug=mine.slug(one),
        found=found,
        asked=told(visit, found.asked),
        permitted=permitted,
        everybody=told(visit, found.all_permitted),
        reasons=[
            (visit.words(f"cohort-reason-{name}"), told(visit, count))
            for name, count in may_say.reasons.items()
        ],
        is_enough=found.all_permitted >= LEAST,
        view=view,
    )


def train(visit: Visit) -> Response:
    """Have the worker train a model; one that is under way is shown instead."""
    one = mine.study(visit)
    if one.state != APPROVED:
        raise errors.NotFound
    arguments = {"study": one.study, "question": one.question}
    jobs = visit.platform.jobs
    alive = [
        one
        for one in jobs.all()
        if (one.kind, one.arguments) == ("train", arguments) and one.state not in OVER
    ]
    job = alive[0] if alive else jobs.add("train", arguments, one.study)
    return visit.go(f"/researcher/studies/{mine.slug(one)}/jobs/{job.id}")


def progress(visit: Visit) -> Response:
    """How far is it? The same after a reload; when it is done, the model's own page."""
    one = mine.study(visit)
    job = mine.job(visit, one)
    model = job.result.get("model") if job.result else None
    if model and not visit.is_fragment:
        return visit.go(f"/researcher/models/{model}")
    return visit.show(
        "researcher/progress_part.html" if visit.is_fragment else "researcher/progress.html",
        title=visit.words("model-title"),
        slug=mine.slug(one),
        job=job,
        is_over=job.state in OVER,
        model=model,
        is_slow=visit.platform.clock() - job.asked_at_s > SLOW_S,
    )


def stop(visit: Visit) -> Response:
    """Stop a job; one that is over stays as it is."""
    one = mine.study(visit)
    job = mine.job(visit, one)
    visit.platform.jobs.cancel(job.id)
    return visit.go(f"/researcher/studies/{mine.slug(one)}/jobs/{job.id}")


def _standing(visit: Visit, one: Proposal) -> Standing:
    """Return the counts as they may be told now: none moves by fewer than 11 people."""
    asking = visit.platform.asking
    counts = asking.requests.counts(one.study)
    permitted = visit.platform.safe.permitted(one.study, one.purpose)
    asked = asking.requests.asked_by(one.study)
    inside = sum(subject in permitted for subject in asked)
    live = {
        "no-answer": counts[WAITING] + counts[LAPSED],
        "said-no": counts[DECLINED],
        "withdrew": max(0, counts[ACCEPTED] - inside),
    }
    steady = asking.feasibility.steady
    reasons = {name: steady(f"{one.study} {name}", count) for name, count in live.items()}
    held = steady(f"{one.study} permitted", inside)
    everybody = steady(f"{one.study} everybody", len(permitted))
    return Standing(held + sum(reasons.values()), held, reasons, everybody)
