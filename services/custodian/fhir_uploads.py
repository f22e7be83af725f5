"""Checks and stores an uploaded FHIR file, and keeps what became of each of its entries."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson

from records.outcomes import EntryOutcome, Outcome
from services.custodian.fhir_files import FhirFile
from services.custodian.intake import FhirIntake, IntakeReport
from services.custodian.upload_store import ENTRIES, Upload
from services.jobs.progress import Progress

NDJSON: Final = "application/fhir+ndjson"
REMARKABLE: Final = "remarkable"
MAX_LISTED: Final = 1_000
_BLOCK_BYTES: Final = 2**16
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


def read_outcomes(entries: str) -> Iterator[EntryOutcome]:
    """Yield what became of each entry of a checked or stored FHIR file, in its order.

    A small file can have millions of entries: they are never in memory all at once.

    `entries` are the ENTRIES of the file's report.
    """
    packed = base64.b64decode(entries)
    unpacking, rest = zlib.decompressobj(), b""
    while packed and not unpacking.eof:
        block = unpacking.decompress(packed, _BLOCK_BYTES)
        packed = unpacking.unconsumed_tail
        *lines, rest = (rest + block).split(b"\n")
        yield from map(_outcome, filter(None, lines))
    if rest:
        yield _outcome(rest)


def list_remarkable(upload: Upload) -> list[EntryOutcome]:
    """Return the first outcomes of a file that a person should read, at most `MAX_LISTED`."""
    stored = upload.report.get(REMARKABLE)
    if stored is None:  # it was checked by an earlier release
        return list(islice(remarkable(read_outcomes(upload.report.get(ENTRIES, ""))), MAX_LISTED))
    return [EntryOutcome.from_stored(each) for each in stored]


def remarkable(outcomes: Iterable[EntryOutcome]) -> Iterator[EntryOutcome]:
    """Yield the outcomes that a person should read: not stored, or stored without a value."""
    return (each for each in outcomes if each.code or each.outcome not in _ORDINARY)


def to_ndjson(outcomes: Iterable[EntryOutcome]) -> Iterator[bytes]:
    """Yield outcomes as FHIR OperationOutcome resources, one a line."""
    return (orjson.dumps(each.to_issue()) + b"\n" for each in outcomes)


def _good(counts: Mapping[str, int]) -> int:
    """Return how many entries have something to store, and are not refused."""
    return sum(counts.values()) - counts["refused"] - counts["response-only"]


def _file(upload: Upload, body: bytes) -> FhirFile:
    return FhirFile(upload.sent.name, lambda: io.BytesIO(body))


def _counts(report: IntakeReport) -> dict[str, Any]:
    counts = report.counts()
    listed = islice(remarkable(report.outcomes), MAX_LISTED)
    return {
        "rows": sum(counts.values()),
        "good": _good(counts),
        "wrong": counts["refused"],
        "outcomes": counts,
        "rules": report.rules,
        REMARKABLE: [each.to_stored() for each in listed],
        ENTRIES: base64.b64encode(_packed(report.outcomes)).decode(),
    }


def _packed(outcomes: Iterable[EntryOutcome]) -> bytes:
    """Return outcomes compressed; one by one, since orjson reserves at least 1 KiB a call."""
    packing, packed = zlib.compressobj(), bytearray()
    for each in outcomes:
        packed += packing.compress(orjson.dumps(each.to_stored()) + b"\n")
    return bytes(packed + packing.flush())


def _outcome(line: bytes) -> EntryOutcome:
    return EntryOutcome.from_stored(orjson.loads(line))
