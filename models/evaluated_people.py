"""Stores the people on whom a model was evaluated, so that later groups are compared with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from models.cohort import Cohort
from models.errors import ModelsBroken
from models.manifest import TRAINING_PART, Manifest, ManifestLine
from models.model_files import ModelFiles
from models.shown_groups import name_people, read_groups

_PREFIX: Final = "measured-"
_OLD_PREFIX: Final = "evaluated-"
_SUFFIX: Final = ".json"
_LEFT_OUT_PART: Final = "left-out"
_UNKNOWN: Final = ""
"""In place of the records of a person in a file of an earlier release, which have changed since."""


@dataclass(frozen=True, slots=True)
class EvaluatedPeople:
    """The lines of those on whom a model was evaluated, and of whom the evaluation left out.

    `study` is the study of these people, as `name_study` writes it.
    """

    study: str
    measured: Sequence[ManifestLine]
    left_out: Sequence[ManifestLine] = ()


def name_study(study: str) -> str:
    """Return a study's id as it is part of a file's name."""
    return study.replace(":", "-")


def keep_evaluated(files: ModelFiles, model_id: str, study: str, cohort: Cohort) -> None:
    """Write on whom a model is evaluated, and whom the evaluation leaves out."""
    people = len(cohort.manifest.patients(TRAINING_PART))
    lines = cohort.left_out.lines if cohort.left_out is not None else ()
    rest = [line._replace(part=_LEFT_OUT_PART) for line in lines]
    group = Manifest.of(cohort.manifest.question, [*cohort.manifest.lines, *rest])
    # The same group has the same name, so that it is stored once.
    name = f"{_PREFIX}{people}-{group.root.hex()[:16]}-{name_study(study)}{_SUFFIX}"
    files.write(model_id, name, group.to_json())


def read_evaluated(
    files: ModelFiles, model_id: str, now: Manifest, sizes: range
) -> Iterator[EvaluatedPeople]:
    """Yield the groups on which a model was evaluated.

    A damaged file is passed over, as that of a run is.

    Args:
        files: of the models.
        model_id: any run's, also one without a model.
        now: who is permitted now; nobody if their records do not count.
        sizes: groups of other sizes are passed over.
    """
    for name in files.list_names(model_id, _PREFIX):
        _, people, _, study = name.removesuffix(_SUFFIX).split("-", 3)
        if int(people) in sizes:
            with suppress(ModelsBroken):
                lines = Manifest.from_json(files.read(model_id, name)).lines
                measured = [line for line in lines if line.part == TRAINING_PART]
                left_out = [line for line in lines if line.part == _LEFT_OUT_PART]
                yield EvaluatedPeople(study, measured, left_out)
    for name in files.list_names(model_id, _OLD_PREFIX):
        study = name.removeprefix(_OLD_PREFIX).removesuffix(_SUFFIX)
        for group in read_groups(files, model_id, name):
            yield EvaluatedPeople(study, _find_lines(group, now))


def _find_lines(group: set[str], now: Manifest) -> list[ManifestLine]:
    """Return lines for a group of an earlier release, which named people by a hash of records.

    Who has the same records now has these lines; of others only the person is known. The first
    releases named the people alone: then all count as unchanged.
    """
    same = {name.partition(":")[0] for name in group & name_people(now)}
    same |= {name for name in group if ":" not in name}
    known = [line for line in now.lines if line.patient in same]
    others = {name.partition(":")[0] for name in group} - {line.patient for line in known}
    return known + [
        ManifestLine(patient, _UNKNOWN, 0, _UNKNOWN, "permitted", TRAINING_PART)
        for patient in sorted(others)
    ]
