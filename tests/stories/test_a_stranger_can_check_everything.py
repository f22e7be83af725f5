"""A stranger recomputes consents, manifests and journal without our code, as verify does."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from rig import ROOT, Town

from deploy.demo.proof import flip_byte
from storage import BlockFolder

pytestmark = [pytest.mark.node, pytest.mark.slow]
SCRIPT = ROOT / "docs" / "spec" / "check.py"


def check(lines: list[dict[str, Any]], town: Town, folder: Path, blocks: Path) -> dict[str, Any]:
    file = folder / "evidence.ndjson"
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    chain = json.loads((town.demo.home / "chain" / "endpoint.json").read_text())["url"]
    query = [sys.executable, "-I", str(SCRIPT), str(file), chain, str(blocks)]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["agrees"] == (done.returncode == 0)
    return result


@pytest.fixture(scope="module")
def evidence_lines(town: Town) -> list[dict[str, Any]]:
    town.platform.store.journal.anchor()
    return list(town.platform.auditor.evidence())


def own_blocks(town: Town) -> Path:
    return town.demo.home / "kubo" / "repo" / "blocks"


def test_the_strangers_script_imports_none_of_our_code() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert not imported & {"consent", "storage", "models", "web", "deploy", "app"}


def test_the_stranger_agrees_with_verify(
    town: Town, evidence_lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert town.platform.auditor.verify(lambda step, done, of: None) == []
    result = check(evidence_lines, town, tmp_path, own_blocks(town))
    assert result["agrees"], result["wrong"]
    assert result["records"] == town.platform.store.totals()["records"]
    assert result["journal_rows"] == sum(1 for line in evidence_lines if line["kind"] == "journal")


ALTERED = (
    ("journal", "outcome", "journal row"),
    ("use", "body", "use "),
    ("manifest", "text", "manifest of"),
    ("card", "text", "card of"),
)


def test_both_find_a_byte_that_was_changed_and_the_stranger_every_altered_line(
    town: Town, evidence_lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    copy = tmp_path / "blocks"
    shutil.copytree(own_blocks(town), copy)
    entry = town.platform.store.records_of(next(iter(town.subjects.values())))[0]
    flip_byte(BlockFolder(copy).path(entry.cid))
    assert len(town.platform.store.check(blocks=BlockFolder(copy))) == 1
    lines = list(evidence_lines)
    for kind, key, _ in ALTERED:
        place = next(n for n, line in enumerate(evidence_lines) if line["kind"] == kind)
        lines[place] = evidence_lines[place] | {
            key: evidence_lines[place][key].replace("e", "3", 1)
        }
    wrong = check(lines, town, tmp_path, copy)["wrong"]
    blocks = [what for what in wrong if what.startswith("block of")]
    assert blocks == [f"block of record {entry.record_id.hex()} is missing or altered"]
    for _, _, says in ALTERED:
        assert any(what.startswith(says) for what in wrong), says
