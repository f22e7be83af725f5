"""What a clinician does on the pages, for programs: joins this package's routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from web.api.clinician import diagnoses, patients
from web.api.clinician import schemas as _S
from web.api.route import CLINICIANS, JSON, BodySchema, Route, View

Body = Callable[[], BodySchema]
_PATIENT: Final = "/clinician/patients/{patient}"
_DIAGNOSIS: Final = "/clinician/diagnoses/{diagnosis}"


def _get(path: str, view: View, gives: Any, schema: Body | None = None, media: str = JSON) -> Route:
    return Route("GET", path, view, CLINICIANS, schema, gives=gives, media=media)


def _post(path: str, view: View, gives: Any, schema: Body, status: int = 200) -> Route:
    return Route("POST", path, view, CLINICIANS, schema, status, gives=gives)


ROUTES: Final[tuple[Route, ...]] = (
    _get("/clinician/patients", patients.get_patients, _S.PatientsAnswer, _S.SearchSchema),
    _get(_PATIENT, patients.get_patient, _S.PatientAnswer),
    _get(f"{_PATIENT}/values/{{question}}", diagnoses.get_values, _S.ValuesAnswer),
    _post(
        "/clinician/requests",
        patients.post_care_request,
        _S.SentAnswer,
        _S.CareRequestSchema,
        202,
    ),
    _post(
        "/clinician/diagnoses",
        diagnoses.post_own_diagnosis,
        _S.OwnDiagnosisAnswer,
        _S.OwnDiagnosisSchema,
        201,
    ),
    _get(_DIAGNOSIS, diagnoses.get_own_diagnosis, _S.OwnDiagnosisAnswer),
    _get(f"{_DIAGNOSIS}/contributions", diagnoses.get_contributions, None, media=diagnoses.SVG),
    _post(
        f"{_DIAGNOSIS}/decision",
        diagnoses.post_decision,
        _S.OwnDiagnosisAnswer,
        _S.DecisionSchema,
    ),
    _get(
        "/clinician/models/{model}/pictures/{picture}",
        diagnoses.get_card_picture,
        None,
        media=diagnoses.SVG,
    ),
)
