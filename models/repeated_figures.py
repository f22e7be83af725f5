"""Repeats the figures of an earlier card or report about nearly the same people.

Two cards before and after one person would tell that person's outcome: each figure differs a
little, and somebody who knows who joined or left can compare them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from models.card import Card
from models.card_notes import MEASURED_IN
from models.errors import ModelsBroken, ModelsNotFound
from models.gate import GateFailure
from models.manifest import Manifest
from models.model_files import CARD, MANIFEST, ModelFiles
from models.suppression import MIN_COUNT
from models.training_runs import TrainingRun, TrainingRuns

_EVALUATION: Final = "evaluation"
MEASURED: Final = (
    "data",
    "predictors",
    "estimate_bins",
    "far",
    _EVALUATION,
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


@dataclass(frozen=True, slots=True)
class EarlierFigures:
    """What a run measured and a card or report states.

    Attributes:
        run: the number of the run.
        content: the card, or the figures of the report.
    """

    run: int
    content: Mapping[str, Any]


def find_earlier(
    files: ModelFiles, runs: TrainingRuns, run: TrainingRun, people: Manifest
) -> list[EarlierFigures]:
    """Return what runs of the same study and question measured on nearly the same people.

    Newest first. Nearly the same: fewer than 11 joined, left, or have another version of a record.

    Args:
        files: with the manifest of each run that made a model or a report.
        runs: with their reports.
        run: that has measured now.
        people: of this run.
    """
    figures = []
    for earlier in reversed(runs.of_studies([run.study])):
        if earlier.id == run.id or earlier.question_text != run.question_text:
            continue
        measured = _read_measured(files, earlier)
        if measured and count_changed(measured[0], people) < MIN_COUNT:
            figures.append(EarlierFigures(earlier.id, measured[1]))
    return figures


def repeat_in_card(
    figures: Sequence[EarlierFigures], card: Card, failures: Sequence[GateFailure]
) -> tuple[Card, Sequence[GateFailure]]:
    """Return a card and the missed thresholds as they may be stated.

    The newest figures of a model take the place of the card's own, and each bound that of what
    was measured; without such figures both stay as they are.

    Args:
        figures: what `find_earlier` returns.
        card: of the model, with its own figures.
        failures: the thresholds that the model itself misses.
    """
    earlier = next((each for each in figures if _EVALUATION in each.content), None)
    if earlier is None:
        return card, failures
    own = card.content
    content = {name: member for name, member in own.items() if name not in MEASURED}
    # A card of an earlier release lacks what that release did not measure.
    content |= {name: earlier.content[name] for name in MEASURED if name in earlier.content}
    # What is said of the model itself stays true: how it treats a missing value, and whether its
    # own attack meets the stricter bound; a card never says so if the figures do not.
    content["data"] = {**content["data"], "missing": own["data"]["missing"]}
    leaves = own["release"]["may_leave"] and earlier.content["release"]["may_leave"]
    content["release"] = {**own["release"], "may_leave": leaves}
    before = own["before"]
    content["before"] = {"id": before["id"]} if before else None
    return Card({**content, MEASURED_IN: earlier.run}), _hide(failures)


def repeat_in_data(
    figures: Sequence[EarlierFigures], content: Mapping[str, Any], failures: Sequence[GateFailure]
) -> tuple[Mapping[str, Any], Sequence[GateFailure]]:
    """Return what a run states whose data were refused; see `repeat_in_card`."""
    if not figures:
        return content, failures
    earlier = figures[0].content["data"]
    data = {name: earlier[name] for name in content["data"] if name in earlier}
    return {**content, "data": data, MEASURED_IN: figures[0].run}, _hide(failures)


def _hide(failures: Sequence[GateFailure]) -> list[GateFailure]:
    return [replace(failure, is_hidden=True) for failure in failures]


def count_changed(before: Manifest, now: Manifest) -> int:
    """Return how many patients joined, left, or have had their records changed."""
    records, others = _list_records(before), _list_records(now)
    return sum(records.get(each) != others.get(each) for each in records.keys() | others.keys())


def _list_records(manifest: Manifest) -> dict[str, frozenset[tuple[str, int]]]:
    records: dict[str, set[tuple[str, int]]] = {}
    for line in manifest.lines:
        records.setdefault(line.patient, set()).add((line.record, line.version))
    return {patient: frozenset(each) for patient, each in records.items()}


def _read_measured(
    files: ModelFiles, run: TrainingRun
) -> tuple[Manifest, Mapping[str, Any]] | None:
    """Return the people of a run and what it measured on them; None if it measured nothing."""
    try:
        content = _read_content(files, run)
        if content is None or MEASURED_IN in content:
            return None  # the run whose figures it repeats is compared itself
        return Manifest.from_json(files.read(run.model_id, MANIFEST)), content
    except (ModelsNotFound, ModelsBroken):
        return None  # no model and no report, or a file that `verify` reports


def _read_content(files: ModelFiles, run: TrainingRun) -> Mapping[str, Any] | None:
    if run.report:
        content: Mapping[str, Any] = json.loads(run.report)["card"]
        return content
    card = Card.from_json(files.read(run.model_id, CARD)).content
    return card if "tuning" in card else None  # the first format measured held-out patients
