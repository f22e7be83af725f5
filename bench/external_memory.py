"""Measures fitting many rows in batches against the same rows at once: time, memory and model."""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from models import booster

FEATURES = 60
PARAMETERS = {"rounds": 100, "max_depth": 3, "eta": 0.1, "max_bin": 64}
GOAL_RSS_MB = 2_048
GOAL_TIMES = 1.5


def fit(rows: int, *, in_batches: bool) -> dict[str, Any]:
    """Fit a made-up cohort in this process; return time, peak memory and what was fitted."""
    draw = np.random.default_rng(0)
    values = np.empty((rows, FEATURES), np.float32)
    for column in range(FEATURES):
        values[:, column] = np.round(draw.normal(size=rows), 2)
    values[draw.random(rows) < 0.1, 3] = np.nan
    labels = draw.random(rows) < 1 / (1 + np.exp(-values[:, 0] - values[:, 1]))
    vars(booster)["BATCHES_FROM_ROWS"] = 0 if in_batches else rows + 1
    started = time.process_time()
    raw = booster.fit_booster(values, labels, "q" * FEATURES, PARAMETERS, 1)
    took_s = time.process_time() - started
    return {
        "cpu_s": round(took_s, 2),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "sha256": hashlib.sha256(raw).hexdigest()[:16],
    }


def run(rows: int, way: str) -> dict[str, Any]:
    """Return the figures of one way, in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.external_memory", "--rows", str(rows), "--way", way],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def measure(rows: int) -> dict[str, Any]:
    """Compare both ways."""
    at_once, batches = run(rows, "at-once"), run(rows, "batches")
    times = batches["cpu_s"] / at_once["cpu_s"]
    return {
        "rows": rows,
        "features": FEATURES,
        **{f"at_once_{name}": value for name, value in at_once.items()},
        **{f"batches_{name}": value for name, value in batches.items()},
        "times_at_once": round(times, 2),
        "goal_times_at_once": GOAL_TIMES,
        "goal_rss_mb": GOAL_RSS_MB,
        "as_promised": times <= GOAL_TIMES and batches["rss_mb"] <= GOAL_RSS_MB,
    }


def main() -> None:
    """Print the figures of both ways, or of the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--way", choices=("both", "at-once", "batches"), default="both")
    chosen = parser.parse_args()
    if chosen.way == "both":
        print(json.dumps(measure(chosen.rows)))
    else:
        print(json.dumps(fit(chosen.rows, in_batches=chosen.way == "batches")))


if __name__ == "__main__":
    main()
