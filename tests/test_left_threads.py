from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAVES_A_THREAD = """
import threading
def test_that_leaves_a_thread():
    threading.Thread(target=threading.Event().wait, name="left-behind").start()
    assert {outcome}
"""


def _run(folder: Path, outcome: bool) -> subprocess.CompletedProcess[str]:
    (folder / "test_leaving.py").write_text(LEAVES_A_THREAD.format(outcome=outcome))
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-c", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [*command, "--rootdir", str(ROOT), str(folder)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_thread_that_a_test_leaves_running_ends_the_run_with_an_error(tmp_path) -> None:
    for outcome in (True, False):
        ended = _run(tmp_path, outcome)
        assert ("FAILED" in ended.stdout) is not outcome
        assert ended.returncode == 1
        assert "left-behind" in ended.stderr
