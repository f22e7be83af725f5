"""Runs benchmarks, each in a process of its own, and writes their part of docs/benchmarks.md."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
NAMES = (
    "deposit",
    "grants",
    "passkeys",
    "decisions",
    "gather",
    "prediction",
    "pages",
    "copies",
    "fhir",
    "external_memory",
    "coverage",
)
DESCRIPTIONS = {
    "deposit": "records deposited a second, against Kubo's own CAR import of the same bytes; "
    "at least 50 %",
    "grants": "signed grants a second to confirmed and mirrored, at least 1,500; "
    "gas a grant in batches of 100, at most 40,000",
    "passkeys": "gas of a grant that a passkey signed, beside an account's; at most 60,000 in "
    "batches of 100; passkey grants a second, at least 500",
    "decisions": "a million decisions in one pass, digest checked; at most 1 s",
    "gather": "a cohort gathered, extracted and made a matrix, against the same from plaintext "
    "NDJSON by the same code; goal 1.5 times",
    "pages": "a page with 20 people clicking on 5,014 patients' platform, p95 at most 150 ms; from "
    "touch to active at most 2 s; from withdrawal to refusal at most 1 s",
    "copies": "the anonymised copy of the example: at least 8 columns, 11 rows in every class, and "
    "AUROC of a logistic regression on held-out people within 0.04 of that on the full data",
    "fhir": "fhir resources stored a second, as a bundle for each person and as files of one kind "
    "each, at least 5,000 on idle cores; sealed bytes at most 0.25 of the source",
    "external_memory": "a million rows of 60 features fitted in batches, against at once; at most "
    "2 GiB of memory and 1.5 times the time",
    "coverage": "share of groups of new patients whose observed share with the outcome lies in the "
    "interval of their estimates, beyond chance; within 2 points of 0.95",
    "prediction": "one prediction with consent check and journal, alone, and at 50 requests a "
    "second in one process and to the web processes of an installation; p50 at most 20 ms, p99 at "
    "most 100 ms, 10 ms of processor",
}


def machine() -> str:
    """Say in a line what the figures were taken on."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((ln.split(":")[1].strip() for ln in text.splitlines() if "model name" in ln), "?")
    system = f"{platform.system()} {platform.release()}"
    return f"{model}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}"


def run(name: str) -> dict[str, Any]:
    """Return the figures that one benchmark printed as JSON on its last line."""
    sys.stderr.write(f"bench: {name} …\n")
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", f"bench.{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit(f"bench: {name} failed")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def draw(figures: dict[str, dict[str, Any]]) -> str:
    """Return the page: a table of figures for each benchmark."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = ["# Benchmarks", "", f"Taken on {today} by `make bench` on: {machine()}.", ""]
    lines += ["Each figure is compared with a rival or a limit of the same run.", ""]
    for name, values in figures.items():
        lines += [
            f"## {name}",
            "",
            f"{DESCRIPTIONS[name].capitalize()}: `python -m bench.{name}`.",
            "",
        ]
        lines += ["| figure | value |", "|---|---|"]
        lines += [
            f"| {key.replace('_', ' ')} | {_format(value)} |" for key, value in values.items()
        ]
        lines.append("")
    return "\n".join(lines)


def find_other_sections(page: str) -> list[str]:
    """Return the sections of the page that `make bench` does not measure, as they are."""
    sections = page.split("\n## ")[1:]
    return [f"## {text.rstrip()}\n" for text in sections if text.split("\n", 1)[0] not in NAMES]


def _format(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def main() -> None:
    """Run what is named on the command line, or all of NAMES, and write the page after all."""
    names = tuple(sys.argv[1:]) or NAMES
    figures = {name: run(name) for name in names}
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    if names == NAMES:
        others = find_other_sections(PAGE.read_text(encoding="utf-8"))
        PAGE.write_text("\n".join([draw(figures), *others]), encoding="utf-8")


if __name__ == "__main__":
    main()
