"""The platform's own processes read the same install, wherever they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.processes import ALONE, BEHIND_A_PROXY, ROOT, WebProgram, WorkerProgram
from deploy.settings import read_settings


@pytest.mark.parametrize("given", [{}, {"VOUCHSAFE_HOME": "data", "VOUCHSAFE_CACHE": "nodes"}])
def test_worker_and_web_find_the_same_home_from_another_folder(
    given: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {**given, "VOUCHSAFE_PORT": "0", "PATH": "/bin"}
    settings = read_settings(given)
    (settings.home).mkdir()
    for program in (WorkerProgram(settings, given), WebProgram(settings, given)):
        launch = program.prepare()
        monkeypatch.chdir(launch.folder)
        assert read_settings(launch.environment) == settings
        assert launch.environment["PATH"] == "/bin"


def test_two_web_processes_serve_unless_told_otherwise(tmp_path: Path) -> None:
    for more, expected in (({}, "2"), ({"VOUCHSAFE_WEB_PROCESSES": "5"}, "5")):
        given = {"VOUCHSAFE_HOME": str(tmp_path), "VOUCHSAFE_PORT": "0", **more}
        launch = WebProgram(read_settings(given), given).prepare()
        assert launch.argv[launch.argv.index("--workers") + 1] == expected
        folder = Path(launch.environment["PROMETHEUS_MULTIPROC_DIR"])
        assert list(folder.iterdir()) == []
        (folder / "counter_1.db").write_bytes(b"of a process that is gone")


def test_one_address_takes_all_threads_only_where_it_is_that_of_the_proxy(tmp_path: Path) -> None:
    for more, expected in (({}, ALONE), ({"VOUCHSAFE_PROXIES": "1"}, BEHIND_A_PROXY)):
        given = {"VOUCHSAFE_HOME": str(tmp_path), "VOUCHSAFE_PORT": "0", **more}
        launch = WebProgram(read_settings(given), given).prepare()
        assert launch.argv[launch.argv.index("--worker-class") + 1] == expected


def test_a_crash_leaves_no_memory_on_the_disk() -> None:
    code = (
        "import resource; from deploy.processes import forbid_core_dumps; forbid_core_dumps(); "
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(0, 0)"
