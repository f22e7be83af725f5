"""What the demo must be able to show: a stranger's model, and a byte that was changed."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import orjson

from deploy.demo.people import MAPPING, ROOT, TABLE, People
from models import Model
from services.platform import Platform


class DemoFailed(Exception):
    """A step of the demo did not show what it promises."""


def require(holds: bool, otherwise: str) -> None:
    """Check what a step promises.

    Raises:
        DemoFailed: it does not hold.
    """
    if not holds:
        raise DemoFailed(otherwise)


def trained_by_a_stranger(
    platform: Platform, people: People, model: Model, leaving: list[str], folder: Path
) -> str:
    """Return the hash of the model that a process trains which has only who remains."""
    table = folder / "remaining.csv"
    _write_without(table, set(leaving), set(people.labels()))
    manifest = platform.diagnostics.manifest(model.id)
    told = {
        "table": str(table),
        "mapping": str(MAPPING),
        "question": model.question_text,
        "manifest": manifest.to_json().decode(),
        "names": _names(platform, people, {line.record for line in manifest.lines}),
    }
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "deploy.demo.stranger"],
        input=orjson.dumps(told),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    require(not done.returncode, done.stderr.decode()[-500:])
    return done.stdout.decode().strip()


def _names(platform: Platform, people: People, used: set[str]) -> dict[str, tuple[str, int]]:
    """Return whose and which document each record of a manifest is."""
    named = platform.store.pseudonyms("manifest record")
    records, sources = people.records(platform.organisation)
    ids = platform.store.deposits.deposit(records, sources).record_ids
    whose = [(row.person, place) for row in people.rows for place in range(len(row.documents))]
    found = {named(bytes.fromhex(one)).hex(): who for one, who in zip(ids, whose, strict=True)}
    return {name: who for name, who in found.items() if name in used}


def _write_without(to: Path, leaving: set[str], present: set[str]) -> None:
    """Copy the demo's table without the rows of the people who left."""
    head, *rows = TABLE.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [row for row in rows if (who := row.split(",", 1)[0]) in present and who not in leaving]
    to.write_text("".join([head, *kept]), encoding="utf-8")


def flip_byte(path: Path) -> None:
    """Change one byte of a file, at a place that nobody knows before."""
    content = bytearray(path.read_bytes())
    content[secrets.randbelow(len(content))] ^= 1 + secrets.randbelow(255)
    path.chmod(0o600)
    path.write_bytes(content)
