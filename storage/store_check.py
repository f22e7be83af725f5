"""Finds records whose block, key, catalogue row or anchor is not what was deposited."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from consent import Finding
from storage import merkle
from storage.block_store import BlockReader
from storage.car import text_cid
from storage.catalogue import ANCHORED, Catalogue
from storage.components import Progress, no_progress
from storage.deposit import described
from storage.entry import Batch, Entry
from storage.envelope import unpack
from storage.errors import NameMismatch, SealBroken, StorageNotFound
from storage.findings import StoreFinding
from storage.keys import Keys, SecretKey, unwrap_record_key
from storage.seal import commitment_of


def check_store(
    catalogue: Catalogue,
    keys: Keys,
    blocks: BlockReader,
    anchored: set[bytes],
    progress: Progress = no_progress,
) -> list[Finding]:
    """Return what is wrong with catalogue, keys and blocks; nothing is good.

    `anchored` are the roots of record batches on the ledger. No record is opened: a key is checked
    against the commitment in the envelope's header.
    """
    findings: list[Finding] = []
    batches = catalogue.batches()
    for place, batch in enumerate(batches):
        progress("blocks", place, len(batches))
        entries = catalogue.entries(batch.id)
        findings += _check_catalogue(batch, entries, keys, anchored)
        live = [entry for entry in entries if entry.wrapped is not None]
        found = _read(blocks, live)
        patients = keys.patient_keys(entry.subject for entry in live)
        for entry in live:
            findings += _check_entry(entry, found.get(entry.cid), patients.get(entry.subject))
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
        if not hmac.compare_digest(commit(described(entry)), entry.commitment)
    ]


def _read(blocks: BlockReader, entries: Sequence[Entry]) -> dict[bytes, bytes]:
    """Return every block that is there and whole; one bad block hides no other."""
    try:
        return dict(blocks.get_many([entry.cid for entry in entries])) if entries else {}
    except (StorageNotFound, NameMismatch):
        found = {}
    for entry in entries:
        try:
            found[entry.cid] = blocks.get(entry.cid, entry.size)
        except (StorageNotFound, NameMismatch):
            continue  # its absence is the finding
    return found


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
    if not is_its_own or not hmac.compare_digest(header.commitment, commitment_of(key)):
        return [Finding(part="blocks", code=StoreFinding.ENVELOPE_DIFFERS, where=_named(entry))]
    return []


def _named(entry: Entry) -> str:
    return f"record {entry.record_id.hex()} version {entry.version}"
