"""Turns what a custodian chose for each column, on a page, into the draft of a mapping."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from consent import CATEGORIES
from records.columns import BOOLEANS, BOUND_RULES, OUTSIDE_RULES, is_identifying
from records.dates import FIRST_YEARS, date_format_problem, has_two_digit_year
from records.description import TableDescription
from records.draft import CODE, DATE, ID, IGNORE, TIME, VALUE, ColumnDraft, MappingDraft
from records.values import BOOLEAN, CATEGORY, NUMBER, code_problem, is_unit
from services.errors import Invalid
from services.words import Words

CHOICES: Final = (NUMBER, BOOLEAN, CATEGORY, ID, DATE, TIME, IGNORE)
MAX_CODES: Final = 6
_KINDS: Final = (NUMBER, BOOLEAN, CATEGORY)
_TRUTHS: Final = {"true": True, "yes": True, "false": False, "no": False}


def form_of(table: TableDescription) -> dict[str, str]:
    """Return the fields of the form, filled in as the table was described."""
    draft = table.draft
    values = {"date": draft.date, "date_format": draft.date_format}
    values |= {"skip": str(draft.file.skip), "header_rows": str(draft.file.header_rows)}
    values |= {"visits": "yes" if draft.has_visits else "", "bounds": "refuse", "outside": "refuse"}
    values |= {**draft.rules, "first_year": str(draft.first_year or "")}
    for index, column in enumerate(draft.columns):
        what = column.kind if column.role == VALUE else column.role
        values |= {f"what-{index}": what, f"code-{index}": column.code}
        values |= {f"unit-{index}": column.unit, f"category-{index}": column.category}
        for name, number in (("minimum", column.minimum), ("maximum", column.maximum)):
            values[f"{name}-{index}"] = "" if number is None else f"{number:.15g}"
        values[f"missing-{index}"] = ", ".join(column.missing)
        for place, level in enumerate(levels_of(table, index)):
            usual = BOOLEANS.get(level.lower(), "") if column.kind == BOOLEAN else ""
            value = column.values.get(level, "" if column.values else usual)
            values[f"value-{index}-{place}"] = str(value).lower() if value != "" else ""
    return values


def levels_of(table: TableDescription, index: int) -> list[str]:
    """Return the cells of a column that can be mapped to values, in the order of the form."""
    if index >= len(table.columns):
        return sorted(table.draft.columns[index].values)
    levels = sorted(level for level, _ in table.columns[index].levels)
    if table.draft.columns[index].kind != NUMBER:
        return levels
    # Few whole numbers, such as 1 to 4, may be codes of a category.
    is_coded = len(levels) <= MAX_CODES and all(level.isdigit() for level in levels)
    return levels if is_coded else []


def draft_from(words: Words, table: TableDescription, form: Mapping[str, str]) -> MappingDraft:
    """Return the draft with what the form says.

    Raises:
        Invalid: its fields say what to correct.
    """
    reader = _Reader(words, table, form)
    columns = [reader.column(index, draft) for index, draft in enumerate(table.draft.columns)]
    reader.require_places(columns)
    has_date = any(column.role == DATE for column in columns)
    date_format = form.get("date_format", "").strip() if has_date else ""
    first_year = reader.first_year(date_format) if has_date else 0
    fields = {"bounds": BOUND_RULES, "outside": OUTSIDE_RULES}
    # What the page does not ask, such as the sign between thousands, stays as it was found.
    rules = {key: rule for key, rule in table.draft.rules.items() if key not in fields}
    rules |= {
        key: form.get(key, "refuse")
        for key, known in fields.items()
        if form.get(key, "refuse") in known and form.get(key, "refuse") != "refuse"
    }
    if reader.errors:
        raise Invalid(
            words("columns-error"), {name: [text] for name, text in reader.errors.items()}
        )
    return replace(
        table.draft,
        columns=columns,
        date="" if has_date else form.get("date", ""),
        date_format=date_format,
        first_year=first_year,
        has_visits=has_date and form.get("visits") == "yes",
        rules=rules,
        comment="",
    )


@dataclass(slots=True)
class _Reader:
    """Reads the fields of each column, and collects the errors by field."""

    words: Words
    table: TableDescription
    form: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def column(self, index: int, draft: ColumnDraft) -> ColumnDraft:
        """Return the draft of a column as the form has it."""
        what = self._text("what", index)
        if draft.role == CODE:
            return draft
        if what not in CHOICES:
            self.errors[f"what-{index}"] = self.words("columns-what-error")
            return draft
        if what not in _KINDS:
            return replace(draft, role=what, comment="")
        self._require(index, "code", code_problem(self._text("code", index)))
        category = self._text("category", index)
        if category not in CATEGORIES:
            self.errors[f"category-{index}"] = self.words("columns-category-error")
        reviewed = self._text("reviewed", index)
        if is_identifying(draft.name) and not reviewed:
            self.errors[f"reviewed-{index}"] = self.words("columns-reviewed-error")
        column = replace(
            draft,
            role=VALUE,
            kind=what,
            code=self._text("code", index),
            category=category,
            comment="",
            reviewed=reviewed,
            values={},
        )
        return self._number(index, column) if what == NUMBER else self._levels(index, column)

    def require_places(self, columns: list[ColumnDraft]) -> None:
        """Require one id, at most one date and time, and a day for tables without dates."""
        for role in (ID, DATE, TIME):
            places = [index for index, column in enumerate(columns) if column.role == role]
            if len(places) > 1:
                self.errors[f"what-{places[1]}"] = self.words("columns-twice-error")
            if role == ID and not places:
                self.errors["what-0"] = self.words("columns-id-error")
            if role == DATE and not places:
                self._require_day()
        if not any(column.role == VALUE for column in columns):
            self.errors["what-0"] = self.words("columns-value-error")
        if date_format_problem(self.form.get("date_format", "").strip()):
            self.errors["date_format"] = self.words("columns-date-format-error")

    def first_year(self, date_format: str) -> int:
        """Return the first year that two digits mean; 0 where years have four."""
        text = self.form.get("first_year", "").strip()
        if not text and not has_two_digit_year(date_format):
            return 0
        years = range(FIRST_YEARS[0], FIRST_YEARS[1] + 1)
        if has_two_digit_year(date_format) and text in map(str, years):
            return int(text)
        self.errors["first_year"] = self.words("columns-first-year-error")
        return 0

    def _require_day(self) -> None:
        try:
            datetime.date.fromisoformat(self.form.get("date", ""))
        except ValueError:
            self.errors["date"] = self.words("columns-date-error")

    def _number(self, index: int, column: ColumnDraft) -> ColumnDraft:
        unit = self._text("unit", index)
        if not is_unit(unit):
            self.errors[f"unit-{index}"] = self.words("columns-unit-error")
        minimum, maximum = self._limit("minimum", index), self._limit("maximum", index)
        if minimum is not None and maximum is not None and minimum > maximum:
            self.errors[f"minimum-{index}"] = self.words("columns-range-error")
        missing = self._missing(index, column)
        return replace(column, unit=unit, minimum=minimum, maximum=maximum, missing=missing)

    def _missing(self, index: int, column: ColumnDraft) -> Sequence[str]:
        """Return the cells that mean a missing value; as found where the form does not ask."""
        if f"missing-{index}" not in self.form:
            return column.missing
        return [text.strip() for text in self._text("missing", index).split(",") if text.strip()]

    def _levels(self, index: int, column: ColumnDraft) -> ColumnDraft:
        levels = levels_of(self.table, index)
        texts = {
            level: self.form.get(f"value-{index}-{place}", "").strip()
            for place, level in enumerate(levels)
        }
        missing = [level for level, text in texts.items() if not text]
        if column.kind == BOOLEAN:
            chosen = {level: text.lower() for level, text in texts.items() if text}
            if any(text not in _TRUTHS for text in chosen.values()):
                self.errors[f"what-{index}"] = self.words("columns-truth-error")
                return column
            values = {level: _TRUTHS[text] for level, text in chosen.items()}
            return replace(column, values=values, missing=missing if values else column.missing)
        if not any(texts.values()):
            self.errors[f"what-{index}"] = self.words("columns-levels-error")
        return replace(
            column, values={level: text for level, text in texts.items() if text}, missing=missing
        )

    def _limit(self, name: str, index: int) -> float | None:
        text = self._text(name, index)
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not abs(number) < float("inf"):
            self.errors[f"{name}-{index}"] = self.words("columns-number-error")
            return None
        return number

    def _text(self, name: str, index: int) -> str:
        return self.form.get(f"{name}-{index}", "").strip()

    def _require(self, index: int, name: str, problem: str) -> None:
        if problem:
            self.errors[f"{name}-{index}"] = problem[0].upper() + problem[1:]
