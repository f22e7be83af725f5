"""Takes in a custodian's file: what kind it is, what is good in it, and then the good rows."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from models import ModelsError
from records import (
    CellFault,
    DeclarationInvalid,
    Mapping,
    ParsedRow,
    RecordsError,
    check_table,
    read_table,
    to_records,
)
from records.fhir import read_bundle
from services.custodian.uploads import (
    CHECKED,
    CHECKING,
    DROPPED,
    LEAVE,
    MOST_BYTES,
    STORED,
    STORING,
    UNUSABLE,
    Sent,
    Upload,
    Uploads,
)
from services.errors import Invalid, NotFound
from services.jobs.queue import CANCELLED, FAILED
from services.platform import Platform

Progress = Callable[[str, int, int], None]
FHIR: Final = "fhir"
TABLE: Final = "table"
EXAMPLES: Final = Path(__file__).resolve().parents[2] / "deploy" / "examples"
_PARQUET: Final = b"PAR1"
_HEAD_BYTES: Final = 65_536
_STORE_AT_ONCE: Final = 5_000


class NotThisFile(Invalid):
    """A file that is not taken; `word` names the text that says why, `values` fill it in (422)."""

    def __init__(self, word: str, values: dict[str, int]) -> None:
        """Keep which text says why."""
        super().__init__(word)
        self.word = word
        self.values = values


def uploads(platform: Platform) -> Uploads:
    """Return the files that wait on this platform."""
    return Uploads(platform.engine, platform.store, platform.clock)


def mappings(platform: Platform) -> dict[str, Path]:
    """Return the mappings that are installed here, by name, and those that come with us."""
    ours = {path.parent.name: path for path in sorted(EXAMPLES.glob("*/mapping.toml"))}
    own = sorted((platform.home / "mappings").glob("*.toml"))
    return {path.stem: path for path in own} | {f"example {n}": p for n, p in ours.items()}


def mapping_text(platform: Platform, name: str) -> str:
    """Return the TOML text of a mapping that is installed here.

    Raises:
        NotThisFile: there is none of this name.
    """
    path = mappings(platform).get(name)
    if path is None:
        raise NotThisFile("deposit-mapping-choose", {})
    return path.read_text(encoding="utf-8")


def kind_of(body: bytes) -> str:
    """Return which kind of file this is.

    Raises:
        NotThisFile: too large, empty, neither kind, or not UTF-8; which, and the limit.
    """
    if not body or len(body) > MOST_BYTES:
        raise NotThisFile("deposit-wrong-size", {"size": len(body), "most": MOST_BYTES})
    if body.startswith(_PARQUET):
        return TABLE
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return FHIR
    if b"\0" in body[:_HEAD_BYTES] or body.startswith((b"PK\x03\x04", b"%PDF", b"\x1f\x8b")):
        raise NotThisFile("deposit-wrong-kind", {})
    return TABLE


def require_encoding(body: bytes, encoding: str) -> None:
    """Refuse a text that is not in its encoding.

    Raises:
        NotThisFile: the line that cannot be read.
    """
    if body.startswith(_PARQUET):
        return
    try:
        body.decode(encoding)
    except UnicodeDecodeError as exc:
        line = body.count(b"\n", 0, exc.start) + 1
        raise NotThisFile("deposit-wrong-encoding", {"line": line}) from exc
    except LookupError as exc:
        raise NotThisFile("deposit-mapping-error", {}) from exc


def take(platform: Platform, sent: Sent, body: bytes) -> Upload:
    """Keep a file and have a worker check it; the same file again gives how it was stored.

    Raises:
        NotThisFile: see `kind_of`, `require_encoding`; or the mapping makes no sense.
    """
    if sent.kind == TABLE:
        layout = _layout(sent)
        require_encoding(body, layout.encoding)
    else:
        require_encoding(body, "utf-8-sig")
    kept = uploads(platform)
    known = kept.find_stored(sent, body)
    if known is not None:
        return known
    upload = kept.add(sent, body)
    job = platform.jobs.enqueue("check-upload", {"upload": upload.id}, sent.party)
    kept.move(upload, CHECKING, CHECKING, job.id)
    return kept.require(upload.id)


def drop(platform: Platform, upload: Upload) -> None:
    """Forget a checked file; one that is being stored, or was, stays as it is."""
    if upload.state == CHECKED:
        uploads(platform).report(upload, {}, DROPPED)


def begin_store(platform: Platform, upload: Upload) -> Upload:
    """Have a worker store the good rows of a checked file; pressed twice, once is done.

    Raises:
        NotFound: it is not checked, or nothing of it may be stored.
    """
    if not may_store(upload) or upload.state in (DROPPED, UNUSABLE):
        raise NotFound
    kept = uploads(platform)
    if kept.move(upload, CHECKED, STORING) or is_stuck(platform, upload):
        job = platform.jobs.enqueue("store-upload", {"upload": upload.id}, upload.sent.party)
        kept.move(upload, STORING, STORING, job.id)
    return kept.require(upload.id)


def may_store(upload: Upload) -> bool:
    """Tell whether a file was checked, and whoever sent it wants its good rows stored."""
    wants = upload.sent.on_bad == LEAVE or not upload.report.get("wrong")
    return bool(upload.report.get("good")) and wants


def is_stuck(platform: Platform, upload: Upload) -> bool:
    """Tell whether a file is being worked on by nobody: its job failed, or was never there."""
    if upload.state not in (CHECKING, STORING):
        return False
    job = platform.jobs.find(upload.job) if upload.job else None
    return job is None or job.state in (FAILED, CANCELLED)


def check_upload(platform: Platform, identity: str, progress: Progress) -> dict[str, Any]:
    """Check a file that waits, and note what is in it: counts and bad rows, no cell."""
    kept = uploads(platform)
    upload = kept.require(identity)
    if upload.state != CHECKING:
        return {}
    progress("checking", 0, 1)
    try:
        report = _report(upload, kept.body(upload))
    except (ModelsError, RecordsError, NotThisFile) as exc:
        kept.report(upload, {"why": str(exc).partition(": ")[2] or str(exc)}, UNUSABLE)
        return {}
    kept.report(upload, report, CHECKED)
    progress("checking", 1, 1)
    return {"rows": report["rows"], "good": report["good"], "wrong": report["wrong"]}


def store_upload(platform: Platform, identity: str, progress: Progress) -> dict[str, Any]:
    """Store the good rows; killed anywhere, the next try ends with the same records, once each."""
    kept = uploads(platform)
    upload = kept.require(identity)
    if upload.state != STORING:
        return {}
    rows = _rows(upload, kept.body(upload))
    subjects = _subjects(platform, [row.person for row in rows])
    prefix = "fhir\0" if upload.sent.kind == FHIR else ""
    records, sources = to_records(rows, subjects, upload.sent.party, prefix)
    new = 0
    for start in range(0, len(records), _STORE_AT_ONCE):
        progress("storing", start, len(records))
        part = slice(start, start + _STORE_AT_ONCE)
        new += platform.store.deposits.deposit(records[part], sources[part]).new
    progress("storing", len(records), len(records))
    done = {"records": len(records), "new": new, "anchored_at_s": int(platform.clock())}
    kept.report(upload, done, STORED)
    return done


def _layout(sent: Sent) -> Mapping:
    try:
        layout = Mapping.parse(sent.mapping, "mapping")
    except DeclarationInvalid as exc:
        raise NotThisFile("deposit-mapping-error", {}) from exc
    if layout.custodian not in ("", sent.party):
        raise NotThisFile("deposit-mapping-custodian", {})
    return layout


def _report(upload: Upload, body: bytes) -> dict[str, Any]:
    if upload.sent.kind == FHIR:
        bundle = read_bundle(body)
        good = bundle.entries - bundle.wrong
        return _report_of(bundle.entries, good, bundle.wrong, bundle.faults)
    with _as_path(body) as path:
        found = check_table(path, _layout(upload.sent))
    return _report_of(found.rows, found.good, found.wrong, found.faults)


def _report_of(rows: int, good: int, wrong: int, faults: Sequence[CellFault]) -> dict[str, Any]:
    stored = [fault.to_stored() for fault in faults]
    return {"rows": rows, "good": good, "wrong": wrong, "bad": stored}


def _rows(upload: Upload, body: bytes) -> list[ParsedRow]:
    if upload.sent.kind == FHIR:
        return read_bundle(body).rows
    with _as_path(body) as path:
        return list(read_table(path, _layout(upload.sent), upload.sent.on_bad == LEAVE))


def _subjects(platform: Platform, people: Sequence[str]) -> dict[str, bytes]:
    """Return everybody's subject; whoever is new here gets one, and stands in the directory."""
    directory, found, new = platform.asking.directory, dict[str, bytes](), dict[str, bytes]()
    for person in dict.fromkeys(people):
        known = directory.find_subject(person)
        if known is None:
            new[person] = secrets.token_bytes(32)
        else:
            found[person] = known
    directory.add(new.items())
    return found | new


@contextmanager
def _as_path(body: bytes) -> Iterator[Path]:
    """Yield a path at which the file can be read, in memory alone: no disk holds a plaintext."""
    handle = os.memfd_create("upload")
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(body)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def require_own(platform: Platform, party: str, identity: str) -> Upload:
    """Return an upload of the party that deposits here.

    Raises:
        NotFound: there is none, or it is another's.
    """
    if party != platform.organisation:
        raise NotFound
    return uploads(platform).get(party, identity)
