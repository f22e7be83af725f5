"""The table of the API: role × endpoint, from which URLs, checks and OpenAPI all are made."""

from __future__ import annotations

from typing import Final

from web import schemas
from web.api import jobs, ledger, records, studies
from web.api.route import ANYBODY, LARGE_BYTES, Route
from web.tokens import AUDITOR, CLINICIAN, CUSTODIAN, RESEARCHER, ROLES

ALL: Final = frozenset(ROLES)
CUSTODIANS: Final = frozenset({CUSTODIAN})
RESEARCHERS: Final = frozenset({RESEARCHER})
CLINICIANS: Final = frozenset({CLINICIAN})
AUDITORS: Final = frozenset({AUDITOR})
KEEPERS: Final = CUSTODIANS | AUDITORS

_S = schemas
_L = LARGE_BYTES

ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/ledger", ledger.get_ledger, ANYBODY),
    Route("POST", "/typed-data", ledger.ask_grant, ANYBODY, _S.AskedSchema),
    Route(
        "POST", "/typed-data/withdrawal", ledger.ask_withdrawal, ANYBODY, _S.WithdrawalAskedSchema
    ),
    Route("POST", "/typed-data/stop", ledger.ask_stop, ANYBODY, _S.SubjectSchema),
    Route("POST", "/typed-data/enrolment", ledger.ask_enrolment, ANYBODY, _S.EnrolmentAskedSchema),
    Route(
        "POST",
        "/enrolments",
        ledger.post_enrolments,
        CUSTODIANS,
        _S.SignedEnrolments,
        200,
        _L,
        True,
    ),
    Route("POST", "/grants", ledger.post_grants, ANYBODY, _S.SignedGrants, 200, _L, True),
    Route(
        "POST",
        "/withdrawals",
        ledger.post_withdrawals,
        ANYBODY,
        _S.SignedWithdrawals,
        200,
        _L,
        True,
    ),
    Route("POST", "/stops", ledger.post_stops, ANYBODY, _S.SignedStops, 200, _L, True),
    Route("POST", "/records", records.post_records, CUSTODIANS, _S.DepositSchema, 201, _L, True),
    Route("GET", "/subjects/{subject}/consents", records.get_consents, KEEPERS),
    Route("GET", "/subjects/{subject}/uses", records.get_uses, KEEPERS, _S.PageSchema),
    Route("GET", "/questions", studies.get_questions, ALL),
    Route("GET", "/studies", studies.get_studies, ALL),
    Route("POST", "/studies", studies.post_studies, RESEARCHERS, _S.StudySchema, 201, keeps=True),
    Route("POST", "/cohorts", studies.post_cohorts, RESEARCHERS, _S.QuestionAskedSchema),
    Route("GET", "/models", studies.get_models, ALL),
    Route("GET", "/models/{model}", studies.get_model, ALL),
    Route("GET", "/models/{model}/card", studies.get_card, ALL),
    Route(
        "POST", "/models", studies.post_models, RESEARCHERS, _S.QuestionAskedSchema, 202, keeps=True
    ),
    Route(
        "POST",
        "/models/{model}/retraining",
        studies.post_retraining,
        RESEARCHERS | CUSTODIANS,
        _S.NothingSchema,
        202,
        keeps=True,
    ),
    Route("POST", "/diagnoses", studies.post_diagnoses, CLINICIANS, _S.DiagnosisSchema),
    Route("GET", "/jobs/{job}", jobs.get_job, ALL),
    Route("DELETE", "/jobs/{job}", jobs.delete_job, ALL),
    Route(
        "POST",
        "/verifications",
        jobs.post_verifications,
        KEEPERS,
        _S.NothingSchema,
        202,
        keeps=True,
    ),
    Route("GET", "/evidence", jobs.get_evidence, AUDITORS),
)
