"""The results of the API are as its description says, for the views that tests reach."""

from __future__ import annotations

import jsonschema_rs
import pytest
from views import api_operations

from web.api import PREFIX
from web.view_options import JSON

pytestmark = pytest.mark.node


def test_every_view_declares_a_schema_or_a_file() -> None:
    for view in api_operations():
        options = view.options
        assert (options.returns is None) == (options.media_type != JSON), view.path


@pytest.mark.parametrize("path", ["/ledger", "/me", "/clinician/models"])
def test_a_result_is_as_described(clinician, stranger, path) -> None:
    spec = stranger.get("/openapi.json").get_json()
    content = spec["paths"][PREFIX + path]["get"]["responses"]["200"]["content"][JSON]
    schema = {"$ref": "#/x", "x": content["schema"], "components": spec["components"]}
    jsonschema_rs.validator_for(schema).validate(clinician.get(path).get_json())
