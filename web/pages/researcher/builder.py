"""The pages on which a researcher builds a question, and sees how many people it would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from consent import CATEGORIES
from models.count_noise import LEAST_COHORT, LEAST_LISTED, LIST_MARGIN, MARGIN
from models.counting import CodeSummary
from models.question_choices import QuestionChoices, add_code
from models.timeline import TAKES
from records.values import BOOLEAN, NUMBER
from services.errors import Invalid, TooManyRequests
from services.requests.count_budget import CountsUsedUp
from services.requests.counting_rules import CountingOff
from services.researcher.builder import DraftDetails
from services.tokens import RESEARCHER
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import is_fragment, render, render_form, see_other
from web.pages.researcher.draft_form import choices_from, form_of
from web.responses import ZIP, download_response
from web.view_options import max_body, one_at_a_time, requires_role

MAX_FORM_BYTES: Final = 2**20
_INPUT, _OUTCOME, _INDEX = "input", "outcome", "index"
_ADD: Final = "add"

bp = Blueprint("researcher_builder", __name__)


@bp.get("/researcher/drafts")
@requires_role(RESEARCHER)
def drafts() -> Response:
    """Show the questions that the researcher's party builds."""
    return render(
        "researcher/drafts.html",
        title=words()("drafts-title"),
        drafts=services().researcher.builder.list(current_account().party),
    )


@bp.post("/researcher/drafts")
@requires_role(RESEARCHER)
def add_draft() -> Response:
    """Begin a question."""
    account = current_account()
    details = services().researcher.builder.add(account.party, account.id, QuestionChoices())
    return see_other(f"/researcher/drafts/{details.draft.id}")


@bp.get("/researcher/drafts/<id>")
@requires_role(RESEARCHER)
def draft(id: str) -> Response:
    """Show a question that is being built: the form, its text, and the count."""
    details = services().researcher.builder.get(current_account().party, id)
    return _draft(details, form_of(details.draft.choices), {})


@bp.post("/researcher/drafts/<id>")
@requires_role(RESEARCHER)
@max_body(MAX_FORM_BYTES)
def change_draft(id: str) -> Response:
    """Save a question; the button says what else to do."""
    party, wish = current_account().party, request.form.get("wish", "")
    if wish == "delete":
        services().researcher.builder.delete(party, id)
        return see_other("/researcher/drafts")
    try:
        _save(id, wish)
    except Invalid as exc:
        details = services().researcher.builder.get(party, id)
        return _draft(details, request.form.to_dict(), first_errors(exc))
    search = request.form.get("search", "").strip()
    place = "#codes" if wish == "search" else "#inputs" if wish.startswith((_INPUT, _ADD)) else ""
    return see_other(
        f"/researcher/drafts/{id}" + (f"?{urlencode({'search': search})}" if search else "") + place
    )


@bp.post("/researcher/drafts/<id>/count")
@requires_role(RESEARCHER)
@max_body(MAX_FORM_BYTES)
def count(id: str) -> Response:
    """Save a question and count its people, or take the census; htmx gets the fragment."""
    builder, party = services().researcher.builder, current_account().party
    try:
        _save(id, "")
        if request.form.get("wish") == "census":
            services().researcher.counting.take_census(party)
        else:
            builder.count(party, id)
    except Invalid as exc:
        problem = next(iter(first_errors(exc).values()), str(exc))
        return _count(id, _still_empty(builder.get(party, id)) or problem)
    except CountsUsedUp:
        return _count(id, words()("count-used-up"))
    except CountingOff as exc:
        return _count(id, str(exc))
    except TooManyRequests as exc:
        return _count(id, words()("builder-too-many", minutes=exc.wait_s // 60 + 1))
    return _count(id) if is_fragment() else see_other(f"/researcher/drafts/{id}#count")


@bp.get("/researcher/drafts/<id>/count")
@requires_role(RESEARCHER)
def count_part(id: str) -> Response:
    """Return the fragment of the count to htmx, and the whole page to others."""
    details = services().researcher.builder.get(current_account().party, id)
    return (
        _count(id) if is_fragment() else see_other(f"/researcher/drafts/{details.draft.id}#count")
    )


@bp.get("/researcher/drafts/<id>/question.toml")
@requires_role(RESEARCHER)
def question_file(id: str) -> Response:
    """Return a question as the file that the command line reads."""
    details = services().researcher.builder.get(current_account().party, id)
    name = details.question.id if details.question else "question"
    return download_response(details.text.encode(), f"{name}.toml", "application/toml")


@bp.get("/researcher/drafts/<id>/dummy")
@requires_role(RESEARCHER)
@one_at_a_time
def dummy_data(id: str) -> Response:
    """Return dummy data, made from the question alone."""
    dummy = services().researcher.builder.make_dummy(current_account().party, id)
    return download_response(dummy.content, dummy.name, ZIP)


@bp.post("/researcher/drafts/<id>/question")
@requires_role(RESEARCHER)
def install(id: str) -> Response:
    """Make it a question that a study can ask, and show the form that proposes the study."""
    builder, party = services().researcher.builder, current_account().party
    try:
        question = builder.install(party, id)
    except Invalid as exc:
        details = builder.get(party, id)
        errors = first_errors(exc, question="id")
        if empty := _still_empty(details):
            errors = {"id": empty}
        return _draft(details, form_of(details.draft.choices), errors)
    return see_other(f"/researcher/studies/new?question={question.id}")


def _save(id: str, wish: str) -> DraftDetails:
    """Save the form; a button of the list of codes adds its code to a part of the question."""
    account, builder = current_account(), services().researcher.builder
    choices = choices_from(words(), request.form)
    if wish == _ADD:
        choices = add_code(choices, _typed_code())
    part, _, name = wish.partition(":")
    if name:
        search = builder.search_codes(name)
        known = search.code_list.codes if search.code_list else ()
        matching = [code for code in known if code.code == name]
        if matching:
            choices = _with_code(choices, part, matching[0])
    return builder.change(account.party, id, account.id, choices)


def _typed_code() -> CodeSummary:
    """Return the code that was typed where no list of codes is shown; nothing is known of it."""
    code = request.form.get("new_code", "").strip()
    system, _, value = code.partition("|")
    if not system or not value:
        raise Invalid(fields={"new_code": [words()("codes-new-error")]})
    category = request.form.get("new_category", "")
    return CodeSummary(
        code=code,
        name="",
        category=category if category in CATEGORIES else "",
        kind=NUMBER,
        unit="",
        values=(),
        people=0,
        missing_percent=0,
    )


def _with_code(choices: QuestionChoices, part: str, code: CodeSummary) -> QuestionChoices:
    if part == _INPUT:
        return add_code(choices, code)
    if part == _OUTCOME:
        return replace(
            choices,
            outcome_codes=(*choices.outcome_codes, code.code),
            outcome_category=code.category,
            outcome_words=choices.outcome_words or code.name,
            outcome_unit=code.unit,
            # The rarer of two values is usually the one that is predicted.
            outcome_positive="true" if code.kind == BOOLEAN else "".join(code.values[-1:]),
        )
    if part == _INDEX:
        codes = (*choices.index_codes, code.code)
        return replace(choices, index_codes=codes, index_category=code.category)
    return choices


def _draft(details: DraftDetails, values: Mapping[str, str], errors: dict[str, str]) -> Response:
    search = request.values.get("search", "").strip()
    return render_form(
        "researcher/draft.html",
        title=details.draft.choices.title or words()("draft-title"),
        details=details,
        values={**values, "search": search},
        errors=errors,
        features=sum(name.startswith("name-") for name in values),
        search=services().researcher.builder.search_codes(search),
        categories=list(CATEGORIES),
        takes=list(TAKES),
        least=LEAST_COHORT,
        margin=MARGIN,
        least_listed=LEAST_LISTED,
        list_margin=LIST_MARGIN,
        problem="",
    )


def _still_empty(details: DraftDetails) -> str:
    """Return which parts are still empty in words, rather than what a parser says of the first."""
    names = details.draft.choices.empty_parts
    parts = [words()(f"draft-empty-{name.replace('_', '-')}") for name in names]
    return words()("count-empty", parts="; ".join(parts)) if parts else ""


def _count(id: str, problem: str = "") -> Response:
    details = services().researcher.builder.get(current_account().party, id)
    if not is_fragment():
        return _draft(details, request.form.to_dict(), {"count": problem})
    return render(
        "researcher/draft_count_part.html",
        title="",
        details=details,
        search=services().researcher.builder.search_codes(""),
        least=LEAST_COHORT,
        margin=MARGIN,
        problem=problem,
    )
