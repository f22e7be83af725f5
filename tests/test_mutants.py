"""The figures of `python -m bench.mutants` are right: it changes one place at a time."""

from __future__ import annotations

from types import CodeType, FunctionType

import pytest

from bench.mutants import AREAS, interval
from bench.mutations import mutants_of
from bench.trial import ROOT, find_code

SOURCE = '''
"""A module."""
LIMIT: int = 3
NAMES = ("a", "b")
@staticmethod
def within(value: int, other: bool = True) -> bool:
    """Return whether a value is within the limit."""
    if value < 0 and other:
        raise ValueError(f"{value} is below {0}")
    return value + 1 <= LIMIT
'''
EXPECTED = {
    "3  →  4",
    "'a'  →  'ax'",
    "'b'  →  'bx'",
    "True  →  False",
    "value < 0 and other  →  not (value < 0 and other)",
    "value < 0 and other  →  value < 0 or other",
    "value < 0  →  value <= 0",
    "value < 0  →  value >= 0",
    "0  →  1",
    "raise ValueError(f'{value} is below {0}')  →  pass",
    "return value + 1 <= LIMIT  →  return None",
    "value + 1 <= LIMIT  →  value + 1 < LIMIT",
    "value + 1 <= LIMIT  →  value + 1 > LIMIT",
    "value + 1  →  value - 1",
    "1  →  2",
}


def test_each_operator_bound_constant_and_statement_has_its_mutants() -> None:
    texts = [mutant.text for mutant in mutants_of(SOURCE)]
    assert set(texts) == EXPECTED
    assert len(texts) == len(EXPECTED)


def test_a_mutant_of_a_function_can_be_put_into_it_and_changes_its_answers() -> None:
    unchanged = answers(find_code(compile(SOURCE, "m.py", "exec"), 5))
    within = [at for at, mutant in enumerate(mutants_of(SOURCE)) if mutant.function]
    assert len(within) == 11
    for at in within:
        mutant = mutants_of(SOURCE)[at]  # a tree is changed once
        assert answers(find_code(mutant.code("m.py"), mutant.function)) != unchanged, mutant.text


def answers(code: CodeType) -> list[object]:
    function = FunctionType(code, {"LIMIT": 3, "ValueError": ValueError})
    return [answer(function, value, other) for value in range(-1, 4) for other in (False, True)]


def answer(function: FunctionType, value: int, other: bool) -> object:
    try:
        return function(value, other)
    except ValueError:
        return "refused"


def test_the_interval_is_exact() -> None:
    low, high = interval(9, 10)
    assert (round(low, 4), round(high, 4)) == (0.555, 0.9975)  # Clopper and Pearson, 1934
    assert interval(10, 10)[1] == 1.0
    assert interval(0, 10)[0] == 0.0


@pytest.mark.parametrize("area", AREAS)
def test_each_area_names_files_that_are_there(area: str) -> None:
    path, tests = AREAS[area]
    assert (ROOT / path).is_file()
    assert all((ROOT / "tests" / name).is_file() for name in tests)
    assert len(mutants_of((ROOT / path).read_text(encoding="utf-8"))) > 5
