"""Extract the events of one record, as rows that can be kept as bytes and read back unchanged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from records.certainty import CONFIRMED
from records.documents import observations
from records.event_rules import MALFORMED, Fact, NoEvent, NoEventError, facts_of
from records.event_times import AGE, read_moment
from records.event_values import NO_VALUE, Resource, value_of_observation, with_bound
from records.medicines import BESIDE, medicines_of
from records.values import BOUND_SUFFIX
from storage import Extractor, Record

EXTRACTOR: Final = 8
"""Changes whenever the same resources would give other events, or other bytes of them."""

Row = list[Any]
"""One coding of an event, as ROW_FIELDS names them; words are written out."""
ROW_FIELDS: Final = (
    "event",
    "start",
    "end",
    "known",
    "precision",
    "code",
    "value",
    "unit",
    "bound",
    "text",
    "kind",
    "status",
)
"""`event` counts from 0 in each record; a value without a number is None."""
_CODE: Final = ROW_FIELDS.index("code")


class RecordEvents(NamedTuple):
    """What one record states: its rows, and how many resources gave no event, by reason."""

    rows: list[Row]
    no_event: Mapping[str, int]


def events_of(record: Record) -> RecordEvents:
    """Return the events of a record of either schema, or of one that was released as events."""
    if record.extract:
        return RecordEvents(*orjson.loads(record.extract))
    no_event: Counter[str] = Counter()
    rows: list[Row] = []
    facts = _facts_of_resources if record.resources else _facts_of_observations
    for number, fact in enumerate(facts(record, no_event)):
        rows += _rows(number, fact)
    return RecordEvents(rows, no_event)


def codes_of_record(record: Record) -> set[str]:
    """Return every code that a record's values have, or its events if it was released as such."""
    if record.extract:
        return {row[_CODE] for row in events_of(record).rows}
    return set(observations(record))


def _pack_events(record: Record) -> bytes:
    return orjson.dumps(list(events_of(record)))


EVENTS: Final = Extractor(f"events-{EXTRACTOR}", _pack_events)
"""What a vault is handed, so that it releases the events of records in place of their content."""


def _rows(number: int, fact: Fact) -> Iterator[Row]:
    first, _, precision = fact.start
    end = max(fact.end, first)
    for code in fact.codes:
        for kind, value, unit, bound, text in fact.values:
            is_number = not math.isnan(value)
            yield [
                number,
                first,
                end,
                fact.known,
                precision,
                code,
                value if is_number else None,
                unit,
                bound,
                text,
                kind,
                fact.status,
            ]


def _facts_of_resources(record: Record, no_event: Counter[str]) -> Iterator[Fact]:
    parsed: list[Resource] = [orjson.loads(resource) for resource in record.resources]
    identities = [arrival.identity for arrival in record.arrivals]
    others = medicines_of(parsed, identities) if len(parsed) > 1 else {}
    for resource, arrival in zip(parsed, record.arrivals, strict=True):
        if arrival.identity.startswith(BESIDE):
            continue  # it says nothing but through the resource that refers to it
        try:
            for fact in facts_of(resource, others):
                # A slip in the year, such as 2204 for 2024, would always win as the newest value.
                if fact.start.precision == AGE:
                    arrived = NO_VALUE._replace(number=float(arrival.at_s))
                    yield fact._replace(values=[arrived])  # checked once the age is a date
                    continue
                if fact.start.first > arrival.at_s:
                    raise NoEventError(NoEvent.AFTER_ARRIVAL)
                yield fact
        except NoEventError as exc:
            no_event[exc.reason.value] += 1
        except MALFORMED:
            no_event[NoEvent.MALFORMED.value] += 1


def _facts_of_observations(record: Record, no_event: Counter[str]) -> Iterator[Fact]:
    """Yield the observations of schema 1: each an event of that day, known on that day."""
    moment = read_moment(record.recorded_on)
    if moment is None:
        no_event[NoEvent.NO_DATE.value] += len(record.observations)
        return
    for code in sorted(record.observations):
        if code.endswith(BOUND_SUFFIX):
            continue
        value = value_of_observation(*record.observations[code])
        bound, _ = record.observations.get(code + BOUND_SUFFIX, ("", ""))
        values = [with_bound(value, str(bound)) if bound else value]
        yield Fact([code], moment, moment.first, moment.first, values, CONFIRMED)
