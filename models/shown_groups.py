"""Remembers of whom figures were shown, so that no two groups differ in one to ten people."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Set

from models.errors import ModelsNotFound
from models.model_files import ModelFiles
from models.suppression import MIN_COUNT


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
    """Return whether fewer than 11 people joined or left since any of these groups."""
    return any(len(people ^ group) < MIN_COUNT for group in groups)
