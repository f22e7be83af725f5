"""Merge what arrives into a stored record: corrected values, and resources by their identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol, TypeVar

from orjson import loads

from records.medicines import BESIDE, beside_parts, reference_of
from storage import Arrival, Record

MAX_DOCUMENT_BYTES: Final = 900_000
"""Of resources before they are deflated, so that a document always fits one envelope."""
MAX_DOCUMENT_RESOURCES: Final = 2_000


def merge_observations(stored: Record, arriving: Record) -> Record | None:
    """Return the stored record with the values that arrive, or None if nothing changes.

    A value that arrives replaces the stored one of its code; codes that do not arrive stay.
    """
    merged = {**stored.observations, **arriving.observations}
    if merged == dict(stored.observations) and _types(merged) == _types(stored.observations):
        return None
    return replace(stored, observations=merged)


def _types(observations: Mapping[str, tuple[object, str]]) -> dict[str, type]:
    # True equals 1, but it is another value.
    return {code: type(value) for code, (value, _) in observations.items()}


class Filed(NamedTuple):
    """A resource and its arrival, as they are filed in a document."""

    resource: bytes
    arrival: Arrival


class HasResource(Protocol):
    """What is filed as one resource of a document."""

    @property
    def resource(self) -> bytes:
        """Its canonical bytes."""
        ...


Placed = TypeVar("Placed", bound=HasResource)


class DocumentMerge:
    """Merges arriving resources into documents; `overflow` has those that did not fit."""

    def __init__(self, removed: Mapping[str, frozenset[str]]) -> None:
        """Take the identities that leave each document, by its record id."""
        self._removed = removed
        self.overflow: dict[str, list[Filed]] = {}

    def __call__(self, stored: Record, arriving: Record) -> Record | None:
        """Return the next content of a document, or None if nothing changes."""
        removed = self._removed.get(stored.record_id, frozenset())
        before = _filed(stored)
        after = {name: filed for name, filed in before.items() if name not in removed}
        size = sum(len(filed.resource) for filed in after.values())
        overflow = []
        for name, filed in _filed(arriving).items():
            known = after.get(name)
            if known is not None:
                size -= len(known.resource)
                filed = _next_version(known, filed)
            elif not fits(len(after), size + len(filed.resource)):
                overflow.append(filed)
                continue
            size += len(filed.resource)
            after[name] = filed
        if overflow:
            self.overflow[stored.record_id] = overflow
        return None if after == before else with_resources(stored, list(after.values()))


def fits(count: int, size: int) -> bool:
    """Return whether a document of `count` resources has room for one more; `size` includes it."""
    return count == 0 or (size <= MAX_DOCUMENT_BYTES and count < MAX_DOCUMENT_RESOURCES)


def split_fitting(placed: Sequence[Placed]) -> list[list[Placed]]:
    """Split the resources of one place into parts that each fit a document."""
    parts: list[list[Placed]] = [[]]
    size = 0
    for each in placed:
        if not fits(len(parts[-1]), size + len(each.resource)):
            parts.append([])
            size = 0
        parts[-1].append(each)
        size += len(each.resource)
    return parts


def with_resources(record: Record, filed: list[Filed]) -> Record:
    """Return the record with these resources and nothing else."""
    return replace(
        record,
        observations={},
        resources=tuple(each.resource for each in filed),
        arrivals=tuple(each.arrival for each in filed),
    )


def replaced_parts(former: Record, newer: Record) -> Record:
    """Return a former version with only what the newer one does not have, or has otherwise.

    What refers to a medicine that was replaced is a part of it: it had another code.
    """
    remaining = set(newer.resources)
    before = _filed(former)
    filed = [each for each in before.values() if each.resource not in remaining]
    names = [each.arrival.identity for each in filed]
    references = {beside_parts(name)[0] for name in names if name.startswith(BESIDE)}
    if references:
        others = [each for each in before.values() if each not in filed]
        filed += [each for each in others if reference_of(loads(each.resource)) in references]
    values = {
        code: pair
        for code, pair in former.observations.items()
        if newer.observations.get(code) != pair
    }
    return replace(with_resources(former, filed), observations=values)


def _filed(record: Record) -> dict[str, Filed]:
    pairs = zip(record.resources, record.arrivals, strict=True)
    return {arrival.identity: Filed(resource, arrival) for resource, arrival in pairs}


def _next_version(known: Filed, arriving: Filed) -> Filed:
    if known.resource == arriving.resource:
        return known
    version = known.arrival.version + 1
    return arriving._replace(arrival=arriving.arrival._replace(version=version))
