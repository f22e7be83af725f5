"""Says whether the platform lives, and whether every part that a request needs is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, jsonify

from consent import ConsentError
from services import database
from services.jobs.heartbeats import Workers
from services.platform import Platform
from storage import StorageError, StorageUnavailable, VaultSealed

LOG: Final = logging.getLogger("vouchsafe.web")


def health(platform: Platform) -> Blueprint:
    """Return the blueprint of /health/live and /health/ready."""
    bp = Blueprint("health", __name__, url_prefix="/health")
    workers = Workers(platform.engine, platform.clock)

    @bp.get("/live")
    def live() -> Response:
        """The process answers."""
        return jsonify(state="live", version=platform.version)

    @bp.get("/ready")
    def ready() -> tuple[Response, int]:
        """Every part that a request needs answers; 503 names those that do not."""
        parts = {
            "ledger": _state("ledger", platform.ledger.view),
            "store": _state("store", platform.store.ipfs_version),
            "journal": _state("journal", platform.store.journal.size),
            "root_key": _state("root_key", lambda: _require_unsealed(platform)),
            "worker": _state("worker", lambda: _require_worker(workers)),
        }
        ok = all(part["state"] == "ready" for part in parts.values())
        body: dict[str, Any] = {"state": "ready" if ok else "away", "parts": parts}
        return jsonify(body), 200 if ok else 503

    return bp


def _state(part: str, ask: Callable[[], object]) -> dict[str, str]:
    try:
        ask()
    except (ConsentError, StorageError) as exc:
        # Why is the operator's business: an address or a path is not for strangers.
        LOG.warning("%s: %s: %s", part, type(exc).__name__, exc)
        return {"state": "away"}
    except database.UNAVAILABLE_ERRORS:
        LOG.warning("%s: %s", part, database.UNAVAILABLE_MESSAGE)
        return {"state": "away"}
    return {"state": "ready"}


def _require_unsealed(platform: Platform) -> None:
    if platform.store.is_sealed:
        raise VaultSealed("the root key is not unsealed")


def _require_worker(workers: Workers) -> None:
    if not workers.is_any_alive():
        raise StorageUnavailable("no worker has been heard of lately, so jobs wait")
