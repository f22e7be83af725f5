"""Measures fitting many rows in batches, in memory or on disk, against the same rows at once."""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import booster

FEATURES = 60
PARAMETERS = {"max_depth": 3, "eta": 0.1, "max_bin": 64}
AT_ONCE, BATCHES, DISK = "at-once", "batches", "disk"
WAYS = (AT_ONCE, BATCHES, DISK)
GOAL_RSS_MB = 2_048
GOAL_TIMES = 1.5


@dataclass(frozen=True, slots=True)
class Size:
    """How much is fitted; with few decimals a feature has few different values."""

    rows: int
    rounds: int
    decimals: int

    def options(self) -> list[str]:
        """Return the options that repeat it."""
        return [f"--{name}={getattr(self, name)}" for name in self.__slots__]


def fit(size: Size, way: str) -> dict[str, Any]:
    """Fit a made-up cohort in this process; return time, peak memory and what was fitted."""
    draw = np.random.default_rng(0)
    values = np.empty((size.rows, FEATURES), np.float32)
    for column in range(FEATURES):
        values[:, column] = np.round(draw.normal(size=size.rows), size.decimals)
    values[draw.random(size.rows) < 0.1, 3] = np.nan
    labels = draw.random(size.rows) < 1 / (1 + np.exp(-values[:, 0] - values[:, 1]))
    vars(booster)["BATCHES_FROM_ROWS"] = size.rows + 1 if way == AT_ONCE else 0
    parameters = {**PARAMETERS, "rounds": size.rounds}
    with tempfile.TemporaryDirectory() as folder:
        if way == DISK:
            vars(booster)["_quantised"] = OnDisk(Path(folder))
        started = time.process_time()
        raw = booster.fit_booster(values, labels, "q" * FEATURES, parameters, 1)
        took_s = time.process_time() - started
    return {
        "cpu_s": round(took_s, 2),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "sha256": hashlib.sha256(raw).hexdigest()[:16],
    }


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Quantises rows by XGBoost's external memory, whose cache is plain bytes in a folder.

    The platform does not use it (docs/decisions/0030-large-cohorts-in-batches.md).
    """

    folder: Path

    def __call__(self, values: booster.Values, types: Sequence[str], labels: Any, bins: int) -> Any:
        """Return the rows as the histograms need them, from a cache on disk."""
        import xgboost

        cache = str(self.folder / "cache")
        batches = booster.make_batches(values, types, labels, cache_prefix=cache, on_host=False)
        return xgboost.ExtMemQuantileDMatrix(
            batches, max_bin=bins, nthread=1, enable_categorical=True
        )


def run(size: Size, way: str) -> dict[str, Any]:
    """Return the figures of one way, in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.external_memory", *size.options(), "--way", way],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def measure(size: Size, ways: Sequence[str]) -> dict[str, Any]:
    """Compare the ways, of which two are rows at once and in batches."""
    figures = {way: run(size, way) for way in ways}
    at_once, batches = figures[AT_ONCE], figures[BATCHES]
    times = batches["cpu_s"] / at_once["cpu_s"]
    return {
        "rows": size.rows,
        "rounds": size.rounds,
        "features": FEATURES,
        **{f"{way}_{name}": value for way in ways for name, value in figures[way].items()},
        "times_at_once": round(times, 2),
        "goal_times_at_once": GOAL_TIMES,
        "goal_rss_mb": GOAL_RSS_MB,
        "as_promised": times <= GOAL_TIMES and batches["rss_mb"] <= GOAL_RSS_MB,
    }


def main() -> None:
    """Print the figures of the two ways of the platform, of all three, or of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--decimals", type=int, default=2, help="0: few different values")
    parser.add_argument("--way", choices=("both", "all", *WAYS), default="both")
    chosen = parser.parse_args()
    size = Size(chosen.rows, chosen.rounds, chosen.decimals)
    if chosen.way in WAYS:
        print(json.dumps(fit(size, chosen.way)))
    else:
        print(json.dumps(measure(size, WAYS if chosen.way == "all" else WAYS[:2])))


if __name__ == "__main__":
    main()
