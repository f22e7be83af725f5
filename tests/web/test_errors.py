from __future__ import annotations

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from services.accounts.challenges import SIGN_IN, Challenges
from services.errors import NotFound, TooManyRequests
from web.errors import answer_to, install


def test_a_value_that_no_column_takes_is_invalid_and_is_not_repeated(engine: sa.Engine) -> None:
    app, challenges = Flask("web"), Challenges(engine, lambda: 0.0)
    install(app)
    app.add_url_rule("/api/x", view_func=lambda: str(challenges.take("secret\0", SIGN_IN)))
    answer = app.test_client().get("/api/x")
    # SQLite compares such a text; PostgreSQL refuses it.
    assert answer.status_code == (200 if engine.dialect.name == "sqlite" else 422)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("error", "code"),
    [(TooManyRequests(10), "throttled"), (NotFound(), "processing")],
)
def test_the_issue_of_a_fhir_error_has_the_code_of_its_kind(error: Exception, code: str) -> None:
    app = Flask("errors")
    with app.test_request_context("/fhir/$import"):
        (issue,) = orjson.loads(answer_to(error).data)["issue"]
    assert issue["code"] == code
