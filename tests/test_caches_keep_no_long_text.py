"""A cache keeps what it was asked for: thousands of long texts would fill the memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from records import dates, event_times, units, values
from records.categories import read_rules
from records.faults import CellInvalid
from storage import record
from storage.errors import RecordInvalid

LONG = "2024-01-01T" + "0" * 10_000


@pytest.mark.parametrize(
    ("read", "cached"),
    [
        (values.is_unit, values._can_be_parsed),
        (units.ucum_unit, units._ucum_unit),
        (lambda text: units.find_conversion(text, "mg"), units._find_conversion),
        (lambda text: units.find_conversion("mg", text), units._find_conversion),
        (event_times.read_moment, event_times._read),
        (lambda text: dates.read_date(text, "%d.%m.%Y"), dates._read),
        (record._require_date, record._is_date),
        (lambda text: record._require_observation(text, 1.0, ""), record._is_code),
        (lambda text: record._require_observation("a|b", 1.0, text), record._is_unit),
    ],
)
def test_a_long_text_is_refused_before_a_cache_keeps_it(
    read: Callable[[str], object], cached: Any
) -> None:
    before = cached.cache_info().currsize
    with contextlib.suppress(CellInvalid, RecordInvalid):
        assert not read(LONG)
    assert cached.cache_info().currsize == before


@pytest.mark.parametrize("coding", [{"code": LONG}, {"system": LONG, "code": "I10"}])
def test_the_rules_of_categories_keep_no_long_coding(coding: dict[str, str]) -> None:
    rules = read_rules()
    rules.place({"resourceType": "Condition", "code": {"coding": [coding]}})
    rules.place({"resourceType": "Condition", "code": {"coding": [{"code": "I10"}]}})
    assert ("", "I10") in rules._known
    assert not any(LONG in each for each in rules._known)
