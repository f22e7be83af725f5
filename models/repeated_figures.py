"""Repeats the figures of an earlier card or report about nearly the same people.

Two cards before and after one person would tell that person's outcome: each figure differs a
little, and somebody who knows who joined or left can compare them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from models.card import Card
from models.card_notes import MEASURED_IN
from models.earlier_groups import EVALUATION, EarlierGroup
from models.gate import GateFailure

MEASURED: Final = (
    "data",
    "predictors",
    "estimate_bins",
    "far",
    EVALUATION,
    "attack",
    "interval",
    "repeated",
    "learners",
    "comparison",
    "curves",
    "thresholds",
    "sample_size",
    "absence",
    "frequency",
    "splits",
    "sites",
    "patients_by_outcome",
)
"""The members that follow from the people's values and outcomes."""


def repeat_in_card(
    figures: Sequence[EarlierGroup], card: Card, failures: Sequence[GateFailure]
) -> tuple[Card, Sequence[GateFailure]]:
    """Return a card and the missed thresholds as they may be stated.

    The newest figures of a model take the place of the card's own, and each bound that of what
    was measured; without such figures both stay as they are.

    Args:
        figures: the groups whose figures may be repeated, in the order of `find_groups`.
        card: of the model, with its own figures.
        failures: the thresholds that the model itself misses.
    """
    earlier = next((each for each in figures if EVALUATION in each.content), None)
    if earlier is None:
        return card, failures
    own = card.content
    content = {name: member for name, member in own.items() if name not in MEASURED}
    # A card of an earlier release lacks what that release did not measure.
    content |= {name: earlier.content[name] for name in MEASURED if name in earlier.content}
    reviews = {each["code"]: each["reviewed"] for each in own["predictors"]}
    content["predictors"] = [
        {**each, "reviewed": reviews[each["code"]]} for each in content["predictors"]
    ]
    # What is said of the model itself stays true: how it treats a missing value, and whether its
    # own attack meets the stricter bound; a card never says so if the figures do not.
    content["data"] = {**content["data"], "missing": own["data"]["missing"]}
    leaves = own["release"]["may_leave"] and earlier.content["release"]["may_leave"]
    content["release"] = {**own["release"], "may_leave": leaves}
    before = own["before"]
    content["before"] = {"id": before["id"]} if before else None
    return Card({**content, MEASURED_IN: earlier.run}), _hide(failures)


def repeat_in_data(
    figures: Sequence[EarlierGroup], content: Mapping[str, Any], failures: Sequence[GateFailure]
) -> tuple[Mapping[str, Any], Sequence[GateFailure]]:
    """Return what a run states whose data were refused; see `repeat_in_card`."""
    if not figures:
        return content, failures
    earlier = figures[0].content["data"]
    data = {name: earlier[name] for name in content["data"] if name in earlier}
    return {**content, "data": data, MEASURED_IN: figures[0].run}, _hide(failures)


def _hide(failures: Sequence[GateFailure]) -> list[GateFailure]:
    return [replace(failure, is_hidden=True) for failure in failures]
