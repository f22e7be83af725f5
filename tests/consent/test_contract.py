"""The shipped ledger is what its sources compile to, and keeps docs/spec/ledger.md."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from consent.contract.build import install_packages

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "consent" / "contract"
VECTORS = ROOT / "tests" / "vectors" / "typed_data"
SOURCES = sorted(CONTRACT.glob("*.sol"))
TESTS = sorted((CONTRACT / "test").glob("*.sol"))
# OpenZeppelin's EIP712 keeps names of up to 31 bytes; ours is fixed and shorter.
UNREACHABLE = {"InvalidShortString", "StringTooLong"}

# On CI a missing program is a failure, not a skip: .ci/run installs it.
pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and not (shutil.which("npm") and shutil.which("node")),
    reason="npm and node are not installed",
)


def run(*command: str, **env: str) -> str:
    done = subprocess.run(
        command, cwd=CONTRACT, env=os.environ | env, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _packages():
    assert install_packages() == 0


@pytest.fixture(scope="module")
def ledger() -> dict:
    return json.loads((CONTRACT.parent / "ledger.json").read_text())


def test_ledger_json_is_what_the_sources_compile_to(tmp_path):
    run("node", "build.mjs", str(tmp_path / "ledger.json"))
    assert (tmp_path / "ledger.json").read_bytes() == (
        CONTRACT.parent / "ledger.json"
    ).read_bytes(), "run `node build.mjs` in consent/contract"


def test_the_vectors_are_what_their_script_makes(tmp_path):
    run("node", "vectors.mjs", str(tmp_path))
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in VECTORS.glob("*.json")}


def test_the_contract_keeps_its_rules():
    report = run(str(CONTRACT / "node_modules" / ".bin" / "forge"), "test", FOUNDRY_PROFILE="ci")
    # The npm wrapper of forge 1.7.1 exits with 0 even when tests fail, so the report decides.
    assert re.search(r"1\d\d tests passed, 0 failed, 0 skipped", report), report[-3000:]


def test_every_error_of_the_abi_is_met_by_a_test(ledger):
    errors = {entry["name"] for entry in ledger["abi"] if entry["type"] == "error"}
    met = set(re.findall(r"\b\w+\.(\w+)\.selector", "".join(p.read_text() for p in TESTS)))
    assert errors - met == UNREACHABLE


def test_every_function_of_the_abi_is_called_by_a_test(ledger):
    functions = {entry["name"] for entry in ledger["abi"] if entry["type"] == "function"}
    called = set(re.findall(r"\b\w+\.(\w+)[({]", "".join(p.read_text() for p in TESTS)))
    assert functions - called == {"getRoleAdmin", "supportsInterface"}  # OpenZeppelin's, unused


def test_the_runtime_leaves_room_for_its_immutables(ledger):
    runtime = bytes.fromhex(ledger["runtime"].removeprefix("0x"))
    assert len(runtime) < 24_576  # EIP-170
    assert ledger["immutableReferences"]
    for place in ledger["immutableReferences"]:
        start, length = place["start"], place["length"]
        assert runtime[start : start + length] == bytes(length)
    assert not ledger["verifier"]["immutableReferences"]


def test_the_contract_has_no_way_to_be_changed(ledger):
    names = {entry["name"] for entry in ledger["abi"] if entry["type"] == "function"}
    assert not {name for name in names if re.match(r"set|upgrade|initialize|migrate", name)}
    assembly = "".join(p.read_text() for p in SOURCES)
    assert not re.search(r"delegatecall|selfdestruct|tx\.origin|callcode", assembly)


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=lambda path: path.name)
def test_sources_are_short_ascii_and_licensed(path):
    text = path.read_text(encoding="ascii")
    assert text.startswith("// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n")
    assert len(text.splitlines()) <= 300
