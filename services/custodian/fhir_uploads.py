"""Checks and stores an uploaded FHIR file, and keeps what became of each of its entries."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from records.outcomes import EntryOutcome, Outcome
from services.custodian.fhir_files import FhirFile
from services.custodian.intake import FhirIntake, IntakeReport
from services.custodian.upload_store import Upload
from services.jobs.progress import Progress

NDJSON: Final = "application/fhir+ndjson"
ENTRIES: Final = "entries"
MAX_LISTED: Final = 1_000
_ORDINARY: Final = (Outcome.STORED, Outcome.SAME)


def check_fhir(
    intake: FhirIntake, upload: Upload, body: bytes, progress: Progress
) -> dict[str, Any]:
    """Return the report of a file's check; nothing of it is stored."""
    report = intake.check([_file(upload, body)], upload.sent.mapping, progress)
    return _counts(report)


def store_fhir(
    intake: FhirIntake, upload: Upload, body: bytes, progress: Progress
) -> dict[str, Any]:
    """Store a file's resources, and return the report of what became of each entry."""
    report = intake.store([_file(upload, body)], upload.sent.mapping, progress)
    counts = report.counts()
    changed = sum(counts[name] for name in ("stored", "corrected", "deleted"))
    return {
        **_counts(report),
        "records": _good(counts),
        "new": changed,
        **report.effects(),
    }


def read_outcomes(upload: Upload) -> list[EntryOutcome]:
    """Return what became of each entry of a checked or stored FHIR file, in its order."""
    packed = upload.report.get(ENTRIES)
    if not packed:
        return []
    lines = zlib.decompress(base64.b64decode(packed)).split(b"\n")
    return [EntryOutcome.from_stored(orjson.loads(line)) for line in lines if line]


def remarkable(outcomes: Iterable[EntryOutcome]) -> Iterator[EntryOutcome]:
    """Yield the outcomes that a person should read: not stored, or stored without a value."""
    return (each for each in outcomes if each.code or each.outcome not in _ORDINARY)


def to_ndjson(outcomes: Iterable[EntryOutcome]) -> bytes:
    """Return outcomes as FHIR OperationOutcome resources, one a line."""
    return b"".join(orjson.dumps(each.to_issue()) + b"\n" for each in outcomes)


def _good(counts: Mapping[str, int]) -> int:
    """Return how many entries have something to store, and are not refused."""
    return sum(counts.values()) - counts["refused"] - counts["response-only"]


def _file(upload: Upload, body: bytes) -> FhirFile:
    return FhirFile(upload.sent.name, lambda: io.BytesIO(body))


def _counts(report: IntakeReport) -> dict[str, Any]:
    outcomes = list(report.outcomes)
    counts = report.counts()
    total = sum(counts.values())
    text = b"\n".join(orjson.dumps(each.to_stored()) for each in outcomes)
    return {
        "rows": total,
        "good": _good(counts),
        "wrong": counts["refused"],
        "outcomes": counts,
        "rules": report.rules,
        ENTRIES: base64.b64encode(zlib.compress(text)).decode(),
    }
