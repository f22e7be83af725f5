from __future__ import annotations

import csv
import io

import pytest

from records.csv_out import to_csv


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠"]
)  # noqa: RUF001
def test_no_text_begins_a_formula(first: str) -> None:
    assert to_csv([[f"{first}cmd()"]]) == f'"\'{first}cmd()"\r\n'


def test_a_semicolon_in_a_text_begins_no_cell() -> None:
    text = to_csv([["a;=cmd()", 'b";=cmd()', "c\n=cmd()"]])
    assert text == '"a;=cmd()","b"";=cmd()","c\n=cmd()"\r\n'
    assert list(csv.reader(io.StringIO(text))) == [["a;=cmd()", 'b";=cmd()', "c\n=cmd()"]]


def test_numbers_stay_numbers() -> None:
    assert to_csv([[-1, 2.5, None]], "\n") == '-1,2.5,""\n'
