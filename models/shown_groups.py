"""Remembers of whom figures were shown, so that no two groups differ in one to ten people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Set
from typing import Final

from models.errors import ModelsNotFound
from models.manifest import Manifest
from models.model_files import ModelFiles
from models.suppression import MIN_COUNT, is_small

_RECORDS: Final = ":"


def name_people(manifest: Manifest) -> set[str]:
    """Return a name for each person of a manifest, which changes with the versions of records."""
    records: dict[str, list[str]] = {}
    for line in manifest.lines:
        records.setdefault(line.patient, []).append(f"{line.record} {line.version}")
    return {
        f"{patient}{_RECORDS}{hashlib.sha256(' '.join(sorted(own)).encode()).hexdigest()}"
        for patient, own in records.items()
    }


def read_groups(files: ModelFiles, model_id: str, name: str) -> list[set[str]]:
    """Return the groups of people in a file of a model; empty without the file."""
    try:
        content = json.loads(files.read(model_id, name))
    except ModelsNotFound:
        return []
    # Earlier releases stored one group.
    is_one = any(isinstance(each, str) for each in content)
    return [set(content)] if is_one else [set(group) for group in content]


def add_group(files: ModelFiles, model_id: str, name: str, people: Collection[str]) -> None:
    """Add a group of people, named by their keyed hashes, to a file of a model."""
    groups = [*read_groups(files, model_id, name), people]
    files.write(model_id, name, json.dumps([sorted(group) for group in groups]).encode())


def is_close(people: Set[str], groups: Iterable[Set[str]]) -> bool:
    """Return whether fewer than 11 people joined, left or changed since any of these groups.

    Also if one to ten joined or left and any number changed: values may be the same in a new
    version, so the changed people do not hide who left.
    """
    return any(
        count_different(people, group) < MIN_COUNT or is_small(_count_moved(people, group))
        for group in groups
    )


def differ_in_few(people: Set[str], group: Set[str]) -> bool:
    """Return whether one to ten people joined or left, or did or have other records."""
    return is_small(count_different(people, group)) or is_small(_count_moved(people, group))


def count_different(people: Set[str], group: Set[str]) -> int:
    """Return how many people are in one group alone, or have other records there."""
    if not any(_RECORDS in name for name in group):  # earlier releases stored the people alone
        people = _without_records(people)
    return len(_without_records(people ^ group))


def _count_moved(people: Set[str], group: Set[str]) -> int:
    return len(_without_records(people) ^ _without_records(group))


def _without_records(people: Set[str]) -> set[str]:
    return {name.partition(_RECORDS)[0] for name in people}
