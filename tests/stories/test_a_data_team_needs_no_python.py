"""A data team does the whole job on a table of its own with files and commands alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hospital import free_port
from rig import CACHE, ROOT, settings_of

import app

pytestmark = [pytest.mark.node, pytest.mark.slow]
HEART = ROOT / "deploy" / "examples" / "heart"
TABLE = [str(HEART / "table.csv"), "--mapping", str(HEART / "mapping.toml")]
QUESTION = ["--question", "uci-heart"]


class Team:
    """Someone who types commands and reads one JSON document from each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "VOUCHSAFE_HOME": str(folder / "home"),
            "VOUCHSAFE_CACHE": CACHE,
        }

    def types(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(ROOT / "app.py"), *words, "--json"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        assert code is None or done.returncode == code, done.stdout + done.stderr[-2000:]
        result: dict[str, Any] = json.loads(done.stdout)
        return result


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return Team(tmp_path_factory.mktemp("team"))


def test_the_whole_job_is_done_by_commands(team: Team) -> None:
    dry = team.types("deposit", *TABLE, "--dry-run")
    assert (dry["rows"], dry["good"], dry["deposited"]) == (920, 920, 0)
    assert team.types("enrol", *TABLE)["done"] == 920
    stored = team.types("deposit", *TABLE)
    assert stored["deposited"] == stored["records"] > 920
    # Each command up to here has started the nodes for itself; those from here on use running ones.
    with app.nodes_of(settings_of(team.folder / "home"), app.silent):
        finish_the_job(team)
    assert team.types("verify")["agrees"] is True


def finish_the_job(team: Team) -> None:
    """Gather, sign, train, ask and withdraw."""
    assert team.types("deposit", *TABLE)["deposited"] == 0
    team.types("study", "study:heart", "--title", "Heart", *QUESTION)
    signed = team.types("sign", "--all", "--to", "study:heart", "--purpose", "MLTRAINING")
    assert signed == {"done": 920, "already": 0, "refused": {}}
    cohort = team.types("gather", "--study", "study:heart", *QUESTION)
    assert cohort["records"] > 0
    assert cohort["refused_records"] == {}
    care = ["--to", "organisation:this-hospital", "--purpose", "TREATDS"]
    team.types("sign", "--person", "1", "--person", "2", *care)
    model = team.types("train", "--study", "study:heart", *QUESTION, code=None)
    if "error" in model:  # of 920 people, the draw of who tries the model may close the gate
        assert (model["error"], "not published" in model["message"]) == ("GateClosed", True)
    else:
        answers(team, str(model["model"]))
    assert team.types("withdraw", "--person", "2")["refused"] == {}
    uses = team.types("uses", "--person", "2")["uses"]
    assert {"MLTRAINING"} <= {use["purpose"] for use in uses}


def answers(team: Team, model: str) -> None:
    """Ask the model, and replace it after a withdrawal."""
    reply = team.types("predict", "--person", "1", *QUESTION)
    assert reply["interval"][0] <= reply["probability"] <= reply["interval"][1]
    refused = team.types("predict", "--person", "3", *QUESTION, code=1)
    assert refused["message"] == "Patient not found, or you do not have access."
    assert "evaluation" in team.types("card", model)
    team.types("withdraw", "--person", "1")
    assert team.types("models")["affected"] == [model]
    again = team.types("predict", "--person", "1", *QUESTION, code=1)
    assert again["message"] == refused["message"]
    newer = team.types("retrain", model, code=None)
    if "error" in newer:
        assert newer["error"] == "GateClosed"
    else:
        # Its bytes differ only if the person who left had trained it, rather than tried it.
        known = {item["model"]: item for item in team.types("models")["models"]}
        assert known[model]["state"] == "replaced"
        assert newer["manifest_root"] != known[model]["manifest_root"]


GUIDE = ROOT / "docs" / "guide" / "own-data.md"
COMMAND = re.compile(r"(export [A-Z]|[A-Z_]++=\S++ |vouchsafe |\.venv/bin/)")
SERVE = "VOUCHSAFE_HOME=own/var .venv/bin/vouchsafe"


def blocks_of_commands(text: str) -> list[str]:
    """Return the blocks of a guide that are to be pasted into a terminal."""
    blocks = re.findall(r"(?:^ {4}[^\n]*\n)+", text, re.MULTILINE)
    lines = ["\n".join(line[4:] for line in block.splitlines()) for block in blocks]
    return [block for block in lines if COMMAND.match(block)]


class Terminal:
    """A terminal in the project's folder, as the guide has it; what it writes stays in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in ROOT.iterdir():
            if not path.name.startswith("."):
                (folder / path.name).symlink_to(path)
        (folder / ".venv").symlink_to(sys.prefix)
        unset = ("VOUCHSAFE_HOME", "VOUCHSAFE_PORT")
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        self.environment = {**inherited, "VOUCHSAFE_CACHE": CACHE, "VOUCHSAFE_PORT": free_port()}
        self._exports = ""

    def paste(self, block: str) -> None:
        """Run a block; the exports of those before it hold."""
        done = subprocess.run(
            ["bash", "-ec", f"{self._exports}\n{block}"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if block.startswith("export "):
            self._exports += block
        assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

    @contextmanager
    def second(self, block: str) -> Iterator[None]:
        """Run a block in a second terminal until it says where the platform is; then Ctrl-C."""
        running = subprocess.Popen(
            ["bash", "-c", f"exec env {block}"],
            cwd=self.folder,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert running.stderr is not None
        lines = iter(running.stderr.readline, "")
        try:
            assert any("Vouchsafe is on http://localhost:" in line for line in lines)
            yield
        finally:
            running.send_signal(signal.SIGINT)
            _, rest = running.communicate(timeout=60)
        assert "stopping" in rest


def test_each_block_of_the_guide_can_be_pasted_after_the_one_before(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    before, serving, after = split(blocks_of_commands(GUIDE.read_text(encoding="utf-8")))
    assert [block.split()[0] for block in (before[0], serving, *after)] == [
        "export",
        "VOUCHSAFE_HOME=own/var",
        ".venv/bin/python",
    ]
    terminal.paste(before[0])
    # Commands start nodes where none run; sharing these is faster.
    (tmp_path / "own").mkdir()
    with app.nodes_of(settings_of(tmp_path / "own" / "var"), app.silent):
        for block in before[1:]:
            terminal.paste(block)
    with terminal.second(serving):
        for block in after:
            terminal.paste(block)


def split(blocks: list[str]) -> tuple[list[str], str, list[str]]:
    """Return the blocks before and after the one of a second terminal, and that one."""
    place = blocks.index(SERVE)
    return blocks[:place], blocks[place], blocks[place + 1 :]
