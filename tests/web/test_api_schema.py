"""Schemathesis asks the whole API: no answer 5xx, and every answer as described."""

from __future__ import annotations

import os
from collections import Counter
from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from views import api_operations
from visitors import signed_in

from services.accounts import PATIENT
from services.tokens import AUDITOR, CLINICIAN, CUSTODIAN, RESEARCHER
from web.cookies import cookie_name

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"
IN_PERSON = "researcher in person"
PARTIES = {
    "": "",
    PATIENT: "",
    CUSTODIAN: HOSPITAL,
    RESEARCHER: "study:small",
    IN_PERSON: HOSPITAL,
    CLINICIAN: HOSPITAL,
    AUDITOR: HOSPITAL,
}
OWN = {
    PATIENT: "/api/v1/patient/requests",
    CUSTODIAN: "/api/v1/me",
    RESEARCHER: "/api/v1/researcher/models",
    IN_PERSON: "/api/v1/researcher/studies",
    CLINICIAN: "/api/v1/clinician/models",
    AUDITOR: "/api/v1/me",
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
REQUESTS = int(os.environ.get("REQUESTS", "1"))
"""About how many requests are made; with `-s`, the number is printed."""
EXAMPLES = max(4, -(-REQUESTS // (len(api_operations()) * len(PARTIES))))
"""Of each operation and role; the hypothesis database keeps what was found."""


def sent_by(hospital, role: str) -> dict[str, dict[str, str]]:
    """Return what this role sends along: a token, a patient's session, or nothing."""
    if role in (PATIENT, IN_PERSON):
        subject = hospital.new_patient() if role == PATIENT else None
        visitor = signed_in(hospital, role.partition(" ")[0], PARTIES[role], subject)
        name = cookie_name(hospital.platform.installation.site)
        own = {"Origin": visitor.origin, "X-CSRF-Token": visitor.csrf}
        return {"headers": own, "cookies": {name: visitor.http.get_cookie(name).value}}
    secret = hospital.client(role, PARTIES[role]).secret
    return {"headers": {"Authorization": f"Bearer {secret}"}} if secret else {}


def untired(hospital):
    """Return the application, asked from another address each time: no stranger is too many."""
    numbers = count()

    def ask(environ, start):
        n = next(numbers)
        return hospital.app(environ | {"REMOTE_ADDR": f"10.1.{n >> 8 & 255}.{n & 255}"}, start)

    return ask


def ask_as_everybody(operation, sent, seen) -> None:
    """Ask an operation some ways, each as every role, and hold each answer to its description."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case) -> None:
        for role in PARTIES:
            status = case.call_and_validate(**sent[role], checks=CHECKS).status_code
            seen[role].setdefault(operation.path, Counter())[status] += 1

    ask()


@pytest.fixture(scope="module")
def statuses(hospital) -> dict[str, dict[str, Counter[int]]]:
    """Every status that each role was answered with, by path; one draw serves all roles."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", untired(hospital))
    sent = {role: sent_by(hospital, role) for role in PARTIES}
    seen: dict[str, dict[str, Counter[int]]] = {role: {} for role in PARTIES}
    for all_operation in schema.get_all_operations():
        operation = all_operation.ok()
        if not operation.path.endswith("/evidence"):  # that is read whole elsewhere
            ask_as_everybody(operation, sent, seen)
    made = sum(statuses.total() for paths in seen.values() for statuses in paths.values())
    print(f"{made:,} requests: no internal error")  # noqa: T201
    return seen


@pytest.mark.parametrize("role", PARTIES)
def test_no_response_is_an_internal_error_and_each_is_as_described(statuses, role) -> None:
    seen = statuses[role]
    # The role's own paths were answered, so nothing was let off by a refusal at the door.
    assert not role or 200 in seen[OWN[role]]
    assert not any(429 in all_operation for all_operation in seen.values())
