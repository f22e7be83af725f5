"""The API under /api/v1: who asks, may they, what do they ask, do it once, answer."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Blueprint, Response, current_app, request

from records.json_strict import loads
from services.errors import NotFound
from services.idempotency import StoredResponses, key_of
from services.platform import Platform
from services.wiring import Services
from web.api import auditor, clinician, custodian, information, jobs, patient, people, researcher
from web.api.callers import Caller, Callers
from web.api.guard import ApiGuard
from web.api.route import Call, Route
from web.api.routes import ROUTES
from web.current import services
from web.errors import UnsupportedMediaType
from web.openapi import describe
from web.view_options import public as for_anybody

PREFIX: Final = "/api/v1"


BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    people.bp,
    *information.BLUEPRINTS,
    *jobs.BLUEPRINTS,
    *clinician.BLUEPRINTS,
    *researcher.BLUEPRINTS,
    *custodian.BLUEPRINTS,
    *auditor.BLUEPRINTS,
    *patient.BLUEPRINTS,
)


def api(services: Services) -> Blueprint:
    """Return the blueprint of every route, and of the description of all of them."""
    bp = Blueprint("api", __name__, url_prefix=PREFIX)
    bp.before_request(ApiGuard(services).admit)
    for part in BLUEPRINTS:
        bp.register_blueprint(part)
    bp.add_url_rule("/openapi.json", "openapi", for_anybody(_openapi))
    return bp


def _openapi() -> Response:
    """Return the description of the API in OpenAPI 3.1."""
    version = services().installation.version
    return _json(orjson.dumps(describe(current_app, ROUTES, PREFIX, version)))


class OldApi:
    """What every route of the API goes through, in this order, each step may only refuse."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._callers = Callers(platform)
        self._answers = StoredResponses(platform.engine, platform.clock)

    def blueprint(self) -> Blueprint:
        """Return the blueprint of every route, and of the description of all of them."""
        bp = Blueprint("old_api", __name__, url_prefix=PREFIX)
        for route in ROUTES:
            path = route.path.replace("{", "<").replace("}", ">")
            bp.add_url_rule(path, route.name, self._view(route), methods=[route.method])
        return bp

    def _view(self, route: Route) -> Any:
        def view(**names: str) -> Response:
            request.max_content_length = route.most_bytes
            if not all(name.isascii() and name.isprintable() for name in names.values()):
                raise NotFound
            caller = self._callers.admitted(route.roles)
            key = request.headers.get("Idempotency-Key")
            if key is None or not route.keeps:
                return self._answer(route, caller, names)
            asker = caller.id if caller else f"from {request.remote_addr}"
            return self._once(route, caller, names, key_of(asker, request.path, key))

        return view

    def _once(
        self, route: Route, caller: Caller | None, names: dict[str, str], key: bytes
    ) -> Response:
        kept = self._answers.begin(key, request.get_data())
        if kept is not None:
            return _json(kept.answer, kept.status)
        answer: Response | None = None
        try:
            answer = self._answer(route, caller, names)
        finally:
            if answer is None:  # nothing came of it, so it may be asked again
                self._answers.forget(key)
        self._answers.keep(key, answer.status_code, answer.get_data())
        return answer

    def _answer(self, route: Route, caller: Caller | None, names: dict[str, str]) -> Response:
        body = _body(route)
        done = route.view(Call(self._platform, caller, names, body))
        return done if isinstance(done, Response) else _json(orjson.dumps(done), route.status)


def _body(route: Route) -> Any:
    if route.schema is None:
        return None
    if route.method == "GET":
        return route.schema().load(request.args.to_dict())
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("send application/json")
    return route.schema().load(loads(request.get_data()))


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")
