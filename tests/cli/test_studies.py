from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from cli import make_cli
from cli.output import describe_error
from cli.studies import describe_warnings
from services.clinician.reports import InputWarnings
from services.errors import NotFound


def values(*, missing: int = 0, old: int = 0, newest_on: str = "2018-01-02") -> InputWarnings:
    return InputWarnings(
        missing=missing, total=10, old=old, oldest_on="2018-01-02", newest_on=newest_on
    )


def test_an_answer_in_the_terminal_warns_of_missing_and_old_values() -> None:
    warnings = values(missing=2, old=3, newest_on="2026-01-02")
    old, missing = describe_warnings(warnings)
    assert "3 of 8 values are more than a year old, the oldest from 2 January 2018." in old
    assert "2 of 10 values are missing" in missing


def test_an_answer_in_the_terminal_says_that_every_value_is_old() -> None:
    (line,) = describe_warnings(values(old=10))
    assert "Every value is more than a year old; the newest is from 2 January 2018." in line


def test_recent_and_complete_values_need_no_warning() -> None:
    assert describe_warnings(values()) == []


def test_what_is_not_found_is_never_answered_with_an_empty_message() -> None:
    expected = "not found, or you do not have access; check the names in the command"
    assert describe_error(NotFound()) == expected
    assert describe_error(NotFound("no model m")) == "no model m"


@pytest.mark.parametrize("name", ["heart", "study:", "organisation:heart"])
def test_a_study_needs_the_id_by_which_all_others_find_it(name: str) -> None:
    @contextmanager
    def opener(*_: object) -> Iterator[None]:
        yield

    result = CliRunner().invoke(make_cli(opener), ["study", name, "--question", "heart"])  # type: ignore[arg-type]
    assert result.exit_code == 2
    assert f"STUDY is {name}: name study:NAME" in result.stderr
