"""Logs one line for each request: ids and numbers, never its content."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Final

from flask import Flask, Response, g, request

LOG: Final = logging.getLogger("vouchsafe.access")


def install(app: Flask) -> None:
    """Give every request an id that is in its response and in its log line."""

    @app.before_request
    def begin() -> None:
        g.request_id, g.began_s = secrets.token_hex(8), time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        facts = {
            "request": g.request_id,
            "method": request.method,
            # Not the URL: it may contain a subject, or text that a stranger chose.
            "route": request.endpoint or "",
            "token": g.get("token_id", ""),
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.began_s) * 1e3, 1),
        }
        LOG.info("request", extra={"facts": facts})
        return response
