"""Says what can go wrong in the diagnostics, grouped by what the reader can do about it."""

from __future__ import annotations


class ModelsError(Exception):
    """Every error of this package."""


class ModelsNotFound(ModelsError):
    """No such question, study, model or run is here (404)."""


class ModelsInvalid(ModelsError):
    """The input is wrong; the message says what to change (422)."""


class InputOutOfRange(ModelsInvalid):
    """A patient's value is outside what the model was made for; names feature and range."""


class InputMissing(ModelsInvalid):
    """Records that a diagnosis needs are not available; the message names the category."""


class UnitMismatch(ModelsInvalid):
    """A record's unit is not the question's; the message names the code and both units."""


class CohortTooSmall(ModelsInvalid):
    """Too few permitted patients to train on."""


class RunCancelled(ModelsInvalid):
    """The run was stopped by whoever started it; nothing is published."""


class ModelsRefused(ModelsError):
    """The model may not be published or used (403)."""


class GateClosed(ModelsRefused):
    """The publish gate refused the model; `failures` says why, in order."""

    def __init__(self, failures: tuple[str, ...]) -> None:
        """Keep every failed condition in words."""
        super().__init__("the model is not published: " + "; ".join(failures))
        self.failures = failures


class ModelRetired(ModelsRefused):
    """The model lost consent and its grace period is over, or it was replaced."""


class ModelsBroken(ModelsError):
    """A model file or card is not the one that was written (502)."""


class ConsentsChanged(ModelsRefused):
    """Consents were withdrawn again and again while the run went on; start it anew."""


class ModelsUnavailable(ModelsError):
    """A part is away; ask again later (503)."""


class ScorerUnavailable(ModelsUnavailable):
    """The process that runs the model is away; ask again later (503)."""
