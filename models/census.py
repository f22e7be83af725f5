"""Keeps the events of everybody who may be counted, as bytes that can be sealed and read again."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import orjson

from models.errors import ModelsBroken
from records.events import EventBuilder, EventTable
from storage import Record

FORMAT: Final = 2
_MAX_NAME_CHARACTERS: Final = 120
_MAX_NAMES: Final = 20
_HEAD: Final = "head"
_WORDS: Final = ("codes", "units", "texts", "statuses", "categories")


@dataclass(frozen=True, slots=True)
class Census:
    """The events of everybody who may be counted, at one time.

    Attributes:
        taken_at_s: when, seconds UTC.
        subjects: who, each person once, in the order of their numbers in `events`.
        events: without the ids of records.
        names: what senders call a code, and how many people have each name: the most frequent 20.
    """

    taken_at_s: int
    subjects: tuple[bytes, ...]
    events: EventTable
    names: Mapping[str, Mapping[str, int]]

    def to_bytes(self) -> bytes:
        """Return the census as bytes, which hold people's values: seal them."""
        head = {
            "format": FORMAT,
            "taken_at_s": self.taken_at_s,
            "subjects": b"".join(self.subjects).hex(),
            "names": self.names,
            **{name: getattr(self.events, name) for name in _WORDS},
        }
        columns = {name: getattr(self.events, name) for name in _COLUMNS}
        columns[_HEAD] = np.frombuffer(orjson.dumps(head), np.uint8)
        stream = io.BytesIO()
        np.savez_compressed(stream, **columns)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Census:
        """Return the census that `to_bytes` wrote.

        Raises:
            ModelsBroken: these are not the bytes of a census, or of another format.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as columns:
                head = orjson.loads(columns[_HEAD].tobytes())
                events: dict[str, Any] = {name: columns[name] for name in _COLUMNS}
            if head["format"] != FORMAT:
                raise ValueError
            events |= {name: tuple(head[name]) for name in _WORDS}
            names = bytes.fromhex(head["subjects"])
        except (KeyError, OSError, ValueError, BadZipFile) as exc:
            raise ModelsBroken("the census cannot be read. Delete it, and count again") from exc
        table = EventTable(**events, docs=("",), no_event={})
        subjects = tuple(names[start : start + 32] for start in range(0, len(names), 32))
        return cls(head["taken_at_s"], subjects, table, head["names"])


_COLUMNS: Final = tuple(
    field.name for field in fields(EventTable) if field.name not in {*_WORDS, "docs", "no_event"}
)


def take_census(people: Mapping[bytes, Sequence[Record]], taken_at_s: int) -> Census:
    """Return the census of these people's records."""
    builder = EventBuilder()
    seen: Counter[tuple[str, str]] = Counter()
    for number, records in enumerate(people.values()):
        for record in records:
            builder.add_record(number, record)
        seen.update({name for record in records for name in _names_in(record)})
    events = builder.build()
    # A census names no record.
    events = replace(events, doc=np.zeros(len(events), np.int64), docs=("",))
    return Census(taken_at_s, tuple(people), events, _common_names(seen))


def _common_names(seen: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Return how many people have each of the most frequent names of each code."""
    names: dict[str, dict[str, int]] = {}
    for (code, name), people in seen.most_common():
        of_code = names.setdefault(code, {})
        if len(of_code) < _MAX_NAMES:
            of_code[name] = people
    return names


def _names_in(record: Record) -> set[tuple[str, str]]:
    """Return each code of a record's resources with the name that its sender gives it."""
    names: set[tuple[str, str]] = set()
    waiting: list[Any] = [orjson.loads(resource) for resource in record.resources]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            code, name = node.get("code"), node.get("display")
            if isinstance(code, str) and isinstance(name, str) and _is_name(name):
                names.add((f"{node.get('system', '')}|{code}", name))
    return names


def _is_name(text: str) -> bool:
    return text.isprintable() and 0 < len(text) <= _MAX_NAME_CHARACTERS
