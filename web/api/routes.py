"""The table of the API: role × endpoint, from which URLs, checks and OpenAPI all are made."""

from __future__ import annotations

from typing import Final

from services import schemas
from web.api import (
    clinician,
    custodian,
    ledger,
    records,
    researcher,
    studies,
)
from web.api import schemas as answers
from web.api.route import (
    ALL,
    ANYBODY,
    CLINICIANS,
    CUSTODIANS,
    KEEPERS,
    LARGE_BYTES,
    RESEARCHERS,
    Route,
)

_S = schemas
_A = answers
_L = LARGE_BYTES

ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/ledger", ledger.get_ledger, ANYBODY, gives=_A.LedgerAnswer),
    Route(
        "POST", "/typed-data", ledger.ask_grant, ANYBODY, _S.AskedSchema, gives=_A.GrantTypedAnswer
    ),
    Route(
        "POST",
        "/typed-data/withdrawal",
        ledger.ask_withdrawal,
        ANYBODY,
        _S.WithdrawalAskedSchema,
        gives=_A.TypedAnswer,
    ),
    Route(
        "POST", "/typed-data/stop", ledger.ask_stop, ANYBODY, _S.SubjectSchema, gives=_A.TypedAnswer
    ),
    Route(
        "POST",
        "/typed-data/enrolment",
        ledger.ask_enrolment,
        ANYBODY,
        _S.EnrolmentAskedSchema,
        gives=_A.TypedAnswer,
    ),
    Route(
        "POST",
        "/enrolments",
        ledger.post_enrolments,
        CUSTODIANS,
        _S.SignedEnrolments,
        200,
        _L,
        True,
        gives=_A.OutcomesAnswer,
    ),
    Route(
        "POST",
        "/grants",
        ledger.post_grants,
        ANYBODY,
        _S.SignedGrants,
        200,
        _L,
        True,
        gives=_A.OutcomesAnswer,
    ),
    Route(
        "POST",
        "/withdrawals",
        ledger.post_withdrawals,
        ANYBODY,
        _S.SignedWithdrawals,
        200,
        _L,
        True,
        gives=_A.OutcomesAnswer,
    ),
    Route(
        "POST",
        "/stops",
        ledger.post_stops,
        ANYBODY,
        _S.SignedStops,
        200,
        _L,
        True,
        gives=_A.OutcomesAnswer,
    ),
    Route(
        "POST",
        "/records",
        records.post_records,
        CUSTODIANS,
        _S.DepositSchema,
        201,
        _L,
        True,
        gives=_A.DepositAnswer,
    ),
    Route(
        "GET",
        "/subjects/{subject}/consents",
        records.get_consents,
        KEEPERS,
        gives=_A.ConsentsAnswer,
    ),
    Route(
        "GET",
        "/subjects/{subject}/uses",
        records.get_uses,
        KEEPERS,
        _S.PageSchema,
        gives=_A.UsesAnswer,
    ),
    Route("GET", "/questions", studies.get_questions, ALL, gives=_A.QuestionsAnswer),
    Route("GET", "/studies", studies.get_studies, ALL, gives=_A.StudiesAnswer),
    Route(
        "POST",
        "/studies",
        studies.post_studies,
        RESEARCHERS,
        _S.StudySchema,
        201,
        keeps=True,
        gives=_A.StudyAnswer,
    ),
    Route(
        "POST",
        "/cohorts",
        studies.post_cohorts,
        RESEARCHERS,
        _S.QuestionAskedSchema,
        gives=_A.CohortAnswer,
    ),
    Route("GET", "/models", studies.get_models, ALL, gives=_A.ModelsAnswer),
    Route("GET", "/models/{model}", studies.get_model, ALL, gives=_A.ModelAnswer),
    Route("GET", "/models/{model}/card", studies.get_card, ALL, gives=_A.ObjectAnswer),
    Route(
        "POST",
        "/models",
        studies.post_models,
        RESEARCHERS,
        _S.QuestionAskedSchema,
        202,
        keeps=True,
        gives=_A.JobSchema,
    ),
    Route(
        "POST",
        "/models/{model}/retraining",
        studies.post_retraining,
        RESEARCHERS | CUSTODIANS,
        _S.NothingSchema,
        202,
        keeps=True,
        gives=_A.JobSchema,
    ),
    Route(
        "POST",
        "/diagnoses",
        studies.post_diagnoses,
        CLINICIANS,
        _S.DiagnosisSchema,
        gives=_A.DiagnosisAnswer,
    ),
    *clinician.ROUTES,
    *researcher.ROUTES,
    *custodian.ROUTES,
)
