"""Describes the API in OpenAPI 3.1, from what the decorators of its views declare."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask

from web.view_options import JSON, options_of

_NAME: Final = re.compile(r"{(\w+)}")
_RULE_NAME: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {},
        "incident": {"type": "string"},
    },
}
_KEY: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key and body again gets the same answer, and nothing is done twice.",
}
_SESSION: Final = {
    "type": "apiKey",
    "in": "cookie",
    "name": "__Host-vouchsafe",
    "description": "A person's session on the pages; other methods than GET need the page's own "
    "Origin and its X-CSRF-Token. Without TLS the cookie is called vouchsafe.",
}


def describe(app: Flask, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of the application's API."""
    plugin = MarshmallowPlugin(schema_name_resolver=_named)
    spec = APISpec(
        title="Vouchsafe",
        version=version,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": "Sharing health records under consent."},
    )
    spec.components.schema("Problem", _PROBLEM)
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("session", _SESSION)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi":
            path = _RULE_NAME.sub(r"{\1}", rule.rule)
            method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            spec.path(path, operations={method.lower(): _operation(view, path, method)})
    described: dict[str, Any] = spec.to_dict()
    for (schema, *_), name in cast("OpenAPIConverter", plugin.converter).refs.items():
        described["components"]["schemas"][name]["description"] = _first_line(schema)
    return described


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").split("\n", 1)[0]


def _operation(view: Callable[..., Any], path: str, method: str) -> dict[str, Any]:
    """Return the operation of a view, from what its decorators declare."""
    options, summary = options_of(view), _first_line(view)
    result = options.returns or {"type": "object" if options.media_type == JSON else "string"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": summary,
        "parameters": [
            {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
            for name in _NAME.findall(path)
        ],
        "responses": {
            str(options.status): {
                "description": summary,
                "content": {options.media_type: {"schema": result}},
            },
            "default": {"description": "The problem.", "content": problem},
        },
        "security": [{"token": []}, {"session": []}] if options.roles else [],
        "x-roles": sorted(options.roles or ()),
    }
    if options.is_idempotent:
        operation["parameters"].append(_KEY)
    if options.accepts is not None and method == "GET":
        operation["parameters"].append({"in": "query", "schema": options.accepts})
    elif options.accepts is not None:
        content = {JSON: {"schema": options.accepts}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _named(schema: Any) -> str:
    return str((schema if isinstance(schema, type) else type(schema)).__name__)
