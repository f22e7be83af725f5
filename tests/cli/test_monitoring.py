"""The command that watches models in service."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cli.monitoring import print_months
from cli.output import Output
from services.model_monitoring import ModelMonth

MONTH = ModelMonth(
    model="m-1",
    month="2026-05",
    answers="120",
    estimate_psi=0.02,
    worst_input="age",
    worst_psi=0.31,
    is_alarm=True,
    outcomes="",
    events="",
)


def test_a_month_is_printed_as_the_pages_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_months(Output(as_json=False), [MONTH])
    text = capsys.readouterr().out
    for cell in ("m-1", "2026-05", "0.31", "(age)", "shifted", "too few"):
        assert cell in text


def test_known_outcomes_are_printed_with_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    ratio = {"observed_to_expected": 1.1, "observed_to_expected_low": 0.9}
    area = {"auroc": 0.8, "auroc_low": 0.7, "auroc_high": 0.9}
    print_months(
        Output(as_json=False), [replace(MONTH, **ratio, **area, observed_to_expected_high=1.3)]
    )
    words = capsys.readouterr().out.split()  # a narrow terminal breaks the cells
    assert {"1.10", "(0.90", "1.30)", "0.80", "(0.70", "0.90)"} <= set(words)


def test_a_month_with_too_few_answers_is_not_called_without_a_shift() -> None:
    few = replace(MONTH, is_alarm=False, estimate_psi=None, worst_psi=None)
    states = [month.state for month in (MONTH, replace(MONTH, is_alarm=False), few)]
    assert states == ["alarm", "fine", "few"]


def test_json_has_every_field_of_a_month(capsys: pytest.CaptureFixture[str]) -> None:
    print_months(Output(as_json=True), [MONTH])
    (month,) = json.loads(capsys.readouterr().out)["months"]
    assert month["worst_psi"] == 0.31
    assert set(month) == set(ModelMonth.__slots__)


def test_without_reports_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_months(Output(as_json=False), [])
    assert "No monthly report has been made yet." in capsys.readouterr().out
