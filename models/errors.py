"""Says what can go wrong in the diagnostics, grouped by what the reader can do about it."""

from __future__ import annotations


class ModelsError(Exception):
    """Every error of this package."""


class NotFound(ModelsError):
    """No such question, study, model or run is here (404)."""


class BadlyAsked(ModelsError):
    """The input is wrong; the message says what to change (422)."""


class QuestionInvalid(BadlyAsked):
    """A question or mapping file that does not make sense, with the line that is wrong."""


class TableInvalid(BadlyAsked):
    """A table with rows that cannot be deposited; `rows` names each row, column and reason."""

    def __init__(self, message: str, rows: tuple[tuple[int, str, str], ...] = ()) -> None:
        """Keep (row number from 1, column, what is wrong) of each bad cell."""
        super().__init__(message)
        self.rows = rows


class InputOutOfRange(BadlyAsked):
    """A patient's value is outside what the model was made for; the message names feature and range."""


class CohortTooSmall(BadlyAsked):
    """Too few permitted patients to train on."""


class Refused(ModelsError):
    """The model may not be published or used (403)."""


class GateClosed(Refused):
    """The publish gate refused the model; `failures` says why, in order."""

    def __init__(self, failures: tuple[str, ...]) -> None:
        """Keep every failed condition in words."""
        super().__init__("the model is not published: " + "; ".join(failures))
        self.failures = failures


class ModelRetired(Refused):
    """The model lost consent and its grace period is over, or it was replaced."""


class Broken(ModelsError):
    """A model file or card is not the one that was written (502)."""


class ScorerUnavailable(ModelsError):
    """The process that runs the model is away; ask again later (503)."""
