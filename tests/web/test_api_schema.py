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

from web.tokens import AUDITOR, CLINICIAN, CUSTODIAN, RESEARCHER

pytestmark = [pytest.mark.node, pytest.mark.slow]
HOSPITAL = "organisation:this-hospital"
PARTIES = {
    "": "",
    CUSTODIAN: HOSPITAL,
    RESEARCHER: "study:small",
    CLINICIAN: HOSPITAL,
    AUDITOR: HOSPITAL,
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
EXAMPLES = 4
"""Of each operation and role; the hypothesis database keeps what was found."""


@pytest.mark.parametrize("role", PARTIES)
def test_no_answer_is_an_error_of_ours_and_each_is_as_described(hospital, role) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", hospital.app)
    client = hospital.client(role, PARTIES[role]) if role else hospital.client()
    headers = {"Authorization": f"Bearer {client.secret}"} if client.secret else {}
    quiet = settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/evidence"):
            continue  # read whole elsewhere

        @quiet
        @given(case=operation.as_strategy())
        def ask(case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
