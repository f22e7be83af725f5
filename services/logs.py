"""Formats log lines as JSON, and errors as traces without personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Final

import orjson

import consent
import models
import records
import storage
from services.errors import ServiceError

PROJECT_ERRORS: Final = (
    consent.ConsentError,
    models.ModelsError,
    records.RecordsError,
    storage.StorageError,
    ServiceError,
)
"""Errors whose message this project writes; other messages may contain values."""


class JsonLines(logging.Formatter):
    """One JSON object a line, so that no message can forge another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = {"at": self.formatTime(record), "level": record.levelname, "log": record.name}
        facts = getattr(record, "facts", None) or {"message": record.getMessage()}
        return orjson.dumps(line | facts).decode()


def log_to_stderr() -> None:
    """Write the project's log to stderr as JSON lines; calling it twice changes nothing."""
    logger = logging.getLogger("vouchsafe")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def trace_of(error: BaseException) -> str:
    """Return where an error came from: lines of code, and the message of a project error."""
    message = f": {error}" if isinstance(error, PROJECT_ERRORS) else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    cause = error.__cause__ or error.__context__
    rest = f"\nfrom {trace_of(cause)}" if cause is not None else ""
    return f"{type(error).__name__}{message}\n{frames}{rest}"
