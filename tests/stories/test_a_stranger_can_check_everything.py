"""A stranger recomputes consents, manifests and journal without our code, as verify does."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from rig import ROOT, Town

from deploy.demo.proof import flip_byte
from storage import BlockFolder

pytestmark = [pytest.mark.node, pytest.mark.slow]
SCRIPT = ROOT / "docs" / "spec" / "check.py"


# One process of the stranger for both checks: most of its minutes go into the keys that it recovers
# from the patients' signatures, and those are the same in both.
BOTH = """
import functools, runpy, sys
script, chain, *files = sys.argv[1:]
main = runpy.run_path(script)["main"]
main.__globals__["recover"] = functools.cache(main.__globals__["recover"])
for evidence, blocks in zip(files[::2], files[1::2]):
    print('{"code": %d}' % main(evidence, chain, blocks), end="\\0")
"""


@pytest.fixture(scope="module")
def evidence_lines(town: Town) -> list[dict[str, Any]]:
    town.platform.store.journal.anchor()
    return list(town.platform.auditor.evidence())


ALTERED = (
    ("journal", "outcome", "journal row"),
    ("use", "body", "use "),
    ("manifest", "text", "manifest of"),
    ("card", "text", "card of"),
)


@dataclass(frozen=True)
class Results:
    """What the stranger says of the evidence and the blocks, and of altered copies of both.

    `record_id` is that of the altered block; `findings` are our own of the altered blocks.
    """

    honest: dict[str, Any]
    altered: dict[str, Any]
    record_id: str
    findings: int


@pytest.fixture(scope="module")
def results(
    town: Town, evidence_lines: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Results:
    folder = tmp_path_factory.mktemp("stranger")
    blocks, copy = folder / "blocks", folder / "altered"
    town.platform.store.copy_blocks(blocks)
    shutil.copytree(blocks, copy)
    entry = town.platform.store.records_of(next(iter(town.subjects.values())))[0]
    flip_byte(BlockFolder(copy).path(entry.cid))
    honest, altered = folder / "evidence.ndjson", folder / "altered.ndjson"
    write(honest, evidence_lines)
    write(altered, alter(evidence_lines))
    chain = json.loads((town.demo.home / "chain" / "endpoint.json").read_text())["url"]
    query = [str(SCRIPT), chain, str(honest), str(blocks), str(altered), str(copy)]
    done = subprocess.run(
        [sys.executable, "-I", "-c", BOTH, *query], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = map(read_result, done.stdout.split("\0")[:-1])
    findings = len(town.platform.store.check(blocks=BlockFolder(copy)))
    return Results(first, second, entry.record_id.hex(), findings)


def read_result(output: str) -> dict[str, Any]:
    """Return what the stranger printed; its exit code, printed last, says the same."""
    printed, code = output.rsplit("\n", 1)
    result: dict[str, Any] = json.loads(printed)
    assert result["agrees"] == (json.loads(code)["code"] == 0)
    return result


def write(file: Path, lines: list[dict[str, Any]]) -> None:
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def alter(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with one letter changed in one line of each kind."""
    changed = list(lines)
    for kind, key, _ in ALTERED:
        place = next(n for n, line in enumerate(lines) if line["kind"] == kind)
        changed[place] = lines[place] | {key: lines[place][key].replace("e", "3", 1)}
    return changed


def test_the_strangers_script_imports_none_of_our_code() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert not imported & {"consent", "storage", "models", "web", "deploy", "app"}


def test_the_stranger_agrees_with_verify(
    town: Town, evidence_lines: list[dict[str, Any]], results: Results
) -> None:
    assert town.platform.auditor.verify(lambda step, done, of: None) == []
    honest = results.honest
    assert honest["agrees"], honest["wrong"]
    assert honest["records"] == town.platform.store.totals()["records"]
    assert honest["journal_rows"] == sum(1 for line in evidence_lines if line["kind"] == "journal")


def test_both_find_a_byte_that_was_changed_and_the_stranger_every_altered_line(
    results: Results,
) -> None:
    assert results.findings == 1
    wrong = results.altered["wrong"]
    blocks = [what for what in wrong if what.startswith("block of")]
    assert blocks == [f"block of record {results.record_id} is missing or altered"]
    for _, _, says in ALTERED:
        assert any(what.startswith(says) for what in wrong), says
