"""The errors of this package, grouped by what the reader can do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the scorer process needs neither the questions nor the gate
    from collections.abc import Mapping, Sequence

    from models.cohort import Cohort
    from models.gate import GateFailure
    from models.question import Feature, Rule


class ModelsError(Exception):
    """Base class of every error of this package."""


class ModelsNotFound(ModelsError):
    """The question, study, model or run does not exist (404)."""


class ModelsInvalid(ModelsError):
    """The input is invalid; the message says what to change (422)."""


class InputOutOfRange(ModelsInvalid):
    """A patient's value is outside what the model accepts.

    Attributes:
        code: ``outside``, or ``ineligible`` in `PatientIneligible`.
        feature: the feature, with its unit and the values that it accepts.
        value: the patient's value; the message never contains it, because messages are logged.
    """

    code = "outside"

    def __init__(self, feature: Feature, value: object, message: str = "") -> None:
        """Keep the fields."""
        accepted = f"{feature.words} is outside the accepted values: {feature.accepted}"
        super().__init__(message or f"{accepted} ({feature.code}). Correct the record.")
        self.feature = feature
        self.value = value


class PatientIneligible(InputOutOfRange):
    """The patient does not meet an eligibility criterion of the model, `rule`."""

    code = "ineligible"

    def __init__(self, feature: Feature, value: object, rule: Rule) -> None:
        """Keep the fields."""
        message = f"{feature.words} must be {rule.bounds} ({feature.code})"
        super().__init__(feature, value, f"{message}: the model is not intended for this patient.")
        self.rule = rule


class InputMissing(ModelsInvalid):
    """Records that a prediction needs are not available; `category` says of which category."""

    code = "missing"

    def __init__(self, category: str) -> None:
        """Keep the category."""
        super().__init__(f"the required records of category {category} are not available")
        self.category = category


class UnitMismatch(ModelsInvalid):
    """A record's unit differs from the unit of the question's feature.

    Attributes:
        code: ``unit``.
        feature: the feature, with the unit that it expects.
        unit: the unit of the record.
    """

    code = "unit"

    def __init__(self, feature: Feature, unit: str) -> None:
        """Keep the fields."""
        units = f"{feature.code} is in {unit!r}, but the question expects {feature.unit!r}"
        super().__init__(f"{units}. Convert the unit in the mapping.")
        self.feature = feature
        self.unit = unit


class CohortTooSmall(ModelsInvalid):
    """There are too few patients to train a model or to release a training set."""


class RunCancelled(ModelsInvalid):
    """The run was cancelled by the person who started it; nothing is published."""


class ModelsRefused(ModelsError):
    """The model may not be published or used (403)."""


class GateClosed(ModelsRefused):
    """The model does not meet the publication gate.

    Attributes:
        failures: why, in order.
        report: what was measured, as JSON has it.
        people: the cohort that it was measured on.
        run: the id that the model would have had; `vouchsafe card` shows the report by it.
    """

    run = ""

    def __init__(
        self,
        failures: Sequence[GateFailure],
        report: Mapping[str, Any] | None = None,
        people: Cohort | None = None,
    ) -> None:
        """Keep every failure."""
        messages = "; ".join(failure.message for failure in failures)
        super().__init__(f"the model is not published: {messages}")
        self.failures = tuple(failures)
        self.report = dict(report or {})
        self.people = people


class ModelRetired(ModelsRefused):
    """The model lost consent and its grace period has ended, or it was replaced."""


class ConsentsChanged(ModelsRefused):
    """Consents ended during every attempt of a training run; start it again."""


class ModelsBroken(ModelsError):
    """A model file, card or manifest is not the one that was written (502)."""


class ModelsUnavailable(ModelsError):
    """A required part is unavailable; try again later (503)."""


class ScorerUnavailable(ModelsUnavailable):
    """The process that runs models does not answer; try again later (503)."""
