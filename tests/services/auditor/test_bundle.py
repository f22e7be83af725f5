from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.auditor.bundle import (
    MAX_BUNDLES,
    Bundle,
    BundlePart,
    bundle_path,
    delete_bundles,
    write_bundle,
)
from services.jobs.queue import JobCancelled

LINES = [{"kind": "use", "n": 1}, {"kind": "batch", "n": 2}, {"kind": "use", "n": 3}]


def job(job_id: str, result: dict | None) -> SimpleNamespace:
    return SimpleNamespace(id=job_id, result=result, requested_at_s=9)


def test_a_bundle_states_its_hash_and_the_lines_and_bytes_of_each_kind(tmp_path: Path) -> None:
    result = write_bundle(tmp_path, "one", iter(LINES), lambda *_: None)
    body = bundle_path(tmp_path, "one").read_bytes()
    assert result["sha256"] == hashlib.sha256(body).hexdigest()
    bundle = Bundle.of(tmp_path, job("one", result))  # type: ignore[arg-type]
    assert bundle is not None
    assert (bundle.bytes, bundle.made_at_s) == (len(body), 9)
    assert bundle.parts == [
        BundlePart("use", 2, 2 * len(b'{"kind":"use","n":1}\n')),
        BundlePart("batch", 1, len(b'{"kind":"batch","n":2}\n')),
    ]


def test_a_bundle_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    write_bundle(folder, "one", iter(LINES), lambda *_: None)
    assert stat.S_IMODE(bundle_path(folder, "one").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_only_the_newest_bundles_are_kept(tmp_path: Path) -> None:
    for number in range(MAX_BUNDLES + 2):
        write_bundle(tmp_path, str(number), iter(LINES), lambda *_: None)
        os.utime(bundle_path(tmp_path, str(number)), (number, number))
    names = sorted(path.stem for path in tmp_path.glob("*.ndjson"))
    assert names == ["2", "3", "4"]
    assert Bundle.of(tmp_path, job("0", {"parts": []})) is None  # type: ignore[arg-type]


def test_a_bundle_that_is_cancelled_leaves_no_complete_file(tmp_path: Path) -> None:
    def cancel(*_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_bundle(tmp_path, "one", iter(LINES * 1_000), cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_is_written_while_a_patient_is_erased_is_not_kept(tmp_path: Path) -> None:
    write_bundle(tmp_path, "earlier", iter(LINES), lambda *_: None)

    def lines() -> Iterator[dict[str, object]]:
        yield {"kind": "opening", "terms": "of the patient who is erased"}
        delete_bundles(tmp_path)
        yield from LINES

    with pytest.raises(JobCancelled):
        write_bundle(tmp_path, "one", lines(), lambda *_: None)
    assert list(tmp_path.iterdir()) == []
    write_bundle(tmp_path, "one", iter(LINES), lambda *_: None)
    assert bundle_path(tmp_path, "one").is_file()
