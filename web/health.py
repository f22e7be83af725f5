"""Reports whether the process runs, and whether every part that requests need is available."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, request

from services.wiring import Services
from web.limits import Limit, caller_at
from web.view_options import public

PROBES: Final = (5.0, 40)
"""Questions a second, and at once, of one address: each asks the chain and the record store."""


def health(services: Services) -> Blueprint:
    """Return the two views; an address that asks for the parts too often has to wait."""
    bp, installation = Blueprint("health", __name__, url_prefix="/health"), services.installation
    limit = Limit(*PROBES, installation.clock, installation.web_processes)

    @bp.get("/live")
    @public
    def live() -> Response:
        """Return the version: the process answers."""
        return jsonify(state="live", version=installation.version)

    @bp.get("/ready")
    @public
    def ready() -> tuple[Response, int]:
        """Return the state of each part that requests need; 503 if one is unavailable."""
        limit.take(caller_at(request.remote_addr))
        states = services.monitoring.part_states()
        parts = {part: {"state": _word(is_ready)} for part, is_ready in states.items()}
        is_ready = all(states.values())
        return jsonify(state=_word(is_ready), parts=parts), 200 if is_ready else 503

    return bp


def _word(is_ready: bool) -> str:
    return "ready" if is_ready else "unavailable"
