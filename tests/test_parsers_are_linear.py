"""Every parser does work in proportion to its input, whatever tokens the input repeats."""

from __future__ import annotations

import ast
import contextlib
import io
import re
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
from records.cells import MEASURED, NumberFormat
from records.dates import read_time
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
EVERY = frozenset(range(129))
CATEGORIES = {
    _constants.CATEGORY_DIGIT: r"\d",
    _constants.CATEGORY_NOT_DIGIT: r"\D",
    _constants.CATEGORY_SPACE: r"\s",
    _constants.CATEGORY_NOT_SPACE: r"\S",
    _constants.CATEGORY_WORD: r"\w",
    _constants.CATEGORY_NOT_WORD: r"\W",
}
REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
NO_CHARACTERS = (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT)
SHORT_INPUTS = {r"(.+?)\s*(?:[(:=±]|\s\d|\bn\b)": "60 characters at most (is_total)"}
"""Patterns whose repeats compete, and why their input is never long."""
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
    "cell": (
        lambda body: NumberFormat().read(body[:131_072].decode() + "x"),
        (b"1", b"1.", b"1.5", b" ", b"<", b"< ", b"<1"),
    ),
    "bound": (lambda body: NumberFormat().read(f"<{body[:131_072].decode()}\nx"), (b" ", b"1")),
    "measured": (lambda body: MEASURED.match(f"1{body[:131_072].decode()}!"), (b".", b"1", b"a")),
    "time": (lambda body: read_time(f"8:30:00.{body[:131_072].decode()}\n"), (b"1", b" ")),
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


def characters(parsed: Any) -> set[int]:
    """Return the characters that a pattern matches somewhere; 128 stands for all beyond ASCII."""
    result = set[int]()
    for operation, argument in parsed:
        if operation is _constants.SUBPATTERN:
            result |= characters(argument[3])
        elif operation is _constants.BRANCH:
            result |= set[int]().union(*map(characters, argument[1]))
        elif operation in REPEATS:
            result |= characters(argument[2])
        else:
            result |= class_of(argument if operation is _constants.IN else [(operation, argument)])
    return result


def class_of(items: Any) -> set[int]:
    """Return the characters of a class in square brackets, or of one item."""
    result = set[int]()
    for operation, argument in items:
        if operation is _constants.LITERAL:
            result.add(min(argument, 128))
        elif operation in (_constants.ANY, _constants.NOT_LITERAL):
            result |= EVERY - {ord("\n") if argument is None else argument}
        elif operation is _constants.RANGE:
            result |= set(range(min(argument[0], 128), min(argument[1], 128) + 1))
        elif operation is _constants.CATEGORY:
            pattern = re.compile(CATEGORIES[argument])
            result |= {code for code in EVERY if pattern.match(chr(code))}
    is_negated = bool(items) and items[0][0] is _constants.NEGATE
    return set(EVERY) - result if is_negated else result


def competing(parsed: Any, before: list[set[int]]) -> tuple[bool, list[set[int]]]:
    """Return whether two unlimited repeats can share out the same characters in many ways.

    Args:
        parsed: the pattern, or a part of it.
        before: of each unlimited repeat that could still give characters back, which it matches.
    """
    result = False
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, most, inner = argument
            if most == _constants.MAXREPEAT:
                own = characters(inner)
                result |= any(each & own for each in before)
                before = [*(each for each in before if not least or each & own), own]
            else:
                inside, after = competing(inner, before)
                result, before = result | inside, after if least else [*before, *after]
        elif operation is _constants.SUBPATTERN:
            inside, before = competing(argument[3], before)
            result |= inside
        elif operation is _constants.BRANCH:
            branches = [competing(branch, before) for branch in argument[1]]
            result |= any(inside for inside, _ in branches)
            before = [each for _, after in branches for each in after]
        elif operation is not _constants.POSSESSIVE_REPEAT or argument[0]:
            own = set(EVERY) if operation in NO_CHARACTERS else characters([(operation, argument)])
            before = [each for each in before if each & own]
    return result, before


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


def test_no_two_repeats_of_a_pattern_compete_for_the_same_characters() -> None:
    """Such patterns take quadratic time: a cell of 128 kB held a worker for an hour."""
    result = {
        str(pattern)
        for package in PRODUCT
        for path in (ROOT / package).rglob("*.py")
        for pattern in patterns(ast.parse(path.read_text("utf-8")))
        if competing(_parser.parse(pattern), [])[0]
    }
    assert result == set(SHORT_INPUTS)


@pytest.mark.parametrize("pattern", [r"a+a+", r"a+\.?a*", r"(a+|b)c?a*d", r"\s*(.+)", r"a*b*+a*"])
def test_the_search_for_competing_repeats_finds_them(pattern: str) -> None:
    assert competing(_parser.parse(pattern), [])[0]


@pytest.mark.parametrize("pattern", [r"a++a*", r"a+b+", r"a+\.a*", r"(a+b)?c*", r"a{1,3}a*"])
def test_the_search_for_competing_repeats_passes_others(pattern: str) -> None:
    assert not competing(_parser.parse(pattern), [])[0]
