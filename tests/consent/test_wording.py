from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.errors import TermsInvalid, UnknownCode
from consent.terms import Terms
from consent.wording import (
    MAX_RECORDS,
    MAX_STATEMENT_CHARS,
    find_day,
    is_party,
    is_record_id,
    require_terms,
)

GOOD = Terms(
    decision="permit",
    recipient="study:diabetes-risk",
    purposes=("MLTRAINING",),
    categories=("laboratory",),
    records=("*",),
    data_from="2020-01-01",
    data_to="",
    obligations=("PSEUD",),
    statement="You may train on my laboratory results.",
    policy_uri="https://example.org/policies/3",
    policy_hash=bytes(32),
    salt=bytes(32),
)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"decision": "deny", "recipient": "*"},
        {"categories": ("*",)},
        {"records": ("0123456789abcdef" * 2,)},
        {"data_from": "2020-02-29", "data_to": "2020-02-29"},
        {"obligations": ()},
    ],
)
def test_terms_that_say_what_they_mean_are_returned(change: dict[str, Any]) -> None:
    terms = replace(GOOD, **change)
    assert require_terms(terms) is terms


@pytest.mark.parametrize(
    "change",
    [
        {"purposes": ("CURIOSITY",)},
        {"purposes": ("*",)},
        {"purposes": ("MLTRAINING", "mltraining")},
        {"categories": ("LAB",)},
        {"categories": ("*", "laboratory")},
        {"obligations": ("BEKIND",)},
        {"obligations": ("*",)},
    ],
)
def test_an_unknown_code_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UnknownCode):
        require_terms(replace(GOOD, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "maybe"},
        {"decision": ""},
        {"recipient": ""},
        {"recipient": "*"},
        {"recipient": " study:a"},
        {"recipient": "study:\na"},
        {"recipient": "*", "decision": "Deny"},
        {"purposes": ()},
        {"categories": ()},
        {"records": ()},
        {"records": ("*", "0123456789abcdef" * 2)},
        {"records": ("0123456789ABCDEF" * 2,)},
        {"records": ("0123456789abcdef" * 2 + "\n",)},
        {"records": ("0123456789abcdef" * 2,) * (MAX_RECORDS + 1)},
        {"data_from": "20200101"},
        {"data_from": "2020-1-1"},
        {"data_to": "2021-02-29"},
        {"data_to": "soon"},
        {"data_from": "2021-01-02", "data_to": "2021-01-01"},
        {"policy_hash": b""},
        {"salt": bytes(31)},
        {"statement": "x" * (MAX_STATEMENT_CHARS + 1)},
        {"policy_uri": "x" * 2_001},
    ],
)
def test_invalid_terms_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TermsInvalid):
        require_terms(replace(GOOD, **change))


@given(st.dates())
def test_every_iso_date_names_its_day_and_nothing_else_does(day: date) -> None:
    assert find_day(day.isoformat()) == day
    assert find_day(day.isoformat() + " ") is None
    assert find_day(day.isoformat().replace("-", "")) is None


@given(st.text())
def test_a_record_id_is_what_sixteen_bytes_are_in_lower_case_hex(text: str) -> None:
    assert not is_record_id(text) or bytes.fromhex(text).hex() == text
    assert not is_party("*") and not is_party("")


@given(st.binary(min_size=16, max_size=16))
def test_sixteen_bytes_in_hex_are_a_record_id(raw: bytes) -> None:
    assert is_record_id(raw.hex())
