"""Schemathesis asks the whole API: no answer 5xx, and every answer as described."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from visitors import signed_in

from web.pages.cookies import cookie_name
from web.people import PATIENT
from web.tokens import AUDITOR, CLINICIAN, CUSTODIAN, RESEARCHER

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"
PARTIES = {
    "": "",
    PATIENT: "",
    CUSTODIAN: HOSPITAL,
    RESEARCHER: "study:small",
    CLINICIAN: HOSPITAL,
    AUDITOR: HOSPITAL,
}
OWN = {
    PATIENT: "/api/v1/patient/requests",
    CUSTODIAN: "/api/v1/me",
    RESEARCHER: "/api/v1/models",
    CLINICIAN: "/api/v1/models",
    AUDITOR: "/api/v1/me",
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
EXAMPLES = 4
"""Of each operation and role; the hypothesis database keeps what was found."""


def headers_of(hospital, role: str) -> dict[str, str]:
    """Return what this role sends along: a token, a patient's session, or nothing."""
    if role == PATIENT:
        visitor = signed_in(hospital, PATIENT, "", hospital.new_patient())
        name = cookie_name(hospital.platform)
        secret = visitor.http.get_cookie(name).value
        sent = {"Cookie": f"{name}={secret}", "Origin": visitor.origin}
        return {**sent, "X-CSRF-Token": visitor.csrf}
    secret = hospital.client(role, PARTIES[role]).secret
    return {"Authorization": f"Bearer {secret}"} if secret else {}


@pytest.mark.parametrize("role", PARTIES)
def test_no_answer_is_an_error_of_ours_and_each_is_as_described(hospital, role) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", hospital.app)
    headers = headers_of(hospital, role)
    quiet = settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seen: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/evidence"):
            continue  # read whole elsewhere

        @quiet
        @given(case=operation.as_strategy())
        def ask(case) -> None:
            answer = case.call_and_validate(headers=headers, checks=CHECKS)
            seen.setdefault(operation.path, set()).add(answer.status_code)

        ask()
    # The role's own paths were answered, so nothing was let off by a refusal at the door.
    assert not role or 200 in seen[OWN[role]]
