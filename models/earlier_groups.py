"""Compares people with each group that a run measured or learned from, or a model was tested on.

If two groups differ in one to ten people, their figures and the answers of their models tell of
these few, whatever the studies and the questions are. So a run or an external validation leaves a
few more people out, and repeats earlier figures while few changed.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final

from models.card import Card
from models.card_notes import ELSEWHERE, MEASURED_IN
from models.cohort import Cohort
from models.errors import CohortTooSmall, ModelsBroken, ModelsNotFound
from models.evaluated_people import read_evaluated
from models.manifest import TRAINING_PART, Manifest, ManifestLine
from models.model_files import CARD, LEFT_OUT, MANIFEST, PEOPLE, ModelFiles
from models.question import Question, load_stored_question
from models.shown_groups import read_groups
from models.suppression import MIN_COUNT, is_small
from models.training_runs import TrainingRun, TrainingRuns
from records.errors import DeclarationInvalid

EVALUATION: Final = "evaluation"
MOST_LEFT_OUT: Final = 2 * MIN_COUNT
_REASON: Final = "too-few-differ-from-an-earlier-training"
_FAR: Final = 7 * MIN_COUNT
"""Groups whose stated sizes differ by more are not close, and cannot become so."""
_DRAWS: Final = 50
"""How many orders of the people are tried, from whose beginnings people are left out."""

Records = frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierGroup:
    """Whom a run measured or its model learned from, beside the people who are permitted now.

    Attributes:
        run: the number of the run, or `ELSEWHERE`: a study is not told of another's runs.
        evaluated: the model and the study, if it is the group of an external validation.
        content: the card, or the figures of the report; empty without figures of its own.
        is_same: whether its question asks the same, so that its figures may be repeated.
        joined_or_left: how many did among the permitted people since.
        moved: how many did so or had their records changed.
        missing: how many people of the group are not permitted now.
        new: who is permitted now and not in the group.
        changed: who is in both, and whose records have changed since.
    """

    run: int | str
    evaluated: tuple[str, str] | None
    content: Mapping[str, Any]
    is_same: bool
    joined_or_left: int
    moved: int
    missing: int
    new: frozenset[str]
    changed: frozenset[str]

    @property
    def may_be_repeated(self) -> bool:
        """Whether a run repeats these figures: too few changed for figures of its own."""
        return self.is_same and bool(self.content) and self.moved < MIN_COUNT

    @property
    def is_close(self) -> bool:
        """Whether too few of the permitted people changed for another external validation.

        Also if one to ten joined or left and any number changed: values may be the same in a new
        version, so the changed people do not hide who left.
        """
        return self.moved < MIN_COUNT or is_small(self.joined_or_left)

    def is_apart(self, left_out: frozenset[str]) -> bool:
        """Return whether all but these people, beside the group, tell nothing about a few.

        Two numbers count: how many joined or left, and how many did or have other records.
        """
        apart = self.missing + len(self.new ^ left_out)
        other = apart + len(self.changed) - len(self.changed & left_out)
        return all(count == 0 or count >= MIN_COUNT for count in (apart, other))


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the question of an earlier run opens.

    Attributes:
        records: those of the present records whose category it opens, by keyed hash.
        opens_less: whether it opens no category that the present question does not open.
    """

    records: frozenset[str]
    opens_less: bool

    def is_changed(self, before: Records, now: Records) -> bool:
        """Return whether a patient's records changed, as far as both questions open them.

        A record that only the earlier question may open can also be one that is gone since: its
        category is not known, so it does not count.
        """
        versions = dict(before)
        both = {each for each in now if each[0] in self.records or each[0] in versions}
        return both != before if self.opens_less else not both <= before


@dataclass(frozen=True, slots=True)
class _Stored:
    """A group as it was stored: whom it has, who was permitted then, and the figures about it."""

    measured: Mapping[str, Records]
    permitted: Mapping[str, Records]
    content: Mapping[str, Any]
    evaluated: tuple[str, str] | None = None


def find_groups(
    files: ModelFiles, runs: TrainingRuns, run: TrainingRun, cohort: Cohort
) -> list[EarlierGroup]:
    """Return the groups of other runs, of external validations and of monthly reports.

    Those of this study come first, the newest first.

    Args:
        files: with the manifest of each run that made a model or a report.
        runs: with their reports.
        run: that measures now, or whose model is evaluated.
        cohort: who is permitted now, with their records.
    """
    now, groups = _list_records(cohort.manifest.lines), []
    for earlier in sorted(runs.all(), key=lambda each: (each.study != run.study, -each.id)):
        stored = _read_evaluations(files, earlier.model_id, cohort.manifest, len(now))
        own = _read_earlier(files, earlier, len(now)) if earlier.id != run.id else None
        stored += [own] if own else []
        if stored:
            number = earlier.id if earlier.study == run.study else ELSEWHERE
            is_same, opened = _compare_questions(run, earlier, cohort)
            groups += [_compare(each, (number, is_same), opened, now) for each in stored]
        groups += [
            _compare_people(now.keys(), group)
            for group in read_groups(files, earlier.model_id, PEOPLE)
        ]
    return groups


def list_people(files: ModelFiles, runs: TrainingRuns, size: int) -> Iterator[set[str]]:
    """Yield the people of each run, and of each external validation, that are about so many."""
    nobody = Manifest("", ())
    for run in runs.all():
        stored = _read_evaluations(files, run.model_id, nobody, size)
        own = _read_earlier(files, run, size)
        for group in [*stored, *([own] if own else [])]:
            yield set(group.measured)


def _compare_people(people: Set[str], group: Set[str]) -> EarlierGroup:
    """Return a group whose records do not count, beside these people."""
    return EarlierGroup(
        run=ELSEWHERE,
        evaluated=None,
        content={},
        is_same=False,
        joined_or_left=len(people ^ group),
        moved=len(people ^ group),
        missing=len(group - people),
        new=frozenset(people - group),
        changed=frozenset(),
    )


def _compare(
    stored: _Stored, earlier: tuple[int | str, bool], opened: _Opened, now: Mapping[str, Records]
) -> EarlierGroup:
    measured, permitted = stored.measured, stored.permitted
    joined_or_left = len(now.keys() ^ permitted.keys())
    changed = {
        patient
        for patient in now.keys() & permitted.keys()
        if opened.is_changed(permitted[patient], now[patient])
    }
    run, is_same = earlier
    return EarlierGroup(
        run=run,
        evaluated=stored.evaluated,
        content=stored.content,
        is_same=is_same,
        joined_or_left=joined_or_left,
        moved=joined_or_left + len(changed),
        missing=len(measured.keys() - now.keys()),
        new=frozenset(now.keys() - measured.keys()),
        changed=frozenset(changed & measured.keys()),
    )


def choose_left_out(
    groups: Sequence[EarlierGroup], people: Sequence[str], minimum: int
) -> frozenset[str]:
    """Return the few of these people whom a run leaves out, so that it is apart from each group.

    They are the same while nothing changes: else the mean of many models would show the few.

    Args:
        groups: of `find_groups`.
        people: by keyed hash.
        minimum: how many must be left.

    Raises:
        CohortTooSmall: too few people would be left.
    """
    near = [group for group in groups if group.missing + len(group.new) < MOST_LEFT_OUT + MIN_COUNT]
    for left_out in _list_choices(near, people):
        is_enough = not left_out or len(people) - len(left_out) >= minimum
        if is_enough and all(group.is_apart(left_out) for group in near):
            return left_out
    raise CohortTooSmall(
        "too few permitted patients beside those of earlier runs; train again when more permit it"
    )


def leave_out_of(people: Set[str], groups: Sequence[Set[str]], minimum: int) -> frozenset[str]:
    """Return whom to leave out, as `choose_left_out` does, of people whose records do not count.

    Raises:
        CohortTooSmall: too few people would be left.
    """
    plain = [_compare_people(people, group) for group in groups]
    return choose_left_out(plain, sorted(people), minimum)


def _list_choices(
    groups: Sequence[EarlierGroup], people: Sequence[str]
) -> Iterator[frozenset[str]]:
    """Yield nobody; then a few, the fewest first; then whom an earlier group lacks, if few.

    Somebody who joins alone said yes to be learned from: so that they are left out only where too
    few others are there.
    """
    nobody: frozenset[str] = frozenset()
    yield nobody
    needed = [
        MIN_COUNT - group.missing - len(group.new) for group in groups if not group.is_apart(nobody)
    ]
    draws: list[list[str]] = []
    for count in range(max([1, *needed]), MOST_LEFT_OUT + 1):
        for number in range(_DRAWS):
            if number == len(draws):
                draws.append(_draw(people, number))
            yield frozenset(draws[number][:count])
    lacking = (group.new for group in groups if len(group.new) <= MOST_LEFT_OUT)
    yield from sorted(lacking, key=len)


def _draw(people: Sequence[str], number: int) -> list[str]:
    """Return a few people, in one of many orders that tell nothing about them.

    An order hardly changes if somebody joins or leaves, and two orders begin with other people.
    """

    def place(name: str) -> bytes:
        return hashlib.sha256(f"{number} {name}".encode()).digest()

    return heapq.nsmallest(MOST_LEFT_OUT, people, key=place)


def leave_out(cohort: Cohort, left_out: frozenset[str]) -> Cohort:
    """Return the cohort without these people; its card counts them as left out."""
    if not left_out:
        return cohort
    lines = tuple(line for line in cohort.manifest.lines if line.patient not in left_out)
    rest = tuple(line for line in cohort.manifest.lines if line.patient in left_out)
    return replace(
        cohort,
        manifest=replace(cohort.manifest, lines=lines),
        left_out=replace(cohort.manifest, lines=rest),
        records={line.record: cohort.records[line.record] for line in lines},
        excluded={**cohort.excluded, _REASON: len(left_out)},
    )


def keep_people(files: ModelFiles, model_id: str, cohort: Cohort) -> None:
    """Write of whom a run learns, and whom it leaves out, for `find_groups` of other runs."""
    if cohort.left_out is not None:
        files.write(model_id, LEFT_OUT, cohort.left_out.to_json())
    else:
        files.delete(model_id, LEFT_OUT)  # of an attempt that was interrupted
    files.write(model_id, MANIFEST, cohort.manifest.to_json())


def read_left_out(files: ModelFiles, model_id: str) -> Sequence[ManifestLine]:
    """Return the lines of the permitted people whom a run left out.

    They are not known of an earlier release: then these people count as if they had joined.
    """
    try:
        return Manifest.from_json(files.read(model_id, LEFT_OUT)).lines
    except (ModelsNotFound, ModelsBroken):
        return ()


def _compare_questions(
    run: TrainingRun, earlier: TrainingRun, cohort: Cohort
) -> tuple[bool, _Opened]:
    """Return whether both questions ask the same, and what the earlier one opens."""
    question = load_stored_question(run.question_text)
    try:
        other = load_stored_question(earlier.question_text)
    except DeclarationInvalid:
        return False, _Opened(frozenset(), opens_less=False)  # an earlier release accepted it
    categories = set(other.training_categories)
    records = {name for name, each in cohort.records.items() if each.category in categories}
    opens_less = categories <= set(question.training_categories)
    return _describe(question) == _describe(other), _Opened(frozenset(records), opens_less)


def _describe(question: Question) -> Question:
    """Return what decides about rows, outcomes and model, without what only describes it."""
    features = sorted(question.features, key=lambda feature: feature.code)
    reviewed = tuple(replace(feature, reviewed="") for feature in features)
    plain = replace(question, id="", title="", intended_use="", limits=(), text="")
    return replace(plain, features=reviewed)


def _list_records(lines: Sequence[ManifestLine]) -> dict[str, Records]:
    records: dict[str, set[tuple[str, int]]] = {}
    for line in lines:
        records.setdefault(line.patient, set()).add((line.record, line.version))
    return {patient: frozenset(each) for patient, each in records.items()}


def _read_earlier(files: ModelFiles, run: TrainingRun, size: int) -> _Stored | None:
    """Return the people of a run, whom it left out, and the figures that it measured on them.

    A run under way counts: it stored its people before it learns from them. None if it has no
    people, or measured nothing, or if its group is far larger or smaller than `size`.
    """
    try:
        content = _read_content(files, run)
        if content is None:
            return None
        stated = content.get("data", {}).get("patients")
        if isinstance(stated, int) and abs(stated - size) > _FAR:
            return None
        manifest = Manifest.from_json(files.read(run.model_id, MANIFEST))
    except (ModelsNotFound, ModelsBroken):
        return None  # no people, or a file that `verify` reports
    is_own = MEASURED_IN not in content  # the run whose figures it repeats is compared itself
    measured = _list_records([line for line in manifest.lines if line.part == TRAINING_PART])
    permitted = _list_records(read_left_out(files, run.model_id)) | measured
    return _Stored(measured, permitted, content if is_own else {})


def _read_evaluations(files: ModelFiles, model_id: str, now: Manifest, size: int) -> list[_Stored]:
    """Return the people on whom a model was evaluated; no card repeats the figures."""
    groups = []
    for group in read_evaluated(files, model_id, now, range(size - _FAR, size + _FAR + 1)):
        measured = _list_records(group.measured)
        permitted = _list_records(group.left_out) | measured
        groups.append(_Stored(measured, permitted, {}, (model_id, group.study)))
    return groups


def _read_content(files: ModelFiles, run: TrainingRun) -> Mapping[str, Any] | None:
    if run.report:
        report: Mapping[str, Any] = json.loads(run.report)["card"]
        return None if MEASURED_IN in report else report
    try:
        card = Card.from_json(files.read(run.model_id, CARD)).content
    except ModelsNotFound:
        return {}  # a run under way
    except ModelsBroken:
        return {}  # `verify` reports it, and the model answered all the same
    return card if "tuning" in card else {}  # the first format measured held-out patients
