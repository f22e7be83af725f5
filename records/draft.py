"""Write a mapping as TOML from choices for each column, drafted or made on a page."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from records.dates import UNKNOWN_FORMAT, has_two_digit_year
from records.mapping import FileFormat
from records.values import NUMBER

VALUE: Final = "value"
ID: Final = "id"
DATE: Final = "date"
TIME: Final = "time"
CODE: Final = "code"
IGNORE: Final = "ignore"
ROLES: Final = (VALUE, ID, DATE, TIME, IGNORE)
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDraft:
    """What a column is to become.

    Attributes:
        role: `value`, `id`, `date`, `time`, `code` (of a table of one value a row) or `ignore`.
        category: of consent, of a value.
        values: cell → value, of a category or boolean.
        units: how a column of units spells them → UCUM, in a table of one value a row.
        comment: why, for the person who reviews the draft.
        reviewed: why a column that looks like an identifier is stored, "" if it does not.
    """

    name: str
    role: str = VALUE
    kind: str = NUMBER
    code: str = ""
    unit: str = "1"
    category: str = "laboratory"
    minimum: float | None = None
    maximum: float | None = None
    values: Mapping[str, str | bool] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str] = ()
    comment: str = ""
    reviewed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingDraft:
    """A mapping that is not written yet.

    Attributes:
        date: the day of every row, if no column has it.
        first_year: of the hundred that years of two digits mean; 0 until a person says it.
        long: the names of the columns of a table of one value a row, by key of the mapping.
        rules: further keys of `[table]`, such as `bounds`.
    """

    file: FileFormat
    columns: Sequence[ColumnDraft]
    date: str = ""
    date_format: str = ""
    first_year: int = 0
    has_visits: bool = False
    long: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""


def to_toml(draft: MappingDraft) -> str:
    """Return the text of the mapping; `Mapping.parse` says whether it is complete."""
    lines = [*_comment(draft.comment), "[table]"]
    lines += [f"id = {toml_text(each.name)}" for each in _with_role(draft, ID)]
    lines += _day_lines(draft)
    lines += ["visits = true"] * draft.has_visits
    lines += [f"{key} = {toml_text(value)}" for key, value in draft.long.items()]
    lines += [f"{key} = {toml_text(value)}" for key, value in draft.rules.items()]
    lines += _file_lines(draft.file)
    ignored = _with_role(draft, IGNORE)
    named = list(dict.fromkeys(each.name for each in ignored if each.name))
    if named:
        lines.append(f"ignore = [{', '.join(map(toml_text, named))}]")
    lines += [
        f"# {_one_line(each.name) or '(no name)'}: {_one_line(each.comment)}"
        for each in ignored
        if each.comment
    ]
    values = _with_role(draft, VALUE)
    for category in dict.fromkeys(each.category for each in values):
        lines += [
            "",
            "[[documents]]",
            f"name = {toml_text(category)}",
            f"category = {toml_text(category)}",
        ]
        for column in values:
            if column.category == category:
                lines += _column_lines(column)
    return "\n".join(lines) + "\n"


DATE_REMARK: Final = "the day of every row: correct it"
FORMAT_REMARK: Final = "complete it, e.g. %d.%m.%Y for 31.05.2024: these dates cannot be read"

FIRST_YEAR_REMARK: Final = "complete it: which years do two digits mean? 1930 for 1930 to 2029"


def slug(text: str, most: int = 60) -> str:
    """Return a text as lower-case ASCII words with hyphens, for codes and values."""
    plain = (
        unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:most].strip("-") or "value"


_SIGNS: Final = (
    *(("<=", "at most"), (">=", "at least"), ("≤", "at most"), ("≥", "at least")),
    *(("<", "below"), (">", "above"), ("±", "plus minus"), ("+/-", "plus minus")),
    *(("(+)", "plus in brackets"), ("+", "plus")),
)
_LAST_MINUS: Final = re.compile(r"[-\u2212]\s*\Z")


def _with_signs_as_words(text: str) -> str:
    """Return a value with the signs that carry its meaning as words: A+ and A-, <1:40 and >1:40."""
    for sign, word in _SIGNS:
        text = text.replace(sign, f" {word} ")
    return _LAST_MINUS.sub(" minus", text)


def distinct_slugs(texts: Sequence[str]) -> dict[str, str]:
    """Return a slug for each text, no two of them equal."""
    slugs: dict[str, str] = {}
    for text in texts:
        plain = name = slug(_with_signs_as_words(text))
        number = 2
        while name in slugs.values():
            name, number = f"{plain}-{number}", number + 1
        slugs[text] = name
    return slugs


def with_distinct_codes(drafts: Sequence[ColumnDraft]) -> list[ColumnDraft]:
    """Return the drafts with no code twice: of two columns the second gets a code of its own."""
    used: set[str] = set()
    result = []
    for each in drafts:
        if each.role == VALUE and each.code in used:
            each = replace(each, code=f"local|{slug(each.name, 100)}")
        used.add(each.code)
        result.append(each)
    return result


def _with_role(draft: MappingDraft, role: str) -> list[ColumnDraft]:
    return [column for column in draft.columns if column.role == role]


def _day_lines(draft: MappingDraft) -> list[str]:
    dates = _with_role(draft, DATE)
    is_read = draft.date_format != UNKNOWN_FORMAT
    comments = [_remark(each.comment) if is_read else "" for each in dates]
    lines = [
        f"date_column = {toml_text(each.name)}{comment}"
        for each, comment in zip(dates, comments, strict=True)
    ]
    if not dates:
        lines.append(f"date = {toml_text(draft.date)}{_remark(DATE_REMARK)}")
    if draft.date_format:
        remark = _remark(FORMAT_REMARK) if draft.date_format == UNKNOWN_FORMAT else ""
        lines.append(f"date_format = {toml_text(draft.date_format)}{remark}")
    if has_two_digit_year(draft.date_format):
        remark = "" if draft.first_year else _remark(FIRST_YEAR_REMARK)
        lines.append(f"two_digit_years_from = {draft.first_year}{remark}")
    lines += [f"time_column = {toml_text(each.name)}" for each in _with_role(draft, TIME)]
    return lines


def _file_lines(file: FileFormat) -> list[str]:
    usual = FileFormat()
    keys = ("separator", "decimal", "encoding", "skip", "header_rows", "sheet")
    pairs = [(key, getattr(file, key)) for key in keys if getattr(file, key) != getattr(usual, key)]
    return [
        f"{key} = {value if isinstance(value, int) else toml_text(value)}" for key, value in pairs
    ]


def _column_lines(column: ColumnDraft) -> list[str]:
    lines = ["[[documents.columns]]", f"column = {toml_text(column.name)}{_remark(column.comment)}"]
    lines += [f"code = {toml_text(column.code)}", f"kind = {toml_text(column.kind)}"]
    if column.kind == NUMBER:
        lines.append(f"unit = {toml_text(column.unit)}")
        bounds = (("minimum", column.minimum), ("maximum", column.maximum))
        lines += [f"{key} = {toml_number(value)}" for key, value in bounds if value is not None]
    values = {} if column.kind == NUMBER else column.values
    for key, table in (("values", values), ("units", column.units)):
        pairs = [f"{_key(cell)} = {_value(value)}" for cell, value in table.items()]
        lines += [f"{key} = {{ {', '.join(pairs)} }}"] if pairs else []
    if column.missing:
        lines.append(f"missing = [{', '.join(map(toml_text, column.missing))}]")
    if column.reviewed:
        lines.append(f"reviewed = {toml_text(column.reviewed)}")
    return ["  " + line for line in lines]


def toml_text(text: str) -> str:
    """Return a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'


def _key(text: str) -> str:
    return text if _BARE_KEY.match(text) and not text.isdigit() else toml_text(text)


def _value(value: str | bool) -> str:
    return toml_text(value) if isinstance(value, str) else str(value).lower()


def toml_number(number: float) -> str:
    """Return a finite number for TOML, a whole one without a fraction."""
    if not math.isfinite(number):
        raise ValueError("a range has finite ends")
    return str(int(number)) if number.is_integer() else repr(number)


def _remark(comment: str) -> str:
    return f"  # {_one_line(comment)}" if comment else ""


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in text.splitlines()]


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())
