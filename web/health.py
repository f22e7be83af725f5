"""Says whether the platform lives, and whether every part that a request needs is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from consent import ConsentError
from storage import StorageError, VaultSealed
from web.platform import Platform


def health(platform: Platform) -> Blueprint:
    """Return the blueprint of /health/live and /health/ready."""
    bp = Blueprint("health", __name__, url_prefix="/health")

    @bp.get("/live")
    def live() -> Response:
        """The process answers."""
        return jsonify(state="live", version=platform.version)

    @bp.get("/ready")
    def ready() -> tuple[Response, int]:
        """Every part that a request needs answers; 503 names those that do not."""
        parts = {
            "ledger": _state(platform.law.view),
            "store": _state(platform.safe.ready),
            "journal": _state(platform.safe.journal.size),
            "root_key": _state(lambda: _require_unsealed(platform)),
        }
        ok = all(part["state"] == "ready" for part in parts.values())
        body: dict[str, Any] = {"state": "ready" if ok else "away", "parts": parts}
        return jsonify(body), 200 if ok else 503

    return bp


def _state(ask: Callable[[], object]) -> dict[str, str]:
    try:
        ask()
    except (ConsentError, StorageError) as exc:
        return {"state": "away", "why": str(exc)}
    return {"state": "ready"}


def _require_unsealed(platform: Platform) -> None:
    if platform.safe.is_sealed:
        raise VaultSealed("the root key is not unsealed")
