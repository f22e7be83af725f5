"""Questions and studies: what can be predicted, proposals, requests to patients, cohort counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from models import Question
from services.researcher.cohorts import CohortCounts
from services.researcher.proposing import TEXTS, StudyDraft
from services.researcher.questions import QuestionDetails
from services.researcher.service import ResearcherService
from services.researcher.studies import RequestPreview, StudyDetails, StudySummary
from services.tokens import RESEARCHER
from web.api.researcher.schemas import (
    CohortSchema,
    ProposalBody,
    QuestionSchema,
    QuestionsSchema,
    RequestPreviewSchema,
    StudiesSchema,
    StudyDetailsSchema,
    StudySchema,
)
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.current import current_caller, services, words
from web.responses import ZIP, download_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_api_studies", __name__)


@bp.get("/researcher/questions")
@requires_role(RESEARCHER)
@returns(QuestionsSchema)
def get_questions() -> list[Question]:
    """Return every installed question."""
    return _researcher().questions.list()


@bp.get("/researcher/questions/<question>")
@requires_role(RESEARCHER)
@returns(QuestionSchema)
def get_question(question: str) -> QuestionDetails:
    """Return a question; if people may be counted, how many fit: the same number for a week."""
    return _researcher().questions.get(current_caller().party, question)


@bp.get("/researcher/questions/<question>/dummy")
@requires_role(RESEARCHER)
@one_at_a_time
@returns_file(ZIP)
def get_dummy(question: str) -> Response:
    """Return a ZIP in the layout of a copy, filled at random from the question alone."""
    dummy = _researcher().questions.make_dummy(question)
    return download_response(dummy.content, dummy.name, ZIP)


@bp.get("/researcher/studies")
@requires_role(RESEARCHER)
@returns(StudiesSchema)
def get_studies() -> Sequence[StudySummary]:
    """Return the studies of the caller's party, the newest first."""
    return _researcher().studies.list(current_caller().party)


@bp.post("/researcher/studies")
@requires_role(RESEARCHER)
@idempotent
@accepts(ProposalBody)
@returns(StudySchema, status=201)
def post_study(body: dict[str, Any]) -> StudyDetails:
    """Propose a study, which waits for the custodian; the same again changes nothing."""
    texts = {name: body.pop(name) for name in TEXTS}
    party = current_caller().party
    study = _researcher().proposing.propose(party, StudyDraft(texts=texts, **body), words())
    return _researcher().studies.get(party, study.study)


@bp.get("/researcher/studies/<study>")
@requires_role(RESEARCHER)
@returns(StudyDetailsSchema)
def get_study(study: str) -> StudyDetails:
    """Return a study in full, with its models."""
    return _researcher().studies.get(current_caller().party, study)


@bp.get("/researcher/studies/<study>/request")
@requires_role(RESEARCHER)
@returns(RequestPreviewSchema)
def get_study_request(study: str) -> RequestPreview:
    """Return what patients would read, and at most how many would receive it."""
    return _researcher().studies.preview_request(current_caller().party, study, words())


@bp.post("/researcher/studies/<study>/request")
@requires_role(RESEARCHER)
@idempotent
@accepts_nothing
@returns(StudySchema)
def post_study_request(study: str) -> StudyDetails:
    """Ask everyone eligible who does not permit it; nobody gets a second unanswered request."""
    caller = current_caller()
    return _researcher().studies.send_requests(caller.party, caller.id, study)


@bp.get("/researcher/studies/<study>/cohort")
@requires_role(RESEARCHER)
@returns(CohortSchema)
def get_cohort(study: str) -> CohortCounts:
    """Return who permits a study and who does not, in counts that reveal nothing about a person."""
    return _researcher().cohorts.get(current_caller().party, study)


def _researcher() -> ResearcherService:
    return services().researcher
