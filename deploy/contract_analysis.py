"""Runs slither on the contract; fails on findings that accepted-findings.toml does not list."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consent.contract.build import install_packages

CONTRACT = Path(__file__).resolve().parent.parent / "consent" / "contract"
ACCEPTED = CONTRACT / "accepted-findings.toml"
Finding = tuple[str, str]


def main(slither: str) -> int:
    """Compile the sources, analyse them, and report what is new or no longer found."""
    programs = CONTRACT / "node_modules" / ".bin"
    if code := install_packages():
        return code
    # slither asks forge for its configuration, so forge must be on PATH.
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        # Apart from what the tests compile, which slither would analyse too.
        "FOUNDRY_OUT": "out/analysis",
        "FOUNDRY_CACHE_PATH": "cache/analysis",
        "FOUNDRY_OPTIMIZER": "false",  # the sources are analysed, not their code
    }
    # slither reads every build there, also that of an earlier version of the sources.
    for folder in ("out", "cache"):
        shutil.rmtree(CONTRACT / folder / "analysis", ignore_errors=True)
    _run([str(programs / "forge"), "build", "--build-info", "--skip", "*/test/**"], environment)
    report = CONTRACT / "out" / "analysis" / "slither.json"
    arguments = ["--foundry-ignore-compile", "--foundry-out-directory", "out/analysis"]
    arguments += ["--filter-paths", "node_modules|test"]
    # Its exit code counts the findings, which are compared below.
    _run([slither, ".", *arguments, "--json", str(report)], environment, may_fail=True)
    if not report.is_file():
        sys.exit("slither wrote no report; see its output above")
    return _compare(_findings(json.loads(report.read_text("utf-8"))), _accepted())


def _run(command: list[str], environment: Mapping[str, str], *, may_fail: bool = False) -> None:
    done = subprocess.run(  # noqa: S603 - pinned tools on our own sources
        command, cwd=CONTRACT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode and not may_fail:
        sys.exit(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def _findings(report: dict[str, Any]) -> Counter[Finding]:
    if not report["success"]:
        sys.exit(f"slither failed: {report['error']}")
    return Counter(
        (each["check"], _where(each["elements"][0]))
        for each in report["results"].get("detectors", [])
    )


def _where(element: dict[str, Any]) -> str:
    """Return Contract.member, the smallest named part that holds the finding."""
    while element["type"] == "node":
        element = element["type_specific_fields"]["parent"]
    parent = element["type_specific_fields"].get("parent")
    return f"{parent['name']}.{element['name']}" if parent else element["name"]


def _accepted() -> Counter[Finding]:
    entries = tomllib.loads(ACCEPTED.read_text("utf-8"))["finding"]
    return Counter((each["check"], each["where"]) for each in entries if each["reason"])


def _compare(findings: Counter[Finding], accepted: Counter[Finding]) -> int:
    for check, where in (findings - accepted).elements():
        sys.stderr.write(
            f"new finding: {check} in {where}. Correct it, or add it with a reason to "
            f"{ACCEPTED.name}\n"
        )
    for check, where in (accepted - findings).elements():
        sys.stderr.write(
            f"accepted finding not found: {check} in {where}. Remove it from {ACCEPTED.name}\n"
        )
    if findings == accepted:
        sys.stdout.write(f"slither: {findings.total()} findings, all accepted with a reason\n")
    return int(findings != accepted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
