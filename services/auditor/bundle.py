"""Writes the evidence bundle as a file on this machine."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from services.jobs.progress import Progress
from services.jobs.queue import Job, JobCancelled

MAX_BUNDLES: Final = 3
"""The newest bundles are kept; an older one is deleted when a new one is complete."""
_REPORT_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class BundlePart:
    """One kind of line in a bundle."""

    kind: str
    lines: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that can be downloaded; `made_at_s` is when it was requested (UTC seconds)."""

    job_id: str
    made_at_s: int
    bytes: int
    sha256: str
    parts: list[BundlePart]

    @classmethod
    def of(cls, folder: Path, job: Job) -> Bundle | None:
        """Return the bundle of a job that is done; None if its file was deleted."""
        if job.result is None or not bundle_path(folder, job.id).is_file():
            return None
        parts = [BundlePart(**part) for part in job.result["parts"]]
        size, sha256 = job.result["bytes"], job.result["sha256"]
        return cls(job.id, job.requested_at_s, size, sha256, parts)


def bundle_path(folder: Path, job_id: str) -> Path:
    """Return the path of a job's bundle; a job's id is 32 hexadecimal digits."""
    return folder / f"{job_id}.ndjson"


def write_bundle(
    folder: Path,
    job_id: str,
    evidence: Iterable[dict[str, Any]],
    progress: Progress,
) -> dict[str, Any]:
    """Write the bundle; return its size, hash, and the lines and bytes of each kind.

    Raises:
        JobCancelled (services.jobs): a patient was erased meanwhile; no file is left.
    """
    path = bundle_path(folder, job_id)
    folder.mkdir(mode=0o700, exist_ok=True)
    partial = path.with_suffix(".half")
    try:
        result = _write_lines(partial, evidence, progress)
        partial.replace(path)
    except FileNotFoundError as exc:  # `delete_bundles` took it away
        raise JobCancelled from exc
    finally:
        partial.unlink(missing_ok=True)
    bundles = sorted(folder.glob("*.ndjson"), key=lambda bundle: bundle.stat().st_mtime)
    for bundle in bundles[:-MAX_BUNDLES]:
        bundle.unlink(missing_ok=True)
    return result


def _write_lines(
    path: Path, evidence: Iterable[dict[str, Any]], progress: Progress
) -> dict[str, Any]:
    lines, sizes, sha256, done = Counter[str](), Counter[str](), hashlib.sha256(), 0
    with open(path, "wb", opener=_private) as file:  # noqa: PTH123 - a path takes no opener
        for line in evidence:
            body = orjson.dumps(line) + b"\n"
            file.write(body)
            sha256.update(body)
            lines[line["kind"]] += 1
            sizes[line["kind"]] += len(body)
            done += 1
            if not done % _REPORT_EVERY:
                progress("bundle", done, 0)
        file.flush()
        os.fsync(file.fileno())
    parts = [{"kind": kind, "lines": lines[kind], "bytes": sizes[kind]} for kind in lines]
    return {"bytes": sum(sizes.values()), "sha256": sha256.hexdigest(), "parts": parts}


def delete_bundles(folder: Path) -> None:
    """Delete every bundle, and what was written of one that is being made.

    Each contains every patient's terms, and can be written again.
    """
    for pattern in ("*.ndjson", "*.half"):
        for bundle in folder.glob(pattern):
            bundle.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
