"""Writes files that only their owner can read, completely or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


def make_private_folder(folder: Path) -> Path:
    """Make `folder` and its parents; only its owner may enter it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_private(path: Path, content: str) -> None:
    """Replace `path` with `content` in one step, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_private_json(path: Path, content: Mapping[str, object]) -> None:
    """Write `content` as JSON, as `write_private` does."""
    write_private(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def find_json(path: Path) -> dict[str, object] | None:
    """Return the JSON object in `path`, or None if the file is missing or holds something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
