"""Proves two claims of the demo: a stranger trains the same model; a changed byte is found."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from deploy.demo.people import MAPPING, ROOT, TABLE, People
from models import Model

if TYPE_CHECKING:
    from services.wiring import Services


class DemoFailed(Exception):
    """A step of the demo did not show what it promises; the message says which promise."""


def require(holds: bool, message: str) -> None:
    """Return if a promise holds.

    Raises:
        DemoFailed: it does not.
    """
    if not holds:
        raise DemoFailed(message)


def train_as_stranger(
    services: Services, people: People, model: Model, leaving: list[str], folder: Path
) -> str:
    """Return the hash of the model that another process trains from the remaining people alone."""
    table = folder / "remaining.csv"
    _write_without(table, set(leaving), set(people.labels()))
    manifest = services.diagnostics.manifest(model.id)
    request = {
        "table": str(table),
        "mapping": str(MAPPING),
        "question": model.question_text,
        "study": model.study,
        "budget": services.diagnostics.card(model.id).content["provenance"]["budget"],
        "manifest": manifest.to_json().decode(),
        "names": _names(services, people, {line.record for line in manifest.lines}),
    }
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "deploy.demo.stranger"],
        input=orjson.dumps(request),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    require(not done.returncode, done.stderr.decode()[-500:])
    return done.stdout.decode().strip()


def _names(services: Services, people: People, used: set[str]) -> dict[str, tuple[str, int]]:
    """Return the person and the document index of each record of a manifest."""
    pseudonym = services.store.pseudonyms("manifest record")
    records, sources = people.records(services.installation.organisation)
    ids = services.store.deposits.deposit(records, sources).record_ids
    documents = [(row.person, i) for row in people.rows for i in range(len(row.documents))]
    names = [pseudonym(bytes.fromhex(record_id)).hex() for record_id in ids]
    return {name: each for name, each in zip(names, documents, strict=True) if name in used}


def _write_without(target: Path, leaving: set[str], present: set[str]) -> None:
    """Copy the demo's table without the rows of the people who left."""
    head, *rows = TABLE.read_text(encoding="utf-8").splitlines(keepends=True)
    staying = present - leaving
    remaining = [row for row in rows if row.split(",", 1)[0] in staying]
    target.write_text("".join([head, *remaining]), encoding="utf-8")


def flip_byte(path: Path) -> None:
    """Change one byte of a file, at a random position."""
    content = bytearray(path.read_bytes())
    content[secrets.randbelow(len(content))] ^= 1 + secrets.randbelow(255)
    path.chmod(0o600)
    path.write_bytes(content)
