"""The table of the API: role × endpoint, from which URLs, checks and OpenAPI all are made."""

from __future__ import annotations

from typing import Final

from services import schemas
from web.api import (
    ledger,
)
from web.api import schemas as answers
from web.api.route import (
    ANYBODY,
    LARGE_BYTES,
    Route,
)

_S = schemas
_A = answers
_L = LARGE_BYTES

ROUTES: Final[tuple[Route, ...]] = (
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
)
