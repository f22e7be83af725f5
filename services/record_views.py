"""Puts the lines of opened records into the reader's words, and follows one value over time."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from models import Diagnostics, ValueReadings
from records.event_times import read_moment
from records.lines import RecordLine, in_time_order, lines_of
from records.merging import replaced_parts
from records.variable_names import NAMES
from services.charts import Chart, Point, make_chart
from services.errors import NotFound
from services.parties import PartyNames
from services.requests.wording import format_name, format_value, name_unit
from services.words import Words
from storage import Record

_DATES_OF_PERSON: Final = frozenset(
    f"http://hl7.org/fhir|Patient.{element}" for element in ("birthDate", "deceasedDateTime")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line of a record in the reader's words; "" where nothing is known.

    Attributes:
        line: as its sender wrote it.
        name: what it is about.
        value: with comparator and unit; all digits as written.
        range: the reference range, and `flag` how the sender judges the value.
        when: the clinical time with the sender's zone; `known` when it was issued or recorded.
        source: who measured it, and the organisation that holds it.
        status: of the resource, such as "entered by mistake".
        version: what is known of earlier versions.
        readings: how models read the value, each with the rule.
        code: the first coding; "" without one.
        is_followed: whether there is, or may be, a second number to compare it with over time.
    """

    line: RecordLine
    name: str
    value: str
    range: str
    flag: str
    when: str
    known: str
    source: str
    status: str
    version: str
    readings: Sequence[str]
    code: str
    is_followed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSeries:
    """One value over time, the newest first.

    Attributes:
        code: `system|code`.
        unit: of the chart, as written.
        unit_name: the same in the reader's words.
        chart: None if there are fewer than two numbers in one unit.
        others: how many lines are not in the chart: bounds, texts, other units.
    """

    code: str
    name: str
    unit: str
    unit_name: str
    lines: Sequence[LineView]
    chart: Chart | None
    others: int


class RecordViews:
    """What pages, API and exports show of records that were opened for the reader."""

    def __init__(self, *, diagnostics: Diagnostics, parties: PartyNames) -> None:
        self._diagnostics = diagnostics
        self._parties = parties

    def describe(
        self, words: Words, records: Sequence[Record], has_others: bool = False
    ) -> list[LineView]:
        """Return the lines of records in the reader's words, in the order of the records.

        `has_others` says that there are others of their category, which are not opened.
        """
        lines = [line for record in records for line in lines_of(record)]
        return self._describe(words, lines, has_others)

    def timeline(self, words: Words, records: Sequence[Record]) -> list[LineView]:
        """Return the lines of records, the newest first."""
        lines = [line for record in records for line in lines_of(record)]
        return self._describe(words, in_time_order(lines))

    def earlier(
        self, words: Words, former: Sequence[Record], records: Sequence[Record]
    ) -> list[LineView]:
        """Return what corrections of these records replaced or removed, the newest first.

        Of `former` versions, the oldest first, those of other records are left out.
        """
        newer = {record.record_id: record for record in records}
        lines: list[RecordLine] = []
        for version in reversed(former):
            following = newer.get(version.record_id)
            if following is not None:
                lines += lines_of(replaced_parts(version, following))
                newer[version.record_id] = version
        return self._describe(words, lines)

    def series(self, words: Words, records: Sequence[Record], code: str) -> ValueSeries:
        """Return the lines with this code, and their chart.

        Raises:
            NotFound: no line of the records has the code.
        """
        lines = [line for record in records for line in lines_of(record) if code in line.codes]
        if not lines:
            raise NotFound
        views = self._describe(words, in_time_order(lines))
        counted = [view for view in views if _is_point(view.line)]
        units = Counter(view.line.unit_code for view in counted)
        unit = units.most_common(1)[0][0] if units else ""
        points = [
            point
            for view in counted
            if view.line.unit_code == unit and (point := _point(view)) is not None
        ]
        written = next((v.line.unit for v in counted if v.line.unit_code == unit), "")
        return ValueSeries(
            code=code,
            name=views[0].name,
            unit=written,
            unit_name=name_unit(words, written),
            lines=views,
            chart=make_chart(words, points),
            others=len(views) - len(points),
        )

    def _describe(
        self, words: Words, lines: Sequence[RecordLine], has_others: bool = False
    ) -> list[LineView]:
        questions = self._diagnostics.questions()
        names = _names_by_code(questions)
        readings = ValueReadings(questions)
        numbers = Counter(series for line in lines for series in _series_of(line))
        # The link leads to the first code's chart; a line may be a point of others too.
        followed = {
            line
            for line in lines
            for each in _series_of(line)[:1]
            if has_others or numbers[each] > 1
        }
        return [self._view(words, line, names, readings, line in followed) for line in lines]

    def _view(
        self,
        words: Words,
        line: RecordLine,
        names: dict[str, str],
        readings: ValueReadings,
        is_followed: bool,
    ) -> LineView:
        called = next((names[code] for code in line.codes if code in names), line.name)
        if any(code.endswith(f"|{called}") for code in line.codes):  # it came without a name
            called = next((NAMES[code] for code in line.codes if code in NAMES), called)
        holder = self._parties.name_of(line.custodian, words.language)
        source = words("line-source", source=line.source, holder=holder) if line.source else holder
        return LineView(
            line=line,
            name=format_name(words, called),
            value=_value(words, line),
            range=_range(words, line),
            flag=line.flag,
            when=_moment(words, line.at, line.until),
            known=_moment(words, line.known, "") if line.known != line.at else "",
            source=source,
            status=format_value(words, line.status, "") or words("frame-unknown"),
            version=_version(words, line),
            readings=_readings(words, line, readings),
            code=line.codes[0] if line.codes else "",
            is_followed=is_followed,
        )


def _series_of(line: RecordLine) -> list[tuple[str, str, str]]:
    """Return the charts that a line is a point of: by category, code and unit."""
    if not _is_point(line):
        return []
    return [(line.category, code, line.unit_code) for code in dict.fromkeys(line.codes)]


def _names_by_code(questions: Sequence[Any]) -> dict[str, str]:
    """Return names of values by code, as the questions call them."""
    names: dict[str, str] = {}
    for question in questions:
        names |= {code: feature.words for feature in question.features for code in feature.codes}
        names[question.label.code] = question.label.words
    return names


def _value(words: Words, line: RecordLine) -> str:
    unit = line.unit
    if line.number is not None:
        digits = line.value if line.kind else _plain_digits(line.number)
        return format_value(words, _localised(words, digits), unit)
    if line.value in ("true", "false"):
        return words("frame-yes" if line.value == "true" else "frame-no")
    if not _DATES_OF_PERSON.isdisjoint(line.codes):
        return _written_moment(words, line.value)
    return format_value(words, line.value, unit)


def _plain_digits(number: float) -> str:
    """Return a number of an earlier record, which has no digits as written."""
    return f"{number:z.3f}".rstrip("0").rstrip(".")


def _localised(words: Words, digits: str) -> str:
    """Return digits with the marks of the reader's language, none added and none dropped."""
    whole, _, decimals = digits.lstrip("-").partition(".")
    if not (whole.isdecimal() and (decimals.isdecimal() or not decimals)) or len(digits) > 15:
        return digits
    return words.number(float(digits), len(decimals))


def _range(words: Words, line: RecordLine) -> str:
    low, high = (_localised(words, bound) for bound in (line.low, line.high))
    if line.range and not (low and high):
        return line.range
    if low and high:
        return f"{low}–{high}"
    if low or high:
        return words("line-range-from", low=low) if low else words("line-range-to", high=high)
    return ""


def _moment(words: Words, start: str, end: str) -> str:
    first, last = _written_moment(words, start), _written_moment(words, end)
    return words("line-period", start=first, end=last) if last else first


def _written_moment(words: Words, text: str) -> str:
    """Return a FHIR time in words; the hour stays that of the sender, with the zone."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text  # a year or a month
    day = words.iso_day(text[:10])
    if "T" not in text:
        return day
    zone = moment.strftime("%z")
    offset = f" UTC{zone[:3]}:{zone[3:5]}" if zone else ""
    return f"{day}, {moment:%H:%M}{offset}"


def _version(words: Words, line: RecordLine) -> str:
    if not line.version:
        return ""
    day = words.day(line.arrived_at_s)
    if line.version == 1:
        return words("line-first-version", day=day)
    return words("line-later-version", day=day, version=line.version)


def _readings(words: Words, line: RecordLine, readings: ValueReadings) -> list[str]:
    if line.number is None or not line.is_in_force:
        return []
    texts = [
        words(
            "line-reading",
            question=reading.question,
            source=reading.source,
            value=reading.value,
            rule=words(f"line-rule-{reading.rule}"),
        )
        for reading in readings.find(line.codes, line.number, line.value, line.unit_code)
    ]
    return list(dict.fromkeys(texts))


def _is_point(line: RecordLine) -> bool:
    """Return whether a line is a number in force with a date: what a chart can draw."""
    return line.number is not None and line.is_in_force and read_moment(line.at) is not None


def _point(view: LineView) -> Point | None:
    moment = read_moment(view.line.at)
    number = view.line.number
    if moment is None or number is None:
        return None
    bounds = (_bound(view.line.low), _bound(view.line.high))
    return Point(moment.first, number, f"{view.value}, {view.when}", *bounds)


def _bound(digits: str) -> float | None:
    try:
        return float(digits)
    except ValueError:
        return None
