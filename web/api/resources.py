"""Decorators of API views: the body they accept, the result they return, idempotency."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, Final

from flask import Response, request

from records.json_strict import loads
from services.errors import Malformed
from services.idempotency import key_of
from web.api.schemas import NothingSchema
from web.current import find_caller, services
from web.errors import UnsupportedMediaType
from web.responses import json_response
from web.view_options import JSON, NUL_PROBLEM, READING, options_of

View = Callable[..., Any]
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
"""The escape of U+0000 in JSON: its backslash is not itself escaped."""


def accepts(schema: type[Any]) -> Callable[[View], View]:
    """Load the JSON body, or the query of a GET, and hand it to the view as `body`."""

    def wrap(view: View) -> View:
        options_of(view).accepts = schema
        # Making a schema copies all its fields, nested ones too; a load or a dump changes nothing.
        made = functools.cache(schema)

        @functools.wraps(view)
        def wrapped(**names: str) -> Any:
            return view(**names, body=_body(made))

        return wrapped

    return wrap


def accepts_nothing(view: View) -> View:
    """Require an empty object as the JSON body; the view gets no `body`."""
    options_of(view).accepts = NothingSchema

    @functools.wraps(view)
    def wrapped(**names: str) -> Any:
        _body(NothingSchema)
        return view(**names)

    return wrapped


def returns(schema: type[Any], status: int = 200) -> Callable[[View], View]:
    """Dump the view's result through the schema that also describes it in OpenAPI."""

    def wrap(view: View) -> View:
        options = options_of(view)
        options.returns, options.status = schema, status
        made = functools.cache(schema)  # as in `accepts`

        @functools.wraps(view)
        def wrapped(**names: Any) -> Response:
            result = view(**names)
            if isinstance(result, Response):
                return result
            return json_response(made().dump(result), status)

        return wrapped

    return wrap


def returns_file(media_type: str) -> Callable[[View], View]:
    """Declare that the view returns a file of this media type."""

    def mark(view: View) -> View:
        options_of(view).media_type = media_type
        return view

    return mark


def idempotent(view: View) -> View:
    """Give a request that is repeated under one Idempotency-Key its first response.

    Not for responses about a patient: they are kept for a day.
    """
    options_of(view).is_idempotent = True

    @functools.wraps(view)
    def wrapped(**names: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            response: Response = view(**names)
            return response
        caller = find_caller()
        sender = caller.id if caller else f"from {request.remote_addr}"
        return _once(view, names, key_of(sender, request.path, key))

    return wrapped


def _once(view: View, names: dict[str, Any], key: bytes) -> Response:
    stored = services().responses
    earlier = stored.begin(key, request.get_data())
    if earlier is not None:
        return Response(earlier.body, earlier.status, content_type=JSON)
    response: Response | None = None
    try:
        response = view(**names)
    finally:
        if response is None:  # it failed, so it may be sent again
            stored.delete(key)
    stored.add(key, response.status_code, response.get_data())
    return response


def _body(made: Callable[[], Any]) -> Any:
    if request.method in READING:
        return made().load(request.args.to_dict())
    if request.mimetype != JSON:
        raise UnsupportedMediaType("Send application/json.")
    body = request.get_data()
    if _NUL.search(body):
        raise Malformed(NUL_PROBLEM)
    return made().load(loads(body))
