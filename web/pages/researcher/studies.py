"""Questions and studies: proposals, requests to patients, cohort counts."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from consent import ConsentError
from models import MIN_COHORT
from services.errors import Invalid
from services.parties import study_name
from services.requests.wording import format_day
from services.researcher.cohorts import CohortCounts
from services.researcher.proposing import PERMISSION_DAYS, TEXTS, StudyDraft
from services.tokens import RESEARCHER
from web.current import current_account, services, words
from web.pages.forms import date_in, first_errors
from web.pages.guard import render, see_other
from web.pages.researcher.counts import count_text
from web.responses import ZIP, download_response
from web.view_options import requires_role

bp = Blueprint("researcher_studies", __name__)


@bp.get("/researcher")
@requires_role(RESEARCHER)
def start() -> Response:
    """Show the researcher's studies."""
    return render(
        "researcher/start.html",
        title=words()("menu-researcher"),
        studies=services().researcher.studies.list(current_account().party),
        count_text=count_text,
    )


@bp.get("/researcher/questions")
@requires_role(RESEARCHER)
def questions() -> Response:
    """Show every installed question."""
    return render(
        "researcher/questions.html",
        title=words()("menu-questions"),
        questions=services().researcher.questions.list(),
    )


@bp.get("/researcher/questions/<id>")
@requires_role(RESEARCHER)
def question(id: str) -> Response:
    """Show a question, and how many people may fit."""
    details = services().researcher.questions.get(id)
    return render(
        "researcher/question.html",
        title=details.question.title,
        question=details.question,
        people=details.people,
        min_cohort=MIN_COHORT,
        counted_on=format_day(words(), details.counted_on),
        next_count_on=format_day(words(), details.next_count_on),
    )


@bp.get("/researcher/questions/<id>/dummy")
@requires_role(RESEARCHER)
def dummy(id: str) -> Response:
    """Return dummy data in the layout of a copy."""
    file = services().researcher.questions.make_dummy(id)
    return download_response(file.content, file.name, ZIP)


@bp.get("/researcher/studies/new")
@requires_role(RESEARCHER)
def proposal_form() -> Response:
    """Show the form that proposes a study."""
    return _proposal_form({})


@bp.post("/researcher/studies/new")
@requires_role(RESEARCHER)
def propose() -> Response:
    """Propose a study, or show what is missing."""
    form = request.form
    draft = StudyDraft(
        texts={name: form.get(name, "") for name in TEXTS},
        question=form.get("question", ""),
        days={str(days): days for days in PERMISSION_DAYS}.get(form.get("days", ""), 0),
        ends_on=date_in(form, "end"),
        wants_copy=form.get("copy") == "yes",
    )
    try:
        study = services().researcher.proposing.propose(current_account().party, draft, words())
    except Invalid as exc:
        return _proposal_form(first_errors(exc, ends_on="end"))
    return see_other(f"/researcher/studies/{study_name(study.study)}")


@bp.get("/researcher/studies/<slug>")
@requires_role(RESEARCHER)
def study(slug: str) -> Response:
    """Show a study, its state and its models."""
    details = services().researcher.studies.get(current_account().party, slug)
    return render(
        "researcher/study.html",
        title=details.study.title,
        details=details,
        study=details.study,
        runs=services().researcher.study_runs.list(current_account().party, slug),
        asked=count_text(details.people_asked),
        custodian=services().information.operator_name(),
        is_sent="sent" in request.args,
    )


@bp.post("/researcher/studies/<slug>/request")
@requires_role(RESEARCHER)
def send_requests(slug: str) -> Response:
    """Ask everyone eligible who does not permit it; nobody gets a second unanswered request."""
    account = current_account()
    services().researcher.studies.send_requests(account.party, account.id, slug)
    return see_other(f"/researcher/studies/{slug}?sent=yes")


@bp.get("/researcher/studies/<slug>/cohort")
@requires_role(RESEARCHER)
def cohort(slug: str) -> Response:
    """Show who permits a study, and by reason who does not."""
    party, title = current_account().party, words()("cohort-title")
    try:
        counts = services().researcher.cohorts.get(party, slug)
    except ConsentError:
        message = words()("cohort-none")
        return render("researcher/message.html", title=title, message=message, slug=slug)
    return render(
        "researcher/cohort.html",
        title=title,
        slug=slug,
        counts=counts,
        permitted=_permitted(counts),
        reasons=[
            (words()(f"cohort-reason-{reason}"), count_text(count))
            for reason, count in counts.suppressed.reasons.items()
        ],
        count_text=count_text,
        min_cohort=MIN_COHORT,
        job=services().researcher.models.active_job(party, slug),
    )


def _permitted(counts: CohortCounts) -> str:
    if counts.is_at_least:
        return words()("cohort-at-least", count=words().number(counts.suppressed.at_least))
    return count_text(counts.permitted)


def _proposal_form(errors: Mapping[str, str]) -> Response:
    say = words()
    choose = ("", say("ask-choose"))
    installed = services().researcher.questions.list()
    return render(
        "researcher/new.html",
        title=say("researcher-register"),
        questions=[choose, *((question.id, question.title) for question in installed)],
        days=[choose, *((str(days), say("days-of", days=days)) for days in PERMISSION_DAYS)],
        errors=errors,
        values=request.form or request.args,
        status=422 if errors else 200,
    )
