"""Questions and studies: proposals, requests to patients, cohort counts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from flask import Blueprint, Response, request

from consent import ConsentError
from models import MIN_COHORT, format_unit, is_small
from models.count_noise import LEAST_COHORT, MARGIN
from models.pseudonymised import DELETION_DAYS
from services.dates import day_of
from services.errors import Invalid, NotFound
from services.parties import study_name
from services.requests import RETURNED, Proposal
from services.requests.agreements import CopyAgreement
from services.requests.wording import format_day
from services.researcher.proposing import PERMISSION_DAYS, TEXTS, AgreementDraft, StudyDraft
from services.tokens import RESEARCHER
from storage import ACCEPTED_DUTIES
from web.current import current_account, services, words
from web.pages.forms import date_in, first_errors
from web.pages.guard import render, render_form, see_other
from web.pages.researcher.counts import count_text, part_text, steady_text
from web.responses import ZIP, download_response
from web.view_options import one_at_a_time, requires_role

FIELDS = (
    *("title", "question", "condition", "protocol", "board", "contact", "days", "end", "copy"),
    *("agreement-title", "agreement-text", "agreement-end", "key"),
)
"""The fields of the form that proposes a study, in its order."""

PSEUDONYMISED = "pseudonymised"
"""What the form sends for a pseudonymised copy; "yes" is an anonymised one."""

WHOLE = "whole"
"""What it sends for one with whole records."""

_COPY_CHOICES = {"no": False, "yes": True, PSEUDONYMISED: True, WHOLE: True}

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
        part_text=part_text,
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
    details = services().researcher.questions.get(current_account().party, id)
    return render(
        "researcher/question.html",
        title=details.question.title,
        question=details.question,
        details=details,
        people=details.people,
        format_unit=format_unit,
        least=LEAST_COHORT,
        margin=MARGIN,
        days=[
            format_day(words(), day) for day in (details.counted_on, details.next_count_on) if day
        ],
    )


@bp.get("/researcher/questions/<id>/dummy")
@requires_role(RESEARCHER)
@one_at_a_time
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
    party = current_account().party
    try:
        study = services().researcher.proposing.propose(party, _draft(), words())
    except Invalid as exc:
        return _proposal_form(_in_order(exc))
    return see_other(f"/researcher/studies/{study_name(study.study)}")


@bp.get("/researcher/studies/<slug>/change")
@requires_role(RESEARCHER)
def change_form(slug: str) -> Response:
    """Show the form that changes a study which the custodian gave back, filled in."""
    return _proposal_form({}, _returned(slug))


@bp.post("/researcher/studies/<slug>/change")
@requires_role(RESEARCHER)
def change(slug: str) -> Response:
    """Change a study that the custodian gave back, or show what is missing."""
    party, study = current_account().party, _returned(slug)
    try:
        services().researcher.proposing.amend(party, slug, _draft(), words())
    except Invalid as exc:
        return _proposal_form(_in_order(exc), study)
    return see_other(f"/researcher/studies/{slug}")


def _returned(slug: str) -> Proposal:
    study = services().researcher.studies.get(current_account().party, slug).study
    if study.state != RETURNED:
        raise NotFound
    return study


def _draft() -> StudyDraft:
    form, kind = request.form, request.form.get("copy", "")
    return StudyDraft(
        texts={name: form.get(name, "") for name in TEXTS},
        question=form.get("question", ""),
        days={str(days): days for days in PERMISSION_DAYS}.get(form.get("days", ""), 0),
        ends_on=date_in(form, "end"),
        wants_copy=_COPY_CHOICES.get(kind),
        agreement=_agreement_draft() if kind in (PSEUDONYMISED, WHOLE) else None,
    )


def _agreement_draft() -> AgreementDraft:
    form = request.form
    return AgreementDraft(
        title=form.get("agreement-title", ""),
        text=form.get("agreement-text", ""),
        ends_on=date_in(form, "agreement-end"),
        public_key=form.get("key", ""),
        whole_records=form.get("copy") == WHOLE,
    )


def _in_order(error: Invalid) -> dict[str, str]:
    renamed = {"ends_on": "end", "public_key": "key", "agreement_ends_on": "agreement-end"}
    renamed |= {name: name.replace("_", "-") for name in ("agreement_title", "agreement_text")}
    errors = first_errors(error, **renamed)
    return {name: errors[name] for name in FIELDS if name in errors}


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


@bp.get("/researcher/studies/<slug>/request")
@requires_role(RESEARCHER)
def request_preview(slug: str) -> Response:
    """Show what patients would read, and how many would receive it, before anything is sent."""
    return _request_preview(slug, {})


@bp.post("/researcher/studies/<slug>/request")
@requires_role(RESEARCHER)
def send_requests(slug: str) -> Response:
    """Ask the people whom the custodian approved; nobody gets a second unanswered request."""
    account = current_account()
    if request.form.get("confirm") != "yes":
        return _request_preview(slug, {"confirm": words()("request-confirm-error")})
    services().researcher.studies.send_requests(account.party, account.id, slug)
    return see_other(f"/researcher/studies/{slug}?sent=yes")


def _request_preview(slug: str, errors: Mapping[str, str]) -> Response:
    party = current_account().party
    preview = services().researcher.studies.preview_request(party, slug, words())
    return render_form(
        "researcher/request.html",
        title=words()("study-send"),
        preview=preview,
        deletion_days=DELETION_DAYS,
        people=steady_text(preview.people),
        errors=errors,
    )


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
        is_over=counts.study.until_s <= services().installation.clock(),
        is_asked=not is_small(counts.people_asked) and counts.people_asked > 0,
        permitted=part_text(counts.suppressed.at_least, counts.permitted),
        reasons=[
            (words()(f"cohort-reason-{reason}"), count_text(count))
            for reason, count in counts.suppressed.reasons.items()
        ],
        asked=steady_text(counts.people_asked),
        everybody=part_text(counts.all_at_least, counts.all_permitted),
        min_cohort=MIN_COHORT,
        job=services().researcher.models.active_job(party, slug),
    )


def _proposal_form(errors: Mapping[str, str], returned: Proposal | None = None) -> Response:
    say = words()
    choose = ("", say("ask-choose"))
    installed = services().researcher.questions.list()
    known = _values_of(returned) if returned else request.args
    return render_form(
        "researcher/new.html",
        title=say("study-change" if returned else "researcher-register"),
        returned=returned,
        questions=[choose, *((question.id, question.title) for question in installed)],
        days=[choose, *((str(days), say("days-of", days=days)) for days in PERMISSION_DAYS)],
        deletion_days=DELETION_DAYS,
        duties=ACCEPTED_DUTIES,
        errors=errors,
        values=request.form or known,
    )


def _values_of(study: Proposal) -> dict[str, str]:
    """Return a study as its form would send it."""
    end = day_of(study.until_s - 1)
    texts = {name: getattr(study, name) for name in (*TEXTS, "question")}
    copy = {"copy": "yes" if study.wants_copy else "no"}
    if study.agreement is not None:
        copy = _agreement_values(study.agreement)
    return texts | {"days": str(study.days)} | _day_values("end", end) | copy


def _agreement_values(agreement: CopyAgreement) -> dict[str, str]:
    day = datetime.date.fromisoformat(agreement.ends_on)
    return {
        "copy": WHOLE if agreement.whole_records else PSEUDONYMISED,
        "agreement-title": agreement.title,
        "agreement-text": agreement.text,
        "key": agreement.public_key,
        **_day_values("agreement-end", day),
    }


def _day_values(name: str, day: datetime.date) -> dict[str, str]:
    parts = {"day": day.day, "month": day.month, "year": day.year}
    return {f"{name}-{part}": str(number) for part, number in parts.items()}
