"""Makes the evidence bundle as a file on this machine, and says what it holds."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

from services.auditor.verification import evidence
from services.errors import NotFound
from services.jobs.queue import DONE, OVER, Job
from services.platform import Platform

KIND: Final = "evidence"
FOLDER: Final = "evidence"
KEEPS: Final = 3
"""So many bundles stay; older ones leave when a new one is there."""
_TELL_EVERY: Final = 1_000


def bundle_path(home: Path, name: str) -> Path:
    """Return where the bundle of a job lies; `name` is the job's id, 32 hex digits."""
    return home / FOLDER / f"{name}.ndjson"


def begin_bundle(platform: Platform, party: str) -> Job:
    """Have a worker make a bundle; one that is being made already is returned in its place."""
    alive = [job for job in platform.jobs.all() if job.kind == KIND and job.state not in OVER]
    return alive[0] if alive else platform.jobs.add(KIND, {}, party)


def is_ready(platform: Platform, job: Job) -> bool:
    """Tell whether a job's bundle can be handed out."""
    return job.state == DONE and bundle_path(platform.home, job.id).is_file()


def ready_bundle(platform: Platform, name: str) -> Path:
    """Return where the bundle of a job lies.

    Raises:
        NotFound: there is no such job, it makes no bundle, or its bundle is not there (any more).
    """
    job = platform.jobs.find(name)
    if job is None or job.kind != KIND or not is_ready(platform, job):
        raise NotFound
    return bundle_path(platform.home, job.id)


def make_bundle(
    platform: Platform, name: str, progress: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """Write the bundle, and return how many lines and bytes of each kind it holds."""
    path = bundle_path(platform.home, name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lines, sizes, hashed, done = Counter[str](), Counter[str](), hashlib.sha256(), 0
    half = path.with_suffix(".half")
    with open(half, "wb", opener=_private) as file:  # noqa: PTH123 - a path takes no opener
        for line in evidence(platform):
            body = orjson.dumps(line) + b"\n"
            file.write(body)
            hashed.update(body)
            lines[line["kind"]] += 1
            sizes[line["kind"]] += len(body)
            done += 1
            if not done % _TELL_EVERY:
                progress("bundle", done, 0)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    kept = sorted(path.parent.glob("*.ndjson"), key=lambda one: one.stat().st_mtime)
    for old in kept[:-KEEPS]:
        old.unlink(missing_ok=True)
    parts = [{"kind": kind, "lines": lines[kind], "bytes": sizes[kind]} for kind in lines]
    return {"bytes": sum(sizes.values()), "sha256": hashed.hexdigest(), "parts": parts}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
