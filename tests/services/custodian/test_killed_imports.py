"""An import that is killed and repeated stores each resource once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]


def test_an_import_that_was_killed_and_repeated_stores_each_resource_once() -> None:
    done = subprocess.run(
        [sys.executable, str(TESTS / "killed_imports.py"), "--points", "6", "--seed", "1"],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout.startswith("0 kills")
