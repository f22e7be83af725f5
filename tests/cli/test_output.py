from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy.exc import ArgumentError, OperationalError

from cli import make_cli, told_in_a_line
from storage import RecordInvalid, StoreUnavailable


class NoNodes(Exception):
    """What an opener of ours raises when it finds no nodes."""


def asked(fault: Exception, *words: str) -> Result:
    @contextmanager
    def opener(settings: None = None, tell: Callable[[str], None] = click.echo) -> Iterator[None]:
        raise fault
        yield

    return CliRunner().invoke(make_cli(opener, (NoNodes,)), ["status", *words])


FULL = OperationalError("INSERT secret", {"name": "Ana"}, sqlite3.OperationalError("disk is full"))


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (RecordInvalid("too long"), 2, "too long"),
        (StoreUnavailable("the IPFS node is away"), 1, "the IPFS node is away"),
        (NoNodes("no Go"), 1, "no Go"),
        (OSError(28, "No space left on device", "/x"), 1, "No space left on device: /x"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (OSError("odd"), 1, "odd"),
        (FULL, 1, "the database cannot be used: disk is full; see DATABASE_URL"),
        (ArgumentError("no such URL\nsecret"), 1, "the database cannot be used: no such URL;"),
    ],
)
def test_a_fault_is_one_line_for_people_and_one_document_for_machines(
    fault: Exception, code: int, says: str
) -> None:
    told = asked(fault)
    assert (told.exit_code, told.stdout) == (code, "")
    assert told.stderr.count("\n") == 1
    assert told.stderr.startswith(f"status: {says}")
    as_json = asked(fault, "--json")
    assert as_json.exit_code == code
    assert orjson.loads(as_json.stdout)["message"] == told_in_a_line(fault)
    assert "secret" not in as_json.output
    assert "Ana" not in as_json.output


def test_a_fault_of_the_program_itself_is_not_hidden() -> None:
    assert isinstance(asked(ZeroDivisionError("ours")).exception, ZeroDivisionError)


def test_a_command_that_is_asked_wrongly_ends_with_two() -> None:
    assert asked(NoNodes(), "--no-such-option").exit_code == 2
