"""Pieces of work run at once, and the results are those of one thread."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from models import crossvalidation, lira, threads
from models.budget import Budget
from models.candidates import Fitter, Setting
from models.crossvalidation import Rows, Search, cross_validate
from models.lira import attack_settings
from models.served_model import LOGISTIC, XGBOOST
from models.threads import count_threads, run_each

SETTINGS = (
    Setting(XGBOOST, {"max_depth": 3, "min_child_weight": 1, "lambda": 1, "max_bin": 256}, (5, 9)),
    Setting(XGBOOST, {"max_depth": 2, "min_child_weight": 1, "lambda": 1, "max_bin": 16}, (7,)),
    Setting(LOGISTIC, {"ridge": 10.0}),
    Setting(LOGISTIC, {"ridge": 100.0}),
)


@pytest.mark.parametrize("number", [1, 2, 5, 40])
def test_results_are_in_the_order_of_the_pieces_for_any_number_of_threads(number: int) -> None:
    assert run_each(lambda piece: piece * piece, range(20), number) == [n * n for n in range(20)]
    assert run_each(str, [], number) == []


def test_pieces_run_at_once_and_libraries_take_one_thread_in_each() -> None:
    barrier = threading.Barrier(2)

    def meet(_: int) -> bool:
        barrier.wait(30)
        return all(each["num_threads"] == 1 for each in threadpool_info())

    with threadpool_limits(1):
        assert run_each(meet, range(2), 2) == [True, True]


def test_the_first_exception_is_raised_and_ends_the_work() -> None:
    done: list[int] = []

    def fail(piece: int) -> None:
        done.append(piece)
        raise ValueError(f"piece {piece}")

    with pytest.raises(ValueError, match="piece 0"):
        run_each(fail, range(50), 1)
    assert done == [0]

    def fail_at_first(piece: int) -> int:
        if piece == 0:
            raise ValueError("piece 0")
        done.append(piece)
        is_raised.wait(30)
        return piece

    is_raised = threading.Event()
    with pytest.raises(ValueError, match="piece 0"):
        run_each(fail_at_first, range(50), 2)
    is_raised.set()
    assert len(done) < 10


def test_large_cohorts_get_fewer_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: range(64))
    assert count_threads(10_000) == threads.MAX_THREADS
    assert count_threads(7_000_000) == 2
    assert count_threads(10**9) == 1
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {3})
    assert count_threads(0) == 1


def test_attack_and_search_give_the_same_to_the_last_bit_with_one_thread_and_with_four(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = np.random.default_rng(8)
    values = chance.normal(0, 1, (240, 5)).astype(np.float32)
    values[chance.random(values.shape) < 0.1] = np.nan
    labels = np.nan_to_num(values[:, 0]) + chance.normal(0, 1, 240) > 0.4
    rows = Rows(values, labels, tuple(f"{row:064x}" for row in range(240)))
    fitter = Fitter(("q",) * 5, 1)
    permitted = frozenset({(0, 5), (0, 9), (1, 7), (2, 0), (3, 0)})
    search = Search(fitter, SETTINGS, permitted, Budget(2, 2, 2, 8), ("study:a", "label"))
    results = []
    for number in (1, 4):
        for module in (lira, crossvalidation):
            monkeypatch.setattr(module, "count_threads", lambda _, chosen=number: chosen)
        attacks = attack_settings(
            fitter, SETTINGS, (values, labels, rows.persons), shadows=8, limit=1
        )
        predictions = cross_validate(search, rows)
        raw = {kind: each.raw.tobytes() for kind, each in predictions.items()}
        results.append((attacks, raw, search.choose(rows, [np.ones(240, np.bool_)])))
    assert results[0] == results[1]
    assert len(results[0][0]) == 5


def test_a_setting_far_above_the_bound_is_attacked_by_the_first_shadows_alone() -> None:
    chance = np.random.default_rng(9)
    values = chance.normal(0, 1, (200, 6)).astype(np.float32)
    labels = values[:, 0] + chance.normal(0, 1, 200) > 0.5
    rows = values, labels, [f"{row:064x}" for row in range(200)]
    exposed = Setting(
        XGBOOST, {"max_depth": 6, "min_child_weight": 0, "lambda": 0, "eta": 0.5}, (30,)
    )
    settings = (exposed, Setting(LOGISTIC, {"ridge": 1000.0}))
    attacks = attack_settings(Fitter(("q",) * 6, 1), settings, rows, shadows=20, limit=0.6)
    assert attacks[0, 30].auroc > 0.65
    assert {choice: attack.shadows for choice, attack in attacks.items()} == {
        (0, 30): 16,
        (1, 0): 20,
    }
