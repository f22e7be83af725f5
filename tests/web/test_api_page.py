"""docs/guide/api.md, held against the routes that there are."""

from __future__ import annotations

import re
from pathlib import Path

from views import api_operations

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "api.md").read_text("utf-8")


def test_the_page_of_the_api_names_every_route() -> None:
    named = set(re.findall(r"/([a-z][a-z-]*+)", PAGE))
    missing = {
        operation.path
        for operation in api_operations()
        for part in operation.path.split("/")
        if re.fullmatch("[a-z-]+", part) and part not in named
    }
    assert sorted(missing) == []


def test_the_page_says_which_routes_have_no_effect_of_a_repeated_key() -> None:
    posts = [each for each in api_operations() if each.method == "POST"]
    idempotent = {each.path for each in posts if each.options.is_idempotent}
    about_people = ("/patient", "/clinician", "/invitations", "/custodian/recoveries")
    assert [path for path in sorted(idempotent) if path.startswith(about_people)] == []
    assert {"/researcher/studies/{study}/training", "/verifications"} <= idempotent
    assert "a POST whose description in `openapi.json` names this header" in " ".join(PAGE.split())
