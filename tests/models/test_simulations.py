"""The simulations whose figures docs/benchmarks.md states, each with as little as it can run on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench import coverage, successive
from bench.coverage import HEART, ROOT


def test_the_coverage_of_a_table_of_ones_own_is_measured_where_enough_people_are_left(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("table.csv", "mapping.toml"):
        shutil.copy(HEART / name, folder / name)
    shutil.copy(ROOT / "models/questions/uci-heart.toml", folder / "question.toml")
    figures = coverage.measure_folders(1, [folder])
    # 1,000 would be more than the table has.
    assert {name.partition(":")[0] for name in figures} == {"own, 400 at random"}
    groups = coverage.GROUPS * len(coverage.SETTINGS)
    assert round(figures["own, 400 at random: covered"] * groups, 3).is_integer()
    assert 0 < figures["own, 400 at random: mean width, points of 100"] < 100


@pytest.mark.parametrize(
    ("kind", "rows"),
    [("answers", 4 * len(successive.ANSWERS)), ("cards", len(successive.LEFT))],
)
def test_each_reader_of_two_publications_is_right_in_some_of_the_trials(
    kind: str, rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    successive.main(["--kinds", kind, "--sizes", "100", "--trials", "10"])
    printed = capsys.readouterr().out.splitlines()[2:]
    counts = [line.split(" | ")[2] for line in printed]
    assert len(counts) >= rows
    for count in counts:
        right, _, of = count.partition(" of ")
        assert 0 <= int(right) <= int(of), count
        assert int(of) % 10 == 0, count


def test_the_loss_by_hiding_who_left_is_measured_for_each_kind_of_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    successive.main(["--kinds", "loss", "--sizes", "100", "--trials", "2"])
    printed = capsys.readouterr().out
    assert "AUROC lost by logistic" in printed
    assert "AUROC lost by xgboost" in printed
