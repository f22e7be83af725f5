"""One late node of several delays no call to the chain."""

from __future__ import annotations

import time

import pytest

from consent import node_answers
from consent.errors import LedgerUnavailable
from consent.node_answers import ask_nodes

LATE_S = 0.1


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_answers, "LATE_S", LATE_S)


def test_two_nodes_are_both_waited_for_and_no_answer_is_none() -> None:
    def slow(index: int) -> int:
        time.sleep(3 * LATE_S * index)
        if index == 2:
            raise LedgerUnavailable("no answer")
        return index

    assert ask_nodes([0, 1], slow, 2) == {0: 0, 1: 1}
    assert ask_nodes([1, 2], slow, 2) == {1: 1}
    assert ask_nodes([], slow, 2) == {}


def test_what_nobody_foresaw_is_raised() -> None:
    def broken(index: int) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_nodes([0, 1], broken, 2)
