"""Turns every error into one answer: RFC 9457 problems for machines, a small page for people."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response, g, render_template, request
from marshmallow import ValidationError as ValidationError  # handed on: no other file knows it
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

import consent
import models
import records
import storage
from records.outcomes import operation_outcome
from services import database
from services.custodian.upload_store import UploadsFull
from services.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    ServiceError,
    TooManyRequests,
    Unauthenticated,
)
from services.idempotency import InProgress
from services.logs import PROJECT_ERRORS, trace_of
from services.words import Words, best_language
from web.current import find_account

LOG: Final = logging.getLogger("vouchsafe.web")
MACHINES: Final = ("/api/", "/health/")
FHIR: Final = "/fhir"
RETRY_AFTER_S: Final = 5


class UnsupportedMediaType(ServiceError):
    """The body is of another media type than application/json (415)."""


TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
"""The title of a problem of the type about:blank is the name of its status (RFC 9457, 4.2.1)."""

STATUSES: Final[Mapping[type[Exception], int]] = {
    consent.ConsentRefused: 403,
    consent.ConsentNotFound: 404,
    consent.ConsentInvalid: 422,
    consent.LedgerBroken: 502,
    consent.LedgerUnavailable: 503,
    storage.StorageNotFound: 404,
    storage.StorageInvalid: 422,
    storage.StorageBroken: 502,
    storage.StorageUnavailable: 503,
    models.ModelsRefused: 403,
    models.ModelsNotFound: 404,
    models.ModelsInvalid: 422,
    models.ModelsBroken: 502,
    models.ModelsUnavailable: 503,
    records.RecordsInvalid: 422,
    records.JsonInvalid: 400,
    ValidationError: 422,
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    UnsupportedMediaType: 415,
    Invalid: 422,
    UploadsFull: 413,
    TooManyRequests: 429,
    **dict.fromkeys(database.UNAVAILABLE_ERRORS, 503),
    **dict.fromkeys(database.UNSTORABLE_ERRORS, 422),
}
"""Each group of errors, and its status; a leaf has its group's."""

ISSUE_CODES: Final[Mapping[int, str]] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
    429: "throttled",
    500: "exception",
    502: "exception",
    503: "transient",
}
"""What the issue of an OperationOutcome is, of FHIR's issue-type, by status."""

FIXED: Final[Mapping[int, str]] = {
    404: "Not found, or you do not have access.",
    500: "An unexpected error occurred. Give your operator the incident number.",
    502: "Stored data failed an integrity check; nothing was returned. Contact your operator.",
    503: "A required service is unavailable; nothing was returned. Try again later.",
}
"""What is said whatever the cause: strangers learn nothing from it, and the log has the rest."""


def status_of(error: Exception) -> int:
    """Return the status of an error; 500 if nobody foresaw it."""
    if isinstance(error, HTTPException):
        return error.code or 500
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def answer_to(error: Exception) -> Response:
    """Return the answer that an error is; what is an operator's business goes to the log."""
    if isinstance(error, HTTPException) and (error.code or 500) < 400:  # noqa: PLR2004 - a redirect
        return Response(error.get_body(), error.code, error.get_headers())
    status = status_of(error)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": FIXED.get(status) or _detail(error),
    }
    if status >= 500:  # noqa: PLR2004 - ours, not the caller's
        _log(error, status, problem)
    elif isinstance(error, ValidationError):
        problem["errors"] = error.messages
    elif isinstance(error, Invalid) and error.fields:
        problem["errors"] = dict(error.fields)
    elif isinstance(error, models.GateClosed):
        problem["errors"] = [f"{each.message}. {each.remedy}" for each in error.failures]
    return _rendered(problem, _headers(error, status))


def install(app: Flask) -> None:
    """Let every error of an application become an answer."""
    app.extensions["error_response"] = answer_to

    @app.errorhandler(Exception)
    def answer(error: Exception) -> Response:
        return answer_to(error)


def _detail(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "Some fields are invalid; `errors` names each."
    if isinstance(error, RequestEntityTooLarge):
        limit = f"{(request.max_content_length or 0) / 10**6:z,.2f}".rstrip("0").rstrip(".")
        is_page = not request.path.startswith(MACHINES) and not _is_fhir()
        what = "the whole form" if is_page else "one request"
        return f"What was sent is too large: the limit of {what} is {limit} MB."
    if isinstance(error, HTTPException):
        return error.description or ""
    if isinstance(error, database.UNSTORABLE_ERRORS):
        return database.UNSTORABLE_MESSAGE  # their own message repeats the values
    return str(error)


def _is_fhir() -> bool:
    return request.path.split("/")[1:2] == [FHIR[1:]]


def _log(error: Exception, status: int, problem: dict[str, Any]) -> None:
    facts = {"request": g.get("request_id", ""), "status": status, "error": type(error).__name__}
    if status == 500:  # noqa: PLR2004 - nobody foresaw it
        incident = problem["incident"] = secrets.token_hex(8)
        details = facts | {"incident": incident, "trace": trace_of(error)}
        LOG.error("incident %s", incident, extra={"facts": details})
    else:
        words = str(error) if isinstance(error, PROJECT_ERRORS) else database.UNAVAILABLE_MESSAGE
        LOG.warning("%s", words, extra={"facts": facts | {"message": words}})


def _headers(error: Exception, status: int) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="vouchsafe"'}
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.wait_s)}
    if isinstance(error, InProgress):
        return {"Retry-After": "1"}
    if status == 503:  # noqa: PLR2004 - away
        return {"Retry-After": str(RETRY_AFTER_S)}
    if isinstance(error, HTTPException):
        return {name: value for name, value in error.get_headers() if name == "Allow"}
    return {}


def _messages(problem: dict[str, Any]) -> list[str]:
    """Return the messages about single fields that differ from the error's own message."""
    errors = problem.get("errors", [])
    if not isinstance(errors, dict):
        return list(map(str, errors))
    texts = [(name, text) for name, messages in errors.items() for text in messages]
    return [f"{name}: {text}" for name, text in texts if text != problem["detail"]]


def _to_outcome(problem: dict[str, Any]) -> bytes:
    """Return a problem as a FHIR OperationOutcome."""
    text = " ".join([problem["detail"], *_messages(problem)])
    code = ISSUE_CODES.get(problem["status"], "processing")
    return orjson.dumps(operation_outcome("error", code, text))


def _frame() -> dict[str, Any]:
    """Return what the frame of an error page needs and can get without a service."""
    account = find_account()
    liked = request.cookies.get("language") or request.headers.get("Accept-Language", "")
    return {
        "say": g.get("words") or Words(best_language(liked)),
        "account": account,
        "csrf": g.get("csrf", ""),
        "part": account.role if account else "public",
    }


def _rendered(problem: dict[str, Any], headers: dict[str, str]) -> Response:
    status = problem["status"]
    if request.path.startswith(MACHINES):
        body = orjson.dumps(problem, option=orjson.OPT_NON_STR_KEYS)
        return Response(body, status, headers, content_type="application/problem+json")
    if _is_fhir():
        return Response(_to_outcome(problem), status, headers, content_type="application/fhir+json")
    page = render_template("problem.html", **_frame(), **problem)
    return Response(page, status, headers)
