"""A data team does the whole job on a table of its own with files and commands alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
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
