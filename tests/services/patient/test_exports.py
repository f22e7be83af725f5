"""An export and an erasure at the same time leave no file of the patient."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.jobs.queue import CANCELLED, JobCancelled, JobQueue
from services.patient.exports import KIND, PatientExports
from services.tables import METADATA

SUBJECT = b"s" * 32


class Exports(PatientExports):
    """Exports of a document without content."""

    def document(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {"records": []}


@pytest.fixture
def jobs(tmp_path: Path) -> JobQueue:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/test.db")
    METADATA.create_all(engine)
    return JobQueue(engine, lambda: 1_800_000_000)


def make_exports(jobs: JobQueue, folder: Path, erased: list[bytes]) -> Exports:
    ports: dict[str, Any] = dict.fromkeys(
        ("passkeys", "records", "consents", "requests", "history", "messages", "unseal")
    )
    accounts: Any = SimpleNamespace(of_subject=lambda _: SimpleNamespace(id="anna"))
    return Exports(
        **ports,
        jobs=jobs,
        accounts=accounts,
        folder=folder,
        seal=lambda _, text, __: text.encode(),
        clock=lambda: 0,
        is_erased=lambda subject: subject in erased,
    )


def test_an_export_that_ends_after_the_erasure_leaves_no_file(
    jobs: JobQueue, tmp_path: Path
) -> None:
    erased: list[bytes] = []
    exports = make_exports(jobs, tmp_path / "exports", erased)
    job = jobs.enqueue(KIND, {"subject": SUBJECT.hex(), "language": "en"}, "anna")
    exports.run(job, lambda *_: None)
    assert len(list((tmp_path / "exports").iterdir())) == 1
    erased.append(SUBJECT)
    with pytest.raises(JobCancelled):
        exports.run(job, lambda *_: None)
    assert list((tmp_path / "exports").iterdir()) == []


def test_an_export_that_is_cancelled_while_it_is_written_leaves_no_file(
    jobs: JobQueue, tmp_path: Path
) -> None:
    """A record that was moved to another patient is in it: the move cancels it."""
    exports = make_exports(jobs, tmp_path / "exports", [])
    job = jobs.enqueue(KIND, {"subject": SUBJECT.hex(), "language": "en"}, "anna")
    claimed = jobs.claim(job.id)
    assert claimed is not None

    def seal(_: str, text: str, __: bytes) -> bytes:
        exports.erase_subject(SUBJECT)
        return text.encode()

    exports._seal = seal
    with pytest.raises(JobCancelled):
        exports.run(claimed, lambda *_: None)
    assert list((tmp_path / "exports").iterdir()) == []


def test_an_erasure_cancels_exports_and_deletes_their_files(jobs: JobQueue, tmp_path: Path) -> None:
    exports = make_exports(jobs, tmp_path, [])
    job = jobs.enqueue(KIND, {"subject": SUBJECT.hex(), "language": "en"}, "anna")
    for suffix in ("sealed", "half"):
        (tmp_path / f"{job.id}.{suffix}").write_bytes(b"x")
    exports.erase_subject(SUBJECT)
    assert jobs.get(job.id).state == CANCELLED
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(job.id)]
