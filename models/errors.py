"""Says what can go wrong in the diagnostics, grouped by what the reader can do about it."""

from __future__ import annotations


class ModelsError(Exception):
    """Every error of this package."""


class NotFound(ModelsError):
    """No such question, study, model or run is here (404)."""


class BadlyAsked(ModelsError):
    """The input is wrong; the message says what to change (422)."""


class InputOutOfRange(BadlyAsked):
    """A patient's value is outside what the model was made for; names feature and range."""


class InputMissing(BadlyAsked):
    """Records that a diagnosis needs are not available; the message names the category."""


class UnitMismatch(BadlyAsked):
    """A record's unit is not the question's; the message names the code and both units."""


class CohortTooSmall(BadlyAsked):
    """Too few permitted patients to train on."""


class RunCancelled(BadlyAsked):
    """The run was stopped by whoever started it; nothing is published."""


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


class ConsentMoved(Refused):
    """Consents were withdrawn again and again while the run went on; start it anew."""


class Away(ModelsError):
    """A part is away; ask again later (503)."""


class ScorerUnavailable(Away):
    """The process that runs the model is away; ask again later (503)."""
