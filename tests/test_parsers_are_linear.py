"""Every parser does work in proportion to its input, whatever tokens the input repeats."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants, _parser
from types import FrameType
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from records import RecordsError
from records.fhir_file import read_entries
from records.json_strict import loads, loads_exact
from records.mapping import Mapping
from records.strict_toml import Section
from records.table import check_table
from storage import StorageError
from storage.car import read_car

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("consent", "storage", "records", "models", "services", "web", "cli")
SMALL, LARGE, FULL = 8_192, 32_768, 1 << 20
MAX_GROWTH = 1.3 * LARGE / SMALL
SLACK_STEPS = 2_000


def parse_table(body: bytes) -> None:
    """Check a table of one column against the mapping of the shipped example."""
    mapping = Mapping.load(ROOT / "deploy" / "examples" / "heart" / "mapping.toml")
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(body)
        file.flush()
        check_table(Path(file.name), mapping)


def parse_form(body: bytes) -> None:
    """Read a form as the web application does: with its limits for parts and memory."""
    parser = FormDataParser(max_form_memory_size=1 << 17, max_form_parts=1_000, silent=False)
    options = {"boundary": "b"}
    parser.parse(io.BytesIO(body), "multipart/form-data", len(body), options)


PARSERS: dict[str, tuple[Callable[[bytes], Any], tuple[bytes, ...]]] = {
    "json": (
        loads,
        (b'"', b'\\"', b"\\", b"[", b"{", b"[]", b'{"a":', b"1,", b"-", b"1e", b" ", b'"a":"b",'),
    ),
    "json-exact": (loads_exact, (b'"', b'\\"', b"[", b"1.0,", b"\\u0000", b"[1.", b'{"a":')),
    "fhir": (
        lambda body: list(read_entries(io.BytesIO(body))),
        (b'"', b"\n", b'{"resource":{', b'{"entry":[', b'{"resourceType":"Bundle","entry":[{'),
    ),
    "toml": (
        lambda body: Section.of_text(body.decode(), "a.toml"),
        (
            b"a.",
            b"[",
            b"[[",
            b'"',
            b"'",
            b'"""',
            b"\\",
            b"a=1\n",
            b"#",
            b"a=[",
            b"a={",
            b"1_",
            b"=",
        ),
    ),
    "csv": (parse_table, (b",", b'"', b'""', b"\n", b"\r", b";", b'","', b"a,", b"\x00", b"1.5,")),
    "multipart": (
        parse_form,
        (
            b"--b\r\n",
            b"--b--",
            b"\r\n",
            b"--",
            b"\r\n--b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
            b"Content-Disposition: form-data; ",
        ),
    ),
    "car": (
        lambda body: list(read_car(io.BytesIO(body))),
        (b"\x00", b"\x01", b"\x80", b"\xff", b"\x3a\xa2"),
    ),
}
CASES = [(name, token) for name, (_, tokens) in PARSERS.items() for token in tokens]
EXPECTED_ERRORS = (RecordsError, StorageError, HTTPException, ValueError)


def feed(name: str, token: bytes, size: int) -> None:
    """Parse a token repeated up to this size; a typed error is as good as a result."""
    with contextlib.suppress(EXPECTED_ERRORS):
        PARSERS[name][0]((token * (size // len(token) + 1))[:size])


def count_steps(name: str, token: bytes, size: int) -> int:
    """Return how many lines of Python ran."""
    steps = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        feed(name, token, size)
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize(("name", "token"), CASES)
def test_the_steps_of_a_parser_grow_no_faster_than_its_input(name: str, token: bytes) -> None:
    small, large = count_steps(name, token, SMALL), count_steps(name, token, LARGE)
    assert large <= MAX_GROWTH * small + SLACK_STEPS


@pytest.mark.parametrize(("name", "token"), CASES)
def test_a_megabyte_of_each_token_is_answered(name: str, token: bytes) -> None:
    feed(name, token, FULL)


def repeats_without_limit(parsed: Any, inside: bool = False) -> list[bool]:
    """Return, for each unlimited repeat of a pattern, whether it is inside another one."""
    repeats = []
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            _, most, inner = argument
            is_unlimited = most == _constants.MAXREPEAT
            repeats += [inside] if is_unlimited else []
            repeats += repeats_without_limit(inner, inside or is_unlimited)
        elif operation is _constants.SUBPATTERN:
            repeats += repeats_without_limit(argument[3], inside)
        elif operation is _constants.BRANCH:
            for branch in argument[1]:
                repeats += repeats_without_limit(branch, inside)
    return repeats


def patterns(tree: ast.AST) -> Iterator[str | bytes]:
    """Yield each pattern that is written in a call of the module re."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and isinstance(pattern := getattr(node.args[0], "value", None), str | bytes)
        ):
            yield pattern


def test_no_pattern_repeats_inside_a_repeat_that_can_try_again() -> None:
    """Such patterns take exponential time; possessive repeats never try again."""
    nested = [
        f"{path.name}: {pattern!r}"
        for package in PRODUCT
        for path in (ROOT / package).rglob("*.py")
        for pattern in patterns(ast.parse(path.read_text("utf-8")))
        if any(repeats_without_limit(_parser.parse(pattern)))
    ]
    assert nested == []
