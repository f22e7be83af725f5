"""Write events of permitted people as a MEDS data set (Medical Event Data Standard 0.4)."""

from __future__ import annotations

import datetime
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from records.event_rules import BIRTH, DEATH
from records.event_times import TIMELESS_S
from records.event_values import BOUNDS, CODE, NUMBER, TEXT, TEXT_SYSTEM
from records.events import EventBuilder, EventTable, Integers
from records.extraction import EXTRACTOR
from storage import Record

if TYPE_CHECKING:
    import pyarrow as pa

MEDS_VERSION: Final = "0.4.1"
SPLITS: Final = ("train", "tuning", "held_out")
"""Seven in ten people train, one tunes, two are held out."""
MIN_PEOPLE: Final = 11
"""A code of fewer people is left out with all of its events."""
MAX_SHIFT_DAYS: Final = 182
_DAY_US: Final = 86_400_000_000
_SECOND_US: Final = 1_000_000
_NAMES: Final = {BIRTH: "MEDS_BIRTH", DEATH: "MEDS_DEATH"}
_MODIFIERS: Final = ("unit", "bound", "status")
_UNIT: Final = re.compile(r"[^\s@]{1,20}")
_CODE: Final = re.compile(r"[^\s@]{1,64}")
Mask = npt.NDArray[np.bool_]
_EXTENSIONS: Final = ("event", "end", "known", "exact_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class MedsSet:
    """What a data set is called, and which of its people's events it has.

    Attributes:
        name: of the data set.
        question: whose codes it has.
        codes: the codes that may be in it, each with what it means; a prefix of codes ends in `*`.
        never: codes that may not be in it whatever `codes` says, such as direct identifiers; a
            prefix ends in `*` here too.
        min_people: a code of fewer people is left out.
    """

    name: str
    question: str
    codes: Mapping[str, str]
    never: tuple[str, ...] = ()
    min_people: int = MIN_PEOPLE

    def description(self, code: str) -> str | None:
        """Return what a code means; None if it may not be in the set."""
        if any(is_of(code, pattern) for pattern in self.never):
            return None
        if code in self.codes:
            return self.codes[code]
        pattern = next((each for each in self.codes if is_of(code, each)), None)
        return None if pattern is None else self.codes[pattern]


def is_of(code: str, pattern: str) -> bool:
    """Return whether a code is the pattern, or begins as a pattern that ends in `*`."""
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def write_meds(
    meds: MedsSet,
    people: Mapping[bytes, Sequence[Record]],
    pseudonym: Callable[[bytes], bytes],
) -> dict[str, bytes]:
    """Return the files of a MEDS data set by path: data, and metadata.

    All times of a person are moved by the same number of days, at most MAX_SHIFT_DAYS, and a date
    of birth is the first day of its year after that. Free texts are left out, also those in place
    of a code or a unit unless enough people share them. The same people give the same bytes.

    Args:
        meds: what the set is called, and which codes it has.
        people: the permitted records of each subject.
        pseudonym: a keyed hash of a subject to 32 bytes; its bytes give id, split and shift.
    """
    named = sorted((pseudonym(subject), records) for subject, records in people.items())
    builder = EventBuilder()
    for number, (_, records) in enumerate(named):
        for record in records:
            builder.add_record(number, record)
    names = [name for name, _ in named]
    events, counts = _releasable(builder.build(), meds)
    files = {}
    splits = np.array([_split(name) for name in names], np.int64)
    for index, split in enumerate(SPLITS):
        chosen = np.flatnonzero(splits[events.subject] == index)
        table = _data(events.take(chosen), names)
        files[f"data/{split}/0.parquet"] = _parquet(table)
    files["metadata/dataset.json"] = _dataset(meds)
    files["metadata/codes.parquet"] = _parquet(_codes(meds, events, counts))
    files["metadata/subject_splits.parquet"] = _parquet(_splits(names, splits))
    return files


def _releasable(events: EventTable, meds: MedsSet) -> tuple[EventTable, dict[int, int]]:
    """Return the events whose codes may be in the set, and how many people have each code."""
    pairs = np.unique(np.stack([events.code, events.subject]), axis=1)
    people = np.bincount(pairs[0], minlength=len(events.codes)).tolist()
    counts = {
        number: people[number]
        for number, code in enumerate(events.codes)
        if people[number] >= meds.min_people and meds.description(code) is not None
    }
    keep = np.isin(events.code, list(counts))
    return _hide_free_texts(events.take(np.flatnonzero(keep)), meds.min_people), counts


def _hide_free_texts(events: EventTable, least: int) -> EventTable:
    """Return the events without values that fewer than `least` people share and that are texts.

    That is a concept that has a text and no coding, or a sentence in place of the code, and a
    number whose unit is longer than a unit.
    """
    is_text = np.array([_is_free_text(text) for text in events.texts], np.bool_)
    is_long = np.array([unit and not _UNIT.fullmatch(unit) for unit in events.units], np.bool_)
    hidden = (events.kind == CODE) & is_text[events.text] & _is_rare(events, events.text, least)
    hidden |= (events.kind == NUMBER) & is_long[events.unit] & _is_rare(events, events.unit, least)
    units = (*events.units, "")
    return replace(
        events,
        kind=np.where(hidden, TEXT, events.kind),  # a free text, whose value is left out
        unit=np.where(hidden, len(units) - 1, events.unit),
        units=units,
    )


def _is_free_text(value: str) -> bool:
    is_code = _CODE.fullmatch(value.rpartition("|")[2]) is not None
    return value.startswith(f"{TEXT_SYSTEM}|") or not is_code


def _is_rare(events: EventTable, options: Integers, least: int) -> Mask:
    """Return for each event whether fewer than `least` people have its option."""
    pairs = np.unique(np.stack([options, events.subject]), axis=1)
    is_rare: Mask = np.bincount(pairs[0], minlength=1)[options] < least
    return is_rare


@cache
def _schemas() -> Mapping[str, pa.Schema]:
    """Return the columns of each file: those of MEDS, then ours (docs/guide/researcher.md)."""
    # Here and below: few processes write a data set, and the others start sooner without pyarrow.
    import pyarrow as pa

    data = [
        pa.field("subject_id", pa.int64(), nullable=False),
        pa.field("time", pa.timestamp("us")),
        pa.field("code", pa.string(), nullable=False),
        pa.field("numeric_value", pa.float32()),
        pa.field("text_value", pa.large_string()),
        pa.field("unit", pa.string()),
        pa.field("bound", pa.string()),
        pa.field("status", pa.string()),
        pa.field("event", pa.int64()),
        pa.field("end", pa.timestamp("us")),
        pa.field("known", pa.timestamp("us")),
        pa.field("exact_value", pa.float64()),
    ]
    subject_splits = [
        pa.field("subject_id", pa.int64(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
    ]
    codes = [
        pa.field("code", pa.string(), nullable=False),
        pa.field("description", pa.string()),
        pa.field("parent_codes", pa.list_(pa.string())),
        pa.field("unit", pa.string()),
        pa.field("people", pa.int64()),
    ]
    return {
        "data": pa.schema(data),
        "subject_splits": pa.schema(subject_splits),
        "codes": pa.schema(codes),
    }


def _data(events: EventTable, names: Sequence[bytes]) -> pa.Table:
    import pyarrow as pa

    ids = np.array([_id(name) for name in names], np.int64)
    shifts = np.array([shift_of(name).days * _DAY_US for name in names], np.int64)
    moved = shifts[events.subject] if len(events) else np.zeros(0, np.int64)
    is_birth = np.isin(events.code, [n for n, code in enumerate(events.codes) if code == BIRTH])
    columns: dict[str, Any] = {
        "subject_id": ids[events.subject] if len(events) else ids[:0],
        "time": _times(events.start, moved, is_birth),
        "code": [_NAMES.get(events.codes[code], events.codes[code]) for code in events.code],
        "numeric_value": _numbers(events, np.float32),
        "text_value": _texts(events),
        "unit": [events.units[unit] or None for unit in events.unit],
        "bound": [BOUNDS[bound] or None for bound in events.bound],
        "status": [events.statuses[status] for status in events.status],
        "event": events.event,
        "end": _times(events.end, moved, is_birth),
        "known": _times(events.known, moved, is_birth),
        "exact_value": _numbers(events, np.float64),
    }
    schema = _schemas()["data"]
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _times(seconds: Any, moved_us: Any, is_birth: Any) -> pa.Array:
    """Return times in microseconds after the shift; null for what has no time."""
    import pyarrow as pa

    is_timeless = seconds == TIMELESS_S
    moved = np.where(is_timeless, 0, seconds * _SECOND_US + moved_us).astype("datetime64[us]")
    years = moved.astype("datetime64[Y]").astype("datetime64[us]")
    return pa.array(np.where(is_birth, years, moved), pa.timestamp("us"), mask=is_timeless)


def _numbers(events: EventTable, dtype: Any) -> pa.Array:
    import pyarrow as pa

    values = events.value.astype(dtype)
    return pa.array(values, mask=np.isnan(values) | ~_has_number(events))


def _has_number(events: EventTable) -> Any:
    return (events.kind != CODE) & (events.kind != TEXT)


def _texts(events: EventTable) -> list[str | None]:
    """Return the coded values; a free text may name its person, so it is left out."""
    return [
        events.texts[text] if kind == CODE else None
        for text, kind in zip(events.text.tolist(), events.kind.tolist(), strict=True)
    ]


def _codes(meds: MedsSet, events: EventTable, counts: Mapping[int, int]) -> pa.Table:
    import pyarrow as pa

    rows = []
    for number, people in sorted(counts.items(), key=lambda item: events.codes[item[0]]):
        code = events.codes[number]
        units = events.unit[(events.code == number) & (events.kind == NUMBER)]
        most = np.bincount(units).argmax() if len(units) else None
        rows.append(
            {
                "code": _NAMES.get(code, code),
                "description": meds.description(code) or None,
                "parent_codes": None,
                "unit": None if most is None else events.units[most] or None,
                "people": people,
            }
        )
    return pa.Table.from_pylist(rows, schema=_schemas()["codes"])


def _splits(names: Sequence[bytes], splits: Any) -> pa.Table:
    import pyarrow as pa

    rows = [
        {"subject_id": _id(name), "split": SPLITS[split]}
        for name, split in zip(names, splits.tolist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=_schemas()["subject_splits"])


def _dataset(meds: MedsSet) -> bytes:
    content = {
        "dataset_name": meds.name,
        "dataset_version": meds.question,
        "etl_name": "vouchsafe",
        "etl_version": str(EXTRACTOR),
        "meds_version": MEDS_VERSION,
        "code_modifier_columns": list(_MODIFIERS),
        "other_extension_columns": list(_EXTENSIONS),
    }
    return json.dumps(content, indent=1, sort_keys=True).encode()


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _id(name: bytes) -> int:
    """Return a positive 63-bit id."""
    return int.from_bytes(name[:8], "big") >> 1


def _split(name: bytes) -> int:
    share = int.from_bytes(name[8:12], "big") % 10
    return 0 if share < 7 else 1 if share == 7 else 2


def shift_of(name: bytes) -> datetime.timedelta:
    """Return the whole days by which all dates of a person with this pseudonym move."""
    # Not of the first 16 bytes: they name the person's row, so the recipient knows them.
    days = int.from_bytes(name[16:24], "big") % (2 * MAX_SHIFT_DAYS + 1) - MAX_SHIFT_DAYS
    return datetime.timedelta(days=days)
