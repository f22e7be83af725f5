"""What a researcher does on the pages, for programs: joins this package's routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from services.schemas import NothingSchema
from web.api.researcher import copies, studies, training
from web.api.researcher import schemas as _S
from web.api.route import JSON, RESEARCHERS, BodySchema, Route, View
from web.api.schemas import JobSchema, ObjectAnswer

Body = Callable[[], BodySchema]
_STUDIES: Final = "/researcher/studies"
_STUDY: Final = f"{_STUDIES}/{{study}}"
_JOB: Final = f"{_STUDY}/training/{{job}}"
_MODEL: Final = "/researcher/models/{model}"


def _get(path: str, view: View, gives: Any, media: str = JSON) -> Route:
    return Route("GET", path, view, RESEARCHERS, gives=gives, media=media)


def _post(
    path: str, view: View, gives: Any, schema: Body = NothingSchema, status: int = 200
) -> Route:
    return Route("POST", path, view, RESEARCHERS, schema, status, keeps=True, gives=gives)


ROUTES: Final[tuple[Route, ...]] = (
    _get("/researcher/questions/{question}", studies.get_question, _S.QuestionToldAnswer),
    _get(_STUDIES, studies.get_own_studies, _S.OwnStudiesAnswer),
    _post(_STUDIES, studies.post_own_studies, _S.OwnStudyAnswer, _S.ProposalSchema, 201),
    _get(_STUDY, studies.get_own_study, _S.OwnStudyToldAnswer),
    _post(f"{_STUDY}/request", studies.post_study_request, _S.OwnStudyAnswer),
    _get(f"{_STUDY}/cohort", studies.get_cohort, _S.StandingAnswer),
    _post(f"{_STUDY}/training", training.post_training, JobSchema, status=202),
    _get(_JOB, training.get_training, JobSchema),
    Route("DELETE", _JOB, training.delete_training, RESEARCHERS, gives=JobSchema),
    _get("/researcher/models", training.get_own_trained, _S.TrainedAllAnswer),
    _get(_MODEL, training.get_own_model, _S.TouchedAnswer),
    _get(f"{_MODEL}/card", training.get_own_card, ObjectAnswer),
    _get(f"{_MODEL}/pictures/{{picture}}", training.get_own_picture, None, "image/svg+xml"),
    _post(f"{_MODEL}/retraining", training.post_own_retraining, JobSchema, status=202),
    _get(f"{_STUDY}/set", copies.get_set, _S.SetAnswer),
    Route(
        "POST",
        f"{_STUDY}/set",
        copies.post_set,
        RESEARCHERS,
        _S.AgreementSchema,
        media="application/zip",
    ),
    _get("/researcher/notices", copies.get_notices, _S.NoticesAnswer),
    _post("/researcher/notices/{set}/deletion", copies.post_deletion, _S.NoticesAnswer),
)
