"""Reports whether the process runs, and whether every part that requests need is available."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from web.current import services
from web.view_options import public

bp = Blueprint("health", __name__, url_prefix="/health")


@bp.get("/live")
@public
def live() -> Response:
    """Return the version: the process answers."""
    return jsonify(state="live", version=services().installation.version)


@bp.get("/ready")
@public
def ready() -> tuple[Response, int]:
    """Return the state of each part that requests need; 503 if one is unavailable."""
    states = services().monitoring.part_states()
    parts = {part: {"state": _word(is_ready)} for part, is_ready in states.items()}
    is_ready = all(states.values())
    return jsonify(state=_word(is_ready), parts=parts), 200 if is_ready else 503


def _word(is_ready: bool) -> str:
    return "ready" if is_ready else "unavailable"
