"""Check that stored records and the journal are what was deposited, written and anchored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

import orjson

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
from storage.journal import LOST, START, Journal, JournalRow, row_hash
from storage.journal_proofs import possible_starts
from storage.keys import Keys, SecretKey, unwrap_record_key
from storage.row_order import MAX_CLOCK_STEP_S, RowOrder
from storage.seal import KEY_BYTES, key_commitment

PERMITTED: Final = REASONS[0]
OWN: Final = "own"
"""The outcome of a patient's reading of their own record, which needs no consent."""
PATIENT: Final = "patient"
"""The party of a patient who reads their own records."""
OWN_PURPOSE: Final = "PATRQT"
TERMS_ERASED: Final = "opening-missing"
_LOST_HASH = b""
_USE_TYPES: Final = MappingProxyType({"at_s": int, "count": int, "party": str, "purpose": str})
_PROGRESS_ROWS = 5_000
_NO_KEY: Final = SecretKey(bytes(KEY_BYTES))
"""In place of a patient's key that cannot be unwrapped: no record's key is wrapped under it."""


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
        progress: is called with the number of records checked.
    """
    findings: list[Finding] = []
    batches, seen = catalogue.batches(), 0
    total = sum(batch.count for batch in batches)
    for batch in batches:
        progress("blocks", seen, total)
        seen += batch.count
        entries = catalogue.entries(batch.id)
        findings += _check_catalogue(batch, entries, keys, anchored)
        live = [entry for entry in entries if entry.any_key is not None]
        envelopes = read_intact(blocks, live)
        patients = _read_keys(keys, {entry.subject for entry in live})
        for entry in live:
            findings += _check_entry(entry, envelopes.get(entry.cid), patients.get(entry.subject))
    progress("blocks", total, total)
    # A batch is in the catalogue before it is anchored, and stays there for good.
    missing = anchored - {batch.root for batch in batches}
    return findings + [
        Finding(part="catalogue", code=StoreFinding.BATCH_MISSING, where=f"root {root.hex()}")
        for root in sorted(missing)
    ]


def _check_catalogue(
    batch: Batch, entries: Sequence[Entry], keys: Keys, anchored: set[bytes]
) -> list[Finding]:
    if batch.state != ANCHORED:
        return [Finding(part="catalogue", code=StoreFinding.BATCH_UNFINISHED, where=batch.name)]
    if batch.root not in anchored:
        return [Finding(part="catalogue", code=StoreFinding.BATCH_NOT_ANCHORED, where=batch.name)]
    is_whole = len(entries) == batch.count
    if not is_whole or merkle.root([entry.leaf() for entry in entries]) != batch.root:
        return [Finding(part="catalogue", code=StoreFinding.ENTRIES_DIFFER, where=batch.name)]
    commit = keys.pseudonyms("catalogue")
    return [
        Finding(part="catalogue", code=StoreFinding.DESCRIPTION_DIFFERS, where=_named(entry))
        for entry in entries
        if not hmac.compare_digest(commit(description(entry)), entry.commitment)
    ]


def read_intact(blocks: BlockReader, entries: Sequence[Entry]) -> dict[bytes, bytes]:
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


def _read_keys(keys: Keys, subjects: set[bytes]) -> dict[bytes, SecretKey]:
    """Return the patients' keys; a broken one does not hide the others, and opens no record."""
    with suppress(SealBroken):
        return keys.patient_keys(subjects)
    patients: dict[bytes, SecretKey] = {}
    for subject in subjects:
        try:
            patients |= keys.patient_keys([subject])
        except SealBroken:
            patients[subject] = _NO_KEY
    return patients


def _check_entry(entry: Entry, block: bytes | None, patient: SecretKey | None) -> list[Finding]:
    if block is None or len(block) != entry.size:
        where = f"{_named(entry)}, block {text_cid(entry.cid)}"
        return [Finding(part="blocks", code=StoreFinding.BLOCK_MISSING, where=where)]
    wrapped = entry.any_key
    if patient is None or wrapped is None:
        return [Finding(part="keys", code=StoreFinding.PATIENT_KEY_MISSING, where=_named(entry))]
    try:
        header, _, _ = unpack(block)
        key = unwrap_record_key(patient, wrapped, entry.record_id, entry.version)
    except SealBroken:
        return [Finding(part="keys", code=StoreFinding.RECORD_KEY_BROKEN, where=_named(entry))]
    is_its_own = (header.record_id, header.version) == (entry.record_id, entry.version)
    if not is_its_own or not hmac.compare_digest(header.commitment, key_commitment(key)):
        return [Finding(part="blocks", code=StoreFinding.ENVELOPE_DIFFERS, where=_named(entry))]
    return []


def _named(entry: Entry) -> str:
    return f"record {entry.record_id.hex()} version {entry.version}"


def check_uses(
    journal: Journal,
    permits: PastPermits,
    entries: Sequence[Entry],
    order: RowOrder,
    erased: Callable[[], Mapping[str, int]] = dict,
) -> list[Finding]:
    """Return the rows that say permitted although their consent did not allow the use.

    So are those that say that a patient read an own record, where the use is another's, and those
    whose view or time cannot be, by `order`.

    `entries` are the records that exist now; of others, recipient, purpose and times are judged.
    `erased` returns, by the SHA-256 of each subject whose erasure a signed receipt states, the time
    of the newest receipt; it is called only if terms are missing.
    """
    findings: list[Finding] = []
    known = {entry.record_id: entry for entry in entries}
    uses: dict[bytes, dict[str, Any]] = {}
    for row in journal.rows():
        if row.answer.outcome not in (PERMITTED, OWN):
            continue
        if row.use not in uses:
            try:
                uses[row.use] = journal.use(row.use)
            except (JournalBroken, orjson.JSONDecodeError):
                continue  # reported by `check_journal`
        if not _has_types(uses[row.use]):
            continue  # this too
        finding = _check_use(row, uses[row.use], permits, known)
        if finding is not None and finding.facts.get("reason") == TERMS_ERASED:
            # The terms went with the patient's erasure: all that is left of them is the receipt,
            # and no record of that patient is used after it.
            erased_at_s = erased().get(hashlib.sha256(row.answer.subject).hexdigest())
            limit_s = -1 if erased_at_s is None else erased_at_s + MAX_CLOCK_STEP_S
            finding = None if uses[row.use]["at_s"] <= limit_s else finding
        if finding is None and row.answer.outcome == PERMITTED:
            finding = order.find_fault(row.seq, uses[row.use])
        findings += [finding] if finding is not None else []
    return findings


def _check_use(
    row: JournalRow, use: dict[str, Any], permits: PastPermits, known: dict[bytes, Entry]
) -> Finding | None:
    where = f"row {row.seq}"
    if row.answer.outcome == OWN:
        is_own = (use["party"], use["purpose"]) == (PATIENT, OWN_PURPOSE)
        code = StoreFinding.NOT_OWN_READING
        return None if is_own else Finding(part="journal", code=code, where=where)
    fault = permits.find_fault(row.answer.consent_id, _past_use(row, use, known))
    if fault is None:
        return None
    facts, code = {"reason": fault}, StoreFinding.USE_NOT_CONSENTED
    return Finding(part="journal", code=code, where=where, facts=facts)


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
    uses = {name for name, body in journal.uses() if _is_use(name, body)}
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


def _is_use(name: bytes, body: bytes) -> bool:
    """Return whether a body is what its name says, and written so that it has one meaning."""
    try:
        use = orjson.loads(body)
        is_canonical = orjson.dumps(use, option=orjson.OPT_SORT_KEYS) == body
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # the second: nested too deeply
        return False
    return is_canonical and hashlib.sha256(body).digest() == name and _has_types(use)


def _has_types(use: Any) -> bool:
    """Return whether a use has the fields that the checks read, each of its type."""
    return isinstance(use, dict) and all(
        type(use.get(field)) is kind for field, kind in _USE_TYPES.items()
    )


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
