"""The cohort of a study as it grows, and training a model on it with live progress."""

from __future__ import annotations

from flask import Response

from consent import ConsentError
from services.researcher import training
from services.researcher.own import slug
from services.researcher.standing import standing
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import told

SLOW_S = 10


def cohort(visit: Visit) -> Response:
    """Who is in, who is not, and why?"""
    one, researcher = mine.study(visit), mine.researcher(visit)
    try:
        found, view = standing(researcher, one), visit.platform.ledger.view()
    except ConsentError:
        title, said = visit.words("cohort-title"), visit.words("cohort-none")
        return visit.show("researcher/told.html", title=title, said=said, back_to=slug(one))
    may_say = found.told()
    permitted = told(visit, found.permitted)
    if may_say.at_least:
        permitted = visit.words("cohort-at-least", count=visit.words.number(may_say.at_least))
    return visit.show(
        "researcher/cohort.html",
        title=visit.words("cohort-title"),
        one=one,
        slug=slug(one),
        found=found,
        asked=told(visit, found.asked),
        permitted=permitted,
        everybody=told(visit, found.all_permitted),
        reasons=[
            (visit.words(f"cohort-reason-{name}"), told(visit, count))
            for name, count in may_say.reasons.items()
        ],
        is_enough=found.is_enough,
        view=view,
        job=training.under_way(researcher, one),
    )


def train(visit: Visit) -> Response:
    """Have the worker train a model; one that is under way is shown instead."""
    one = mine.study(visit)
    job = training.train(mine.researcher(visit), one)
    return visit.go(f"/researcher/studies/{slug(one)}/jobs/{job.id}")


def progress(visit: Visit) -> Response:
    """How far is it? The same after a reload; when it is done, the model's own page."""
    one = mine.study(visit)
    job = mine.researcher(visit).job(one, visit.names["job"])
    model = job.result.get("model") if job.result else None
    if model and not visit.is_fragment:
        return visit.go(f"/researcher/models/{model}")
    return visit.show(
        "researcher/progress_part.html" if visit.is_fragment else "researcher/progress.html",
        title=visit.words("model-title"),
        slug=slug(one),
        job=job,
        is_over=not job.is_active,
        model=model,
        is_slow=visit.platform.clock() - job.requested_at_s > SLOW_S,
    )


def stop(visit: Visit) -> Response:
    """Stop a job; one that is over stays as it is."""
    one = mine.study(visit)
    job = mine.researcher(visit).job(one, visit.names["job"])
    visit.platform.jobs.cancel(job.id)
    return visit.go(f"/researcher/studies/{slug(one)}/jobs/{job.id}")
