from __future__ import annotations

from http import HTTPStatus

import pytest
import sqlalchemy as sa
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask, request
from werkzeug.exceptions import BadRequest, ImATeapot, MethodNotAllowed, RequestEntityTooLarge

from consent import LedgerUnavailable
from services.accounts.challenges import SIGN_IN, Challenges
from services.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated
from storage import StorageBroken
from web.errors import UnsupportedMediaType, answer_to, install


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
    [
        (BadRequest(), "invalid"),
        (Unauthenticated("no"), "login"),
        (Forbidden("no"), "forbidden"),
        (NotFound(), "not-found"),
        (MethodNotAllowed(), "not-supported"),
        (Conflict("no"), "conflict"),
        (RequestEntityTooLarge(), "too-long"),
        (UnsupportedMediaType("no"), "not-supported"),
        (Invalid("no"), "invalid"),
        (TooManyRequests(10), "throttled"),
        (ZeroDivisionError(), "exception"),
        (StorageBroken("no"), "exception"),
        (LedgerUnavailable("no"), "transient"),
        (ImATeapot(), "processing"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_the_issue_of_a_fhir_error_has_the_code_of_its_kind(error: Exception, code: str) -> None:
    app = Flask("errors")
    with app.test_request_context("/fhir/$import"):
        outcome = OperationOutcome.model_validate_json(answer_to(error).data)
    (issue,) = outcome.issue
    assert (issue.severity, issue.code) == ("error", code)


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/me", "the limit of one request is 4 MB"),
        ("/fhir", "the limit of one request is 4 MB"),
        ("/fhirs", "the limit of the whole form is 4 MB"),
    ],
)
def test_what_is_too_large_is_a_form_on_a_page_and_a_request_of_a_program(
    path: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("errors")
    monkeypatch.setattr("web.errors.render_template", lambda *_, **facts: facts["detail"])
    monkeypatch.setattr("web.errors._frame", dict)
    with app.test_request_context(path):
        request.max_content_length = 4_000_000
        assert limit in answer_to(RequestEntityTooLarge()).get_data(as_text=True)


@pytest.mark.parametrize(
    "error",
    [
        *(BadRequest(), Unauthenticated("a"), Forbidden("b"), NotFound(), MethodNotAllowed()),
        *(Conflict("c"), RequestEntityTooLarge(), UnsupportedMediaType("d"), Invalid("e")),
        *(TooManyRequests(10), ZeroDivisionError(), StorageBroken("f"), LedgerUnavailable("g")),
        ImATeapot(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_title_of_a_problem_is_the_name_of_its_status(error: Exception) -> None:
    with Flask("web").test_request_context("/api/v1/x"):
        problem = answer_to(error).get_json()
    status = problem["status"]
    names = {413: "Content Too Large", 422: "Unprocessable Content"}  # Python's are older
    assert problem["type"] == "about:blank"
    assert problem["title"] == names.get(status, HTTPStatus(status).phrase)
