"""What the API answers is what its description says, for the routes that tests reach."""

from __future__ import annotations

import jsonschema_rs
import pytest

from web.api import PREFIX
from web.api.route import JSON
from web.api.routes import ROUTES

pytestmark = pytest.mark.node


def described(stranger) -> dict:
    return stranger.get("/openapi.json").get_json()


def require_described(spec: dict, route, answer) -> None:
    operation = spec["paths"][PREFIX + route.path][route.method.lower()]
    content = operation["responses"][str(route.status)]["content"]["application/json"]
    schema = {"$ref": "#/x", "x": content["schema"], "components": spec["components"]}
    jsonschema_rs.validator_for(schema).validate(answer)


def test_every_answer_has_a_schema_of_its_own() -> None:
    for route in ROUTES:
        assert (route.gives is None) == (route.media != JSON), route.name


@pytest.mark.parametrize("name", ["get_ledger"])
def test_a_listing_is_as_described(hospital, clinician, stranger, name) -> None:
    route = next(route for route in ROUTES if route.name == name)
    answer = clinician.get(route.path)
    assert answer.status_code == route.status
    require_described(described(stranger), route, answer.get_json())
