"""Compares the people of a run with each group of whom an earlier run measured figures.

If two groups differ in one to ten people, their figures tell of these few, whatever the studies and
the questions are. So a run repeats earlier figures, or leaves a few more people out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from models.card import Card
from models.card_notes import ELSEWHERE, MEASURED_IN
from models.cohort import Cohort
from models.errors import CohortTooSmall, ModelsBroken, ModelsNotFound
from models.manifest import Manifest
from models.model_files import CARD, MANIFEST, ModelFiles
from models.question import Question, load_stored_question
from models.suppression import MIN_COHORT, MIN_COUNT
from models.training_runs import TrainingRun, TrainingRuns
from records.errors import DeclarationInvalid

EVALUATION: Final = "evaluation"
_LEFT_OUT: Final = "too-few-differ-from-earlier-figures"
_FAR: Final = 4 * MIN_COUNT
"""Groups whose sizes differ by more, counted in tens, are not close, and cannot become so."""
_MOST_STARTS: Final = 50
"""How many places in the order are tried at which people are left out."""

Records = frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierGroup:
    """What a run measured on a group, beside the people who are permitted now.

    Attributes:
        run: the number of the run, or `ELSEWHERE`: a study is not told of another's runs.
        content: the card, or the figures of the report.
        is_same: whether its question asks the same, so that its figures may be repeated.
        missing: how many people of the group are not permitted now.
        new: who is permitted now and not in the group.
        changed: who is in both, and whose records have changed since.
    """

    run: int | str
    content: Mapping[str, Any]
    is_same: bool
    missing: int
    new: frozenset[str]
    changed: frozenset[str]

    def may_be_repeated(self, left_out: frozenset[str]) -> bool:
        """Return whether all but these people have the figures of the group, not their own."""
        return self.is_same and self._count_apart(left_out)[1] < MIN_COUNT

    def is_apart(self, left_out: frozenset[str]) -> bool:
        """Return whether figures of all but these people tell nothing about a few."""
        return all(count == 0 or count >= MIN_COUNT for count in self._count_apart(left_out))

    def _count_apart(self, left_out: frozenset[str]) -> tuple[int, int]:
        """Return how many joined or left, and how many did or have other records."""
        apart = self.missing + len(self.new ^ left_out)
        return apart, apart + len(self.changed - left_out)


def find_groups(
    files: ModelFiles, runs: TrainingRuns, run: TrainingRun, people: Manifest
) -> list[EarlierGroup]:
    """Return the groups that other runs measured, of this study first, the newest first.

    Args:
        files: with the manifest of each run that made a model or a report.
        runs: with their reports.
        run: that measures now.
        people: who may be measured.
    """
    now, groups = _list_records(people), []
    for earlier in sorted(runs.all(), key=lambda each: (each.study != run.study, -each.id)):
        measured = _read_measured(files, earlier, len(now)) if earlier.id != run.id else None
        if measured is not None:
            before, content = _list_records(measured[0]), measured[1]
            is_same, opens_same = _compare_questions(run, earlier)
            changed = (
                patient
                for patient in now.keys() & before.keys()
                if _is_changed(before[patient], now[patient], opens_same)
            )
            groups.append(
                EarlierGroup(
                    run=earlier.id if earlier.study == run.study else ELSEWHERE,
                    content=content,
                    is_same=is_same,
                    missing=len(before.keys() - now.keys()),
                    new=frozenset(now.keys() - before.keys()),
                    changed=frozenset(changed),
                )
            )
    return groups


def choose_left_out(
    groups: Sequence[EarlierGroup], people: Sequence[str], member: str
) -> frozenset[str]:
    """Return the few of these people whom a run leaves out.

    Then it repeats figures of nearly the same people, or no group differs in 1 to 10 people.

    Args:
        groups: of `find_groups`.
        people: by keyed hash, in an order that tells nothing about them.
        member: that figures must have to be repeated.

    Raises:
        CohortTooSmall: too few people would be left.
    """
    repeatable = [group for group in groups if member in group.content]
    for left_out in _list_choices(groups, people):
        if any(group.may_be_repeated(left_out) for group in repeatable):
            return left_out
        if all(group.is_apart(left_out) for group in groups):
            return left_out
    raise CohortTooSmall(
        "too few permitted patients beside those of earlier runs; train again when more permit it"
    )


def _list_choices(
    groups: Sequence[EarlierGroup], people: Sequence[str]
) -> Iterator[frozenset[str]]:
    """Yield nobody; whom a measured group lacks, if few; then a few others, the fewest first.

    A group that was measured comes first: the same people measured again tell nothing new.
    """
    yield frozenset()
    most = len(people) - MIN_COHORT
    lacking = (group.new for group in groups if len(group.new) < MIN_COUNT)
    yield from (new for new in sorted(lacking, key=len) if len(new) <= most)
    starts = range(0, min(len(people), _MOST_STARTS * MIN_COUNT), MIN_COUNT)
    for count in range(1, min(2 * MIN_COUNT, most) + 1):
        yield from (frozenset(people[start : start + count]) for start in starts)


def leave_out(cohort: Cohort, left_out: frozenset[str]) -> Cohort:
    """Return the cohort without these people; its card counts them as left out."""
    if not left_out:
        return cohort
    lines = tuple(line for line in cohort.manifest.lines if line.patient not in left_out)
    return replace(
        cohort,
        manifest=replace(cohort.manifest, lines=lines),
        records={line.record: cohort.records[line.record] for line in lines},
        excluded={**cohort.excluded, _LEFT_OUT: len(left_out)},
    )


def _compare_questions(run: TrainingRun, earlier: TrainingRun) -> tuple[bool, bool]:
    """Return whether both questions ask the same, and whether they open the same categories."""
    question = load_stored_question(run.question_text)
    try:
        other = load_stored_question(earlier.question_text)
    except DeclarationInvalid:
        return False, False  # an earlier release accepted it
    opens_same = set(question.training_categories) == set(other.training_categories)
    return _describe(question) == _describe(other), opens_same


def _describe(question: Question) -> Question:
    """Return what decides about rows, outcomes and model, without what only describes it."""
    features = sorted(question.features, key=lambda feature: feature.code)
    reviewed = tuple(replace(feature, reviewed="") for feature in features)
    plain = replace(question, id="", title="", intended_use="", limits=(), text="")
    return replace(plain, features=reviewed)


def _list_records(manifest: Manifest) -> dict[str, Records]:
    records: dict[str, set[tuple[str, int]]] = {}
    for line in manifest.lines:
        records.setdefault(line.patient, set()).add((line.record, line.version))
    return {patient: frozenset(each) for patient, each in records.items()}


def _is_changed(before: Records, now: Records, opens_same: bool) -> bool:
    """Return whether a patient's records changed, as far as both questions open them."""
    if opens_same:
        return before != now
    versions = dict(before)
    return any(versions.get(record, version) != version for record, version in now)


def _read_measured(
    files: ModelFiles, run: TrainingRun, size: int
) -> tuple[Manifest, Mapping[str, Any]] | None:
    """Return the people of a run and what it measured on them; None if it measured nothing.

    None too if the group is far larger or smaller than `size`, which its card tells faster.
    """
    try:
        content = _read_content(files, run)
        # The run whose figures another run repeats is compared itself.
        if content is None or MEASURED_IN in content:
            return None
        stated = content["data"]["patients"]
        if isinstance(stated, int) and abs(stated - size) > _FAR:
            return None
        return Manifest.from_json(files.read(run.model_id, MANIFEST)), content
    except (ModelsNotFound, ModelsBroken):
        return None  # no model and no report, or a file that `verify` reports


def _read_content(files: ModelFiles, run: TrainingRun) -> Mapping[str, Any] | None:
    if run.report:
        content: Mapping[str, Any] = json.loads(run.report)["card"]
        return content
    card = Card.from_json(files.read(run.model_id, CARD)).content
    return card if "tuning" in card else None  # the first format measured held-out patients
