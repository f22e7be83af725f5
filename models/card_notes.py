"""Holds the sentences that every model card of a kind has, in its text and its PDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from models.tripod import GUIDELINE

MEASURED_IN: Final = "measured_in"
"""The member of a card or report that names the run whose figures it repeats."""
ELSEWHERE: Final = "another study"
"""Stands for that run if it is another study's, which the reader need not know."""
ITEMS_NOTE: Final = f"Numbers after headings are the items of {GUIDELINE}."
_WEIGHTS_NOTE: Final = (
    "weights of patients: drawn at random for the final fit, so that the answers of two models"
    " reveal little of one patient"
)
_FOLDS_NOTE: Final = (
    "answers about these patients: each by a model of the other folds, which did not learn from"
    " that patient"
)
INTERVAL_NOTE: Final = (
    "The interval of a prediction is a 95 % conformal interval around it, learned out of fold: it"
    " is made so that of 100 groups of new patients with similar estimates, about 95 have an"
    " observed share inside, apart from the chance variation of a group of that size. It describes"
    " patients like this one, not this patient. At places or times that the model was not tested"
    " on, fewer groups can lie inside."
)
NO_COUNTS: Final = "how often tested: the question declares no such input"
NO_EFFECT: Final = (
    "effect hidden: all but a few patients have the same value, or it is close to another input"
)
BEFORE_NOTE: Final = (
    "Each was measured on its own patients, by models that had not learned from them."
)
_REPEATED_NOTE: Final = (
    "The figures and counts are those that training run {run} measured. Since then, fewer than 11"
    " patients have joined, left or had their records changed. New figures could reveal something"
    " about these patients. The model can leave out up to 22 others, for the same reason. This"
    " training checked the thresholds again."
)
_ELSEWHERE_NOTE: Final = (
    "The figures and counts are those that another study measured with the same question on nearly"
    " the same patients. Fewer than 11 of those who permit it differ or have other records. New"
    " figures could reveal something about these patients. The model can leave out up to 22 others,"
    " for the same reason. This training checked the thresholds again."
)
FIRST_INTERVAL_NOTE: Final = (
    "The interval of a prediction is Wilson's 95 % interval of the share that had the label among"
    " the patients with a similar prediction (see the calibration bins), widened to include the"
    " prediction itself. It describes patients like this one, not this patient."
)
ATTACK_NOTE: Final = (
    "LiRA with shadow models: the attacker knows a patient's values and outcome, trains models with"
    " and without the patient, and compares the exact log-odds. Each shadow learns from three"
    " quarters of the patients, so the published model remembers less. The gate compares the upper"
    " confidence bounds."
)
FIRST_ATTACK_NOTE: Final = (
    "Loss-threshold attack on the published model: training patients against held-out patients, by"
    " the predicted probability of the true outcome. It is the simplest attack, without shadow"
    " models; a stronger one could find more."
)


def describe_measured(content: Mapping[str, Any]) -> list[str]:
    """Return which run measured the figures of a card, if it was not the card's own."""
    run = content.get(MEASURED_IN)
    if run == ELSEWHERE:
        return [_ELSEWHERE_NOTE]
    return [] if run is None else [_REPEATED_NOTE.format(run=run)]


def describe_final_fit(content: Mapping[str, Any]) -> list[str]:
    """Return how people counted in the final fit, and which models answer about them."""
    budget = content.get("provenance", {}).get("budget", {})
    notes = {"draws_weights": _WEIGHTS_NOTE, "answers_out_of_fold": _FOLDS_NOTE}
    return [note for name, note in notes.items() if budget.get(name)]


def describe_earlier_runs(content: Mapping[str, Any]) -> str:
    """Return how many runs came before, refused ones too."""
    runs = content["runs_before"]
    return f"earlier runs of this study on this label: {runs['all']}, refused: {runs['refused']}"
