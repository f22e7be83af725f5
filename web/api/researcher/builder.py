"""Questions that are being built: codes to choose from, the text, the count, the proposal."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response

from models import Question
from models.question_choices import QuestionChoices
from services.jobs.queue import Job
from services.requests.question_drafts import QuestionDraft
from services.researcher.builder import DraftDetails, QuestionBuilder
from services.researcher.counting import CodeSearch
from services.tokens import RESEARCHER
from web.api.researcher.schemas import (
    CodeQuery,
    CodesSchema,
    DraftSchema,
    DraftsSchema,
    QuestionChoicesBody,
)
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.api.schemas import JobSchema, QuestionLinkSchema
from web.current import current_caller, services
from web.responses import ZIP, download_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_api_builder", __name__)


@bp.get("/researcher/codes")
@requires_role(RESEARCHER)
@accepts(CodeQuery)
@returns(CodesSchema)
def get_codes(body: dict[str, str]) -> CodeSearch:
    """Return at most 200 codes that enough people have; the numbers of people have noise."""
    return _builder().search_codes(body["search"])


@bp.post("/researcher/census")
@requires_role(RESEARCHER)
@accepts_nothing
@returns(JobSchema, status=202)
def post_census() -> Job:
    """Take the census of this week, from which people are counted."""
    return services().researcher.counting.take_census(current_caller().party)


@bp.get("/researcher/drafts")
@requires_role(RESEARCHER)
@returns(DraftsSchema)
def get_drafts() -> Sequence[QuestionDraft]:
    """Return the questions that the caller's party builds, the last changed first."""
    return _builder().list(current_caller().party)


@bp.post("/researcher/drafts")
@requires_role(RESEARCHER)
@idempotent
@accepts(QuestionChoicesBody)
@returns(DraftSchema, status=201)
def post_drafts(body: QuestionChoices) -> DraftDetails:
    """Store a new question, which may be incomplete, and return its text as TOML."""
    caller = current_caller()
    return _builder().add(caller.party, caller.id, body)


@bp.get("/researcher/drafts/<draft>")
@requires_role(RESEARCHER)
@returns(DraftSchema)
def get_draft(draft: str) -> DraftDetails:
    """Return a question with its text and, if it was counted, how many people it would have."""
    return _builder().get(current_caller().party, draft)


@bp.post("/researcher/drafts/<draft>")
@requires_role(RESEARCHER)
@accepts(QuestionChoicesBody)
@returns(DraftSchema)
def post_draft(draft: str, body: QuestionChoices) -> DraftDetails:
    """Replace the choices of a question."""
    caller = current_caller()
    return _builder().change(caller.party, draft, caller.id, body)


@bp.post("/researcher/drafts/<draft>/count")
@requires_role(RESEARCHER)
@accepts_nothing
@returns(DraftSchema, status=202)
def post_draft_count(draft: str) -> DraftDetails:
    """Count the people of a question, by the worker: 60 an hour, 100 different ones a quarter."""
    return _builder().count(current_caller().party, draft)


@bp.get("/researcher/drafts/<draft>/dummy")
@requires_role(RESEARCHER)
@one_at_a_time
@returns_file(ZIP)
def get_draft_dummy(draft: str) -> Response:
    """Return a ZIP in the layout of a copy, filled at random from the question alone."""
    dummy = _builder().make_dummy(current_caller().party, draft)
    return download_response(dummy.content, dummy.name, ZIP)


@bp.post("/researcher/drafts/<draft>/question")
@requires_role(RESEARCHER)
@accepts_nothing
@returns(QuestionLinkSchema)
def post_draft_question(draft: str) -> Question:
    """Install a question, so that a study can be proposed for it; its text is fixed then."""
    return _builder().install(current_caller().party, draft)


def _builder() -> QuestionBuilder:
    return services().researcher.builder
