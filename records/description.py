"""Describe a table without a mapping: draft what each column means, and flag what to look at."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from records.cells import USUAL_MISSING, normalised
from records.columns import is_identifying
from records.dates import EXCEL, UNKNOWN_FORMAT, has_two_digit_year
from records.draft import (
    DATE,
    ID,
    IGNORE,
    TIME,
    VALUE,
    ColumnDraft,
    MappingDraft,
    slug,
    to_toml,
    with_distinct_codes,
)
from records.errors import DeclarationInvalid, TableInvalid
from records.faults import CellFault
from records.flags import TWIN, Flag, flag_column, is_future_name
from records.guesses import (
    MAX_CATEGORY_LEVELS,
    TRUTHS,
    UNREAD_DATES,
    guess_column,
)
from records.header_rows import NamesPlace, last_name
from records.long_draft import draft_long, find_long_columns
from records.profile import MAX_DISTINCT, Profile, TableProfile, count_copies, profile_table
from records.strength import separation
from records.values import NUMBER
from records.variables import spaced
from records.wide_visits import without_days, without_other_visits
from records.workbook_notes import workbook_notes

SUSPECT: Final = 0.85
"""A column that separates the label alone by this AUROC: explain or exclude it."""
LEAK: Final = 0.95
EVENT_DAY: Final = "the day of what happens later, and not to everybody"
_NUMBER: Final = r"(id|nr|no|num|number|nummer|numero|key|identifier)"
_PERSON_NAME: Final = re.compile(
    rf"^(patient(en)?|pat|paciente|subject|persona?|participant|proband(en)?) ?{_NUMBER}$"
    r"|^(pid|mrn|seqn|ptid|usubjid|subjid|empi|patient|subject|person)$"
)
_ID_NAME: Final = re.compile(rf"^(case|study|record|fall|hosp(ital)?)? ?{_NUMBER}$")
"""Names of ids that may be of people, stays or rows; names for people's ids are tried first."""
_TIME_NAME: Final = re.compile(r"^(time|uhrzeit|hora)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDescription:
    """A column, what it probably means, and what to look at.

    Attributes:
        values: cells with a value; `different` of them differ.
        shapes: how cells look, the most frequent first: 9 for digits, a for letters.
        levels: the values of a column of few, and how often each occurs.
        auroc: how well the column alone separates the label; None without a label.
    """

    draft: ColumnDraft
    values: int
    missing: int
    different: int
    minimum: float | None
    maximum: float | None
    shapes: tuple[str, ...]
    levels: tuple[tuple[str, int], ...]
    flags: tuple[Flag, ...]
    auroc: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDescription:
    """A table without a mapping, and the draft of its mapping.

    Attributes:
        copies: rows equal to an earlier row of another id.
        label: the column that a question is to predict, "" if none was named.
        mapping: the draft as TOML.
        has_id: whether a column looks like the id of people; if not, the first column is drafted.
        has_units: whether the row below the header was read as the units of its columns.
        notes: what was not read, or is hidden in the workbook.
    """

    rows: int
    copies: int
    columns: tuple[ColumnDescription, ...]
    label: str
    draft: MappingDraft
    mapping: str
    has_id: bool
    has_units: bool = False
    notes: tuple[CellFault, ...] = ()

    @property
    def header_rows(self) -> int:
        """How many rows the names of the columns were joined from."""
        return self.draft.file.header_rows


def describe_table(
    path: Path, name: str, today: datetime.date, label: str = "", place: NamesPlace | None = None
) -> TableDescription:
    """Return the description of a table.

    Args:
        path: the file.
        name: its name, after which local codes are named.
        today: the day that is drafted for a table without dates.
        label: the column that a question is to predict.
        place: where the names of the columns are; None to find them.

    Raises:
        TableInvalid, TableEmpty: the file cannot be read as a table.
        DeclarationInvalid: there is no column `label`.
    """
    profile = profile_table(path, place)
    counts = Counter(names := [column.name for column in profile.columns])
    if label and label not in names:
        raise DeclarationInvalid(f"no column {label!r}; the table has {', '.join(names)}")
    id_place, has_id = _id_column(profile)
    system = slug(Path(name).name.partition(".")[0], 40)
    drafts = [
        _guessed(column, system, profile, label, profile.numbers_in(index, profile.sample))
        for index, column in enumerate(profile.columns)
    ]
    drafts = [_ignored_twin(d) if d.name and counts[d.name] > 1 else d for d in drafts]
    drafts[id_place] = replace(drafts[id_place], role=ID, comment="")
    draft = _mapping(profile, drafts, today, has_id)
    strengths = _strengths(profile, draft.columns, label)
    columns = [
        _described(column, each, strengths.get(column.name), is_label=column.name == label)
        for column, each in zip(profile.columns, draft.columns, strict=False)
    ]
    codes = draft.columns[len(columns) :]  # of a table of one value a row
    draft = replace(draft, columns=[*(column.draft for column in columns), *codes])
    places = {index for index, each in enumerate(draft.columns) if each.role in (ID, DATE)}
    places |= {index for index, c in enumerate(profile.columns) if c.is_counter and c.count > 1}
    is_wide = not draft.long and not draft.has_visits
    return TableDescription(
        rows=profile.rows,
        copies=count_copies(path, profile.file, places) if is_wide else 0,
        columns=tuple(columns),
        label=label,
        draft=draft,
        mapping=to_toml(draft),
        has_id=has_id,
        has_units=profile.has_units,
        notes=tuple(workbook_notes(path, profile.file, names)),
    )


def _guessed(
    column: Profile, system: str, profile: TableProfile, label: str, numbers: Sequence[float]
) -> ColumnDraft:
    """Return the draft of a column; a name that was joined is understood by its last part."""
    if profile.file.header_rows == 1:
        return guess_column(column, system, profile.rows, label, numbers)
    short = last_name(column.name)
    label = short if label == column.name else ""
    draft = guess_column(replace(column, name=short), system, profile.rows, label, numbers)
    is_own = draft.code.startswith(f"{system}|")
    code = f"{system}|{slug(column.name, 100)}" if is_own else draft.code
    return replace(draft, name=column.name, code=code)


def _ignored_twin(draft: ColumnDraft) -> ColumnDraft:
    return ColumnDraft(name=draft.name, role=IGNORE, comment=TWIN)


def _id_column(profile: TableProfile) -> tuple[int, bool]:
    """Return the place of the column of hospital numbers, and whether it looks like one."""
    columns = profile.columns
    counts = Counter(names := [column.name for column in columns])
    possible = [n for n, name in enumerate(names) if name and counts[name] == 1]
    words = [spaced(last_name(name) if profile.file.header_rows > 1 else name) for name in names]
    for pattern in (_PERSON_NAME, _ID_NAME):
        named = [n for n in possible if pattern.search(words[n]) and columns[n].count]
        if named:
            return max(named, key=lambda place: len(columns[place].distinct)), True
    if not possible:
        raise TableInvalid("no column has a name of its own; name the columns in the first line")
    undated = [n for n in possible if columns[n].date_format is None]
    many = min(profile.rows, MAX_DISTINCT)
    unique = [
        n
        for n in undated
        if len(columns[n].distinct) == many and columns[n].whole == columns[n].numbers
    ]
    return (unique or undated or possible)[0], bool(unique)


def _mapping(
    profile: TableProfile, drafts: Sequence[ColumnDraft], today: datetime.date, has_id: bool
) -> MappingDraft:
    drafts, date_format = _one_date(profile, without_days(drafts))
    id_name = next(each.name for each in drafts if each.role == ID)
    ids = next(column for column in profile.columns if column.name == id_name)
    repeats = len(ids.distinct) < 0.98 * min(profile.rows, MAX_DISTINCT)
    comment = "Drafted from the table: read every line before you use it."
    days = [column.name for column in profile.columns if column.is_ambiguous_date]
    if any(each.role == DATE and each.name in days for each in drafts):
        comment += "\nDates can be read in more than one order: correct date_format."
    if has_two_digit_year(date_format):
        comment += "\nYears have two digits: say in two_digit_years_from which they mean."
    if not any(each.role == VALUE for each in drafts):
        comment += "\nNo column is left to store: take one from ignore and map it."
    if profile.has_units:
        comment += "\nThe row below the header was read as units, not as data: check each unit."
    if profile.file.header_rows > 1:
        comment += (
            f"\nThe names of the columns are in {profile.file.header_rows} rows; joined here."
        )
    if not has_id:
        comment += "\nNo column looks like a hospital number: name the one that tells people apart."
    draft = MappingDraft(
        file=profile.file,
        columns=with_distinct_codes(drafts),
        date="" if any(each.role == DATE for each in drafts) else today.isoformat(),
        date_format=date_format,
        has_visits=repeats and any(each.role == DATE for each in drafts),
        rules=_rules(profile),
        comment=comment,
    )
    long = find_long_columns(profile, drafts) if repeats else {}
    return draft_long(profile, draft, long) if long else draft


def _rules(profile: TableProfile) -> dict[str, str]:
    rules = {"bounds": "limit"} if any(c.bounds for c in profile.columns) else {}
    if profile.numbers.thousands:
        rules["thousands"] = profile.numbers.thousands
    return rules


def _one_date(
    profile: TableProfile, drafts: Sequence[ColumnDraft]
) -> tuple[list[ColumnDraft], str]:
    """Keep one column of dates, and a column of days if there is none."""
    formats = {c.name: c.date_format for c in profile.columns}
    gaps = {column.name for column in profile.columns if column.missing}
    # Whom an event did not happen to has no day of it, and must not be left out for that.
    drafts = [
        replace(each, role=IGNORE, comment=EVENT_DAY)
        if each.role == DATE and each.name in gaps and is_future_name(each.name)
        else each
        for each in drafts
    ]
    names = [each.name for each in drafts if each.role == DATE]
    varying = {column.name for column in profile.columns if len(column.distinct) > 1}
    # The day of a death, a discharge or an export is not that of the measurements.
    chosen = min(
        names,
        key=lambda name: (is_future_name(name), name not in varying),
        default="",
    )
    result, date_format, has_date = [], "", bool(names)
    for each in drafts:
        if each.role == DATE and each.name != chosen:
            each = replace(each, role=IGNORE, comment="a second date; a record has one day")
        elif each.role == DATE:
            days = formats[each.name]
            date_format = EXCEL if days is None else days
        elif each.role == VALUE and _TIME_NAME.match(spaced(each.name)) and each.kind != NUMBER:
            each = replace(each, role=TIME)
        result.append(each)
    if has_date:
        return without_other_visits(result, chosen, names), date_format
    return _other_date(result)


def _other_date(drafts: list[ColumnDraft]) -> tuple[list[ColumnDraft], str]:
    """Return drafts where a column that was not read as dates is the day, and its format."""
    result = list(drafts)
    for index, each in enumerate(drafts):
        # Never the day of the deposit instead: the custodian has to say how dates are written.
        if each.comment == UNREAD_DATES and not is_future_name(each.name):
            result[index] = replace(each, role=DATE)
            return result, UNKNOWN_FORMAT
    for index, each in enumerate(drafts):
        if each.role == VALUE and spaced(each.name) in ("days", "day") and each.kind == NUMBER:
            result[index] = replace(each, role=DATE)
            return result, "days since 2000-01-01"
    return result, ""


def _strengths(
    profile: TableProfile, drafts: Sequence[ColumnDraft], label: str
) -> dict[str, tuple[float, float]]:
    """Return for each column its AUROC alone, and that of its missingness alone."""
    if not label:
        return {}
    place = next(index for index, column in enumerate(profile.columns) if column.name == label)
    positive = _positive(profile.columns[place])
    rows = [row for row in profile.sample if normalised(row[place]) not in USUAL_MISSING]
    labels = [normalised(row[place]) == positive for row in rows]
    strengths = {}
    for index, (column, draft) in enumerate(zip(profile.columns, drafts, strict=False)):
        if index == place or draft.role != VALUE or not column.count:
            continue
        cells = [row[index] for row in rows]
        strengths[column.name] = separation(cells, labels, draft.kind == NUMBER, profile.numbers)
    return strengths


def _positive(column: Profile) -> str:
    """Return the value of a label that counts as positive: true, or the rarer of its values."""
    for level in column.levels:
        if TRUTHS.get(level.lower()) is True:
            return level
    return min(column.levels, key=lambda level: column.levels[level]) if column.levels else ""


def _described(
    column: Profile, draft: ColumnDraft, strength: tuple[float, float] | None, *, is_label: bool
) -> ColumnDescription:
    flags = flag_column(column, draft, is_label=is_label)
    if strength is not None and strength[0] >= SUSPECT:
        flags.append(Flag.LEAK if strength[0] >= LEAK else Flag.SUSPECT)
    if strength is not None and strength[1] >= 0.6:
        flags.append(Flag.MISSING)
    if Flag.ROW_NUMBERS in flags and draft.role == VALUE:
        draft = replace(draft, role=IGNORE, comment="it counts the rows")
    has_numbers = math.isfinite(column.minimum)
    is_listed = draft.role in (VALUE, IGNORE) and not is_identifying(column.name)
    is_listed = is_listed and len(column.levels) <= MAX_CATEGORY_LEVELS
    return ColumnDescription(
        draft=draft,
        values=column.count,
        missing=sum(column.missing.values()),
        different=len(column.distinct),
        minimum=column.minimum if has_numbers else None,
        maximum=column.maximum if has_numbers else None,
        shapes=tuple(each for each, _ in column.shapes.most_common(3)),
        levels=tuple(column.levels.most_common()) if is_listed else (),
        flags=tuple(flags),
        auroc=round(strength[0], 3) if strength is not None else None,
    )
