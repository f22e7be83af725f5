"""Check that stored records and the journal are what was deposited, written and anchored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from consent import REASONS, Anchor, Finding, PastPermits, PastUse
from storage import merkle
from storage.block_store import BlockReader
from storage.car import text_cid
from storage.catalogue import ANCHORED, Catalogue
from storage.components import Progress, no_progress
from storage.deposit import description
from storage.entry import Batch, Entry
from storage.envelope import unpack
from storage.errors import JournalBroken, NameMismatch, SealBroken, StorageNotFound
from storage.findings import StoreFinding
from storage.journal import LOST, START, Journal, JournalRow, possible_starts, row_hash
from storage.keys import Keys, SecretKey, unwrap_record_key
from storage.seal import key_commitment

PERMITTED: Final = REASONS[0]
_LOST_HASH = b""
_PROGRESS_ROWS = 5_000


def check_records(
    catalogue: Catalogue,
    keys: Keys,
    blocks: BlockReader,
    anchored: set[bytes],
    progress: Progress = no_progress,
) -> list[Finding]:
    """Return what is wrong with catalogue, keys and blocks; an empty list means no problems.

    No record is opened: a key is checked against the commitment in the envelope's header.

    Args:
        catalogue: lists the batches and records to check.
        keys: opens the wrapped keys.
        blocks: where the envelopes are read from.
        anchored: the roots of record batches on the ledger.
        progress: is called with the number of batches checked.
    """
    findings: list[Finding] = []
    batches = catalogue.batches()
    for index, batch in enumerate(batches):
        progress("blocks", index, len(batches))
        entries = catalogue.entries(batch.id)
        findings += _check_catalogue(batch, entries, keys, anchored)
        live = [entry for entry in entries if entry.wrapped is not None]
        envelopes = _read(blocks, live)
        patients = keys.patient_keys(entry.subject for entry in live)
        for entry in live:
            findings += _check_entry(entry, envelopes.get(entry.cid), patients.get(entry.subject))
    progress("blocks", len(batches), len(batches))
    return findings


def _check_catalogue(
    batch: Batch, entries: Sequence[Entry], keys: Keys, anchored: set[bytes]
) -> list[Finding]:
    if batch.state != ANCHORED:
        return [Finding(part="catalogue", code=StoreFinding.BATCH_UNFINISHED, where=batch.name)]
    if batch.root not in anchored:
        return [Finding(part="catalogue", code=StoreFinding.BATCH_NOT_ANCHORED, where=batch.name)]
    if merkle.root([entry.leaf() for entry in entries]) != batch.root:
        return [Finding(part="catalogue", code=StoreFinding.ENTRIES_DIFFER, where=batch.name)]
    commit = keys.pseudonyms("catalogue")
    return [
        Finding(part="catalogue", code=StoreFinding.DESCRIPTION_DIFFERS, where=_named(entry))
        for entry in entries
        if not hmac.compare_digest(commit(description(entry)), entry.commitment)
    ]


def _read(blocks: BlockReader, entries: Sequence[Entry]) -> dict[bytes, bytes]:
    """Return every block that exists and is intact; a bad block does not hide the others."""
    try:
        return dict(blocks.get_many([entry.cid for entry in entries])) if entries else {}
    except (StorageNotFound, NameMismatch):
        intact = {}
    for entry in entries:
        try:
            intact[entry.cid] = blocks.get(entry.cid, entry.size)
        except (StorageNotFound, NameMismatch):
            continue  # reported as missing by the caller
    return intact


def _check_entry(entry: Entry, block: bytes | None, patient: SecretKey | None) -> list[Finding]:
    if block is None or len(block) != entry.size:
        where = f"{_named(entry)}, block {text_cid(entry.cid)}"
        return [Finding(part="blocks", code=StoreFinding.BLOCK_MISSING, where=where)]
    if patient is None or entry.wrapped is None:
        return [Finding(part="keys", code=StoreFinding.PATIENT_KEY_MISSING, where=_named(entry))]
    try:
        header, _, _ = unpack(block)
        key = unwrap_record_key(patient, entry.wrapped, entry.record_id, entry.version)
    except SealBroken:
        return [Finding(part="keys", code=StoreFinding.RECORD_KEY_BROKEN, where=_named(entry))]
    is_its_own = (header.record_id, header.version) == (entry.record_id, entry.version)
    if not is_its_own or not hmac.compare_digest(header.commitment, key_commitment(key)):
        return [Finding(part="blocks", code=StoreFinding.ENVELOPE_DIFFERS, where=_named(entry))]
    return []


def _named(entry: Entry) -> str:
    return f"record {entry.record_id.hex()} version {entry.version}"


def check_uses(journal: Journal, permits: PastPermits, entries: Sequence[Entry]) -> list[Finding]:
    """Return the rows that say permitted although their consent did not allow the use.

    `entries` are the records that exist now; of others, recipient, purpose and times are judged.
    """
    findings: list[Finding] = []
    known = {entry.record_id: entry for entry in entries}
    uses: dict[bytes, dict[str, Any]] = {}
    for row in journal.rows():
        if row.answer.outcome != PERMITTED:
            continue
        if row.use not in uses:
            try:
                uses[row.use] = journal.use(row.use)
            except JournalBroken:
                continue  # reported by `check_journal`
        fault = permits.find_fault(row.answer.consent_id, _past_use(row, uses[row.use], known))
        if fault is not None:
            where, facts = f"row {row.seq}", {"reason": fault}
            code = StoreFinding.USE_NOT_CONSENTED
            findings.append(Finding(part="journal", code=code, where=where, facts=facts))
    return findings


def _past_use(row: JournalRow, use: dict[str, Any], known: dict[bytes, Entry]) -> PastUse:
    entry = known.get(row.answer.record_id)
    return PastUse(
        subject=row.answer.subject,
        party=use["party"],
        purpose=use["purpose"],
        record_id=row.answer.record_id.hex(),
        category=entry.category if entry else "",
        recorded_on=entry.recorded_on if entry else "",
        at_s=use["at_s"],
        count=use["count"],
    )


def check_journal(
    journal: Journal, anchors: Sequence[Anchor], progress: Callable[[int, int], None] | None = None
) -> list[Finding]:
    """Return what is wrong with the journal; an empty list means no problems.

    The hash chain shows rows that were edited, removed or reordered; the anchors on the ledger show
    a chain that was rewritten, cut off or rolled back. Read `anchors` before this call.
    """
    findings: list[Finding] = []
    uses = {name for name, body in journal.uses() if hashlib.sha256(body).digest() == name}
    commit, (size, head) = journal.commitments(), journal.head()
    last_anchored = max((anchor.count for anchor in anchors), default=0)
    before, hashes = START, list[bytes]()
    for row in journal.rows(1, size):
        seq = len(hashes) + 1
        if row.answer.outcome == LOST and seq < row.seq <= last_anchored + 1:
            findings.append(_finding(StoreFinding.ROWS_LOST, f"rows {seq} to {row.seq - 1}"))
            hashes += [_LOST_HASH] * (row.seq - seq)
            seq = row.seq
        expected = row_hash(before, seq, row.use, commit(row.answer), row.answer)
        if row.seq != seq or row.hash != expected:
            return [*findings, _finding(StoreFinding.ROW_DIFFERS, f"row {seq}")]
        if row.use not in uses:
            findings.append(_finding(StoreFinding.USE_DIFFERS, f"row {seq}"))
        before = row.hash
        hashes.append(before)
        if progress is not None and not seq % _PROGRESS_ROWS:
            progress(seq, size)
    if (len(hashes), before) != (size, head) or journal.size() > journal.head()[0]:
        where = f"{len(hashes)} rows, expected {size}"
        findings.append(_finding(StoreFinding.END_DIFFERS, where))
    return findings + list(_check_anchors(hashes, anchors))


def _check_anchors(hashes: list[bytes], anchors: Sequence[Anchor]) -> Iterator[Finding]:
    """Yield the first anchor that the rows do not match."""
    for index, anchor in enumerate(anchors):
        if anchor.count > len(hashes):
            where = f"{len(hashes)} of {anchor.count} rows"
            yield _finding(StoreFinding.ANCHORED_ROWS_MISSING, where)
            return
        starts = possible_starts(anchors, index)
        if _LOST_HASH in hashes[max(starts) : anchor.count]:
            continue  # reported already; the root cannot be computed
        if anchor.root not in (merkle.root(hashes[start : anchor.count]) for start in starts):
            yield _finding(StoreFinding.ANCHORED_ROWS_DIFFER, f"up to row {anchor.count}")
            return


def _finding(code: StoreFinding, where: str) -> Finding:
    return Finding(part="journal", code=code, where=where)
