"""Logs one JSON line for each request and each error: names and numbers, never what was said."""

from __future__ import annotations

import logging
import secrets
import sys
import time
import traceback
from typing import Final

import orjson
from flask import Flask, Response, g, request

import consent
import models
import storage

LOG: Final = logging.getLogger("vouchsafe.access")
OURS: Final = (consent.ConsentError, models.ModelsError, storage.StorageError)


class Lines(logging.Formatter):
    """One JSON object a line, so that nothing in a message can pass for another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        held = {"at": self.formatTime(record), "level": record.levelname, "log": record.name}
        facts = getattr(record, "facts", None) or {"message": record.getMessage()}
        return orjson.dumps(held | facts).decode()


def show() -> None:
    """Let everything of ours be logged on stderr, as lines; asking twice changes nothing."""
    ours = logging.getLogger("vouchsafe")
    if not ours.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Lines())
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
        ours.propagate = False


def install(app: Flask) -> None:
    """Give every request an id, which its answer and its line in the log have."""

    @app.before_request
    def begin() -> None:
        g.request_id, g.began_s = secrets.token_hex(8), time.perf_counter()

    @app.after_request
    def end(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.request_id
        facts = {
            "request": g.request_id,
            "method": request.method,
            # Not the URL: it may hold a subject, or whatever a stranger likes to see in a log.
            "route": request.endpoint or "",
            "token": g.get("token_id", ""),
            "status": answer.status_code,
            "ms": round((time.perf_counter() - g.began_s) * 1e3, 1),
        }
        LOG.info("request", extra={"facts": facts})
        return answer


def trace_of(error: BaseException) -> str:
    """Return where an error came from: lines of code; its words only if it is one of ours.

    Words of other people's errors repeat values: parameters of a statement, parts of a file.
    """
    words = f": {error}" if isinstance(error, OURS) else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    above = error.__cause__ or error.__context__
    rest = f"\nfrom {trace_of(above)}" if above is not None else ""
    return f"{type(error).__name__}{words}\n{frames}{rest}"
