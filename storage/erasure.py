"""Make records unreadable: re-encrypt them after a withdrawal, or delete a patient's keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson
import sqlalchemy as sa

from storage.car import raw_cid
from storage.car_folder import block_offsets
from storage.catalogue import SEALED
from storage.components import Components, Progress, no_progress
from storage.database import reading, writing
from storage.deposit import Deposits
from storage.entry import Batch, Entry
from storage.errors import (
    ConcurrentChange,
    StorageBroken,
    StorageInvalid,
    StorageNotFound,
    SubjectErased,
)
from storage.integrity import read_intact
from storage.journal import NOBODY, AccessOutcome, Use
from storage.keys import purge_deleted
from storage.reader import Reader
from storage.record import Record, renumber
from storage.rootkey import receipt_key, sign_receipt, verifies_receipt
from storage.tables import METADATA

REKEYED: Final = "re-keyed"
SHREDDED: Final = "shredded"
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_ERASURE: Final = "erasure"
_OPERATOR: Final = "operator"
_PURPOSE: Final = "erasure"
_CHUNK_RECORDS: Final = 5_000

_RECEIPTS = sa.Table(
    "storage_receipts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased and when, signed by the install; `body` lists block names, not people."""

    at_s: int
    body: bytes
    signature: bytes
    public_key: bytes

    def document(self) -> dict[str, str]:
        """Return the receipt as JSON: the signed text as it was signed, and how to check it."""
        return {
            "body": self.body.decode(),
            "signature": self.signature.hex(),
            "public_key": self.public_key.hex(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Receipt:
        """Return the receipt of a document that `document` made; nothing is checked yet.

        Raises:
            StorageInvalid: it is not a receipt of an erasure.
        """
        try:
            body = str(document["body"]).encode()
            signature = bytes.fromhex(document["signature"])
            public_key = bytes.fromhex(document["public_key"])
            content = orjson.loads(body)
            if content["receipt"] != _ERASURE:
                raise ValueError("another kind of receipt")
            return cls(int(content["at_s"]), body, signature, public_key)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise StorageInvalid(
                "the receipt cannot be read. Use the JSON file as it was downloaded."
            ) from exc

    def verifies(self, public_key: bytes) -> bool:
        """Return whether the install with this key (32 bytes) signed exactly this receipt."""
        return verifies_receipt(public_key, self.body, self.signature)

    def content(self) -> dict[str, Any]:
        """Return what was signed: ``what``, ``why``, ``at_s``, ``blocks``; of a person, more."""
        content: dict[str, Any] = orjson.loads(self.body)
        return content


class Erasure:
    """Erases records; each erasure is journalled first and returns a signed receipt."""

    def __init__(self, engine: sa.Engine, components: Components, deposits: Deposits) -> None:
        self._engine = engine
        self._components = components
        self._deposits = deposits
        self._reader = Reader(components)

    def rekey(
        self, subjects: Sequence[bytes], why: str, progress: Progress = no_progress
    ) -> Receipt | None:
        """Re-encrypt every record of these subjects under a new key, former versions too.

        On return the old keys are deleted and the old blocks are gone from IPFS and from the CAR
        files: nothing can be read with an old key or CID. Returns None if there are no records.

        A record that is lost keeps its key, so that it can be read if its block is found again; the
        receipt does not list it.

        Raises:
            StoreUnavailable, DiskFull: `finish_unfinished` continues from there.
        """
        catalogue = self._components.catalogue
        entries, former = catalogue.current(subjects=subjects), catalogue.former(subjects=subjects)
        for start in range(0, len(entries), _CHUNK_RECORDS):
            self._rekey(entries[start : start + _CHUNK_RECORDS], why)
            progress("re-keying", min(start + _CHUNK_RECORDS, len(entries)), len(entries))
        if not entries:
            return None
        self.sweep(progress)
        entries_now = (*catalogue.current(subjects=subjects), *catalogue.former(subjects=subjects))
        before = {entry.cid for entry in (*entries, *former)}
        return self._sign(REKEYED, why, list(before - {entry.cid for entry in entries_now}))

    def _rekey(self, entries: Sequence[Entry], why: str) -> None:
        self._journal(REKEYED, why, entries)
        # Nothing is released: each record goes from one envelope into the next.
        ids = [entry.record_id for entry in entries]
        records = self._read(entries)
        if not records:
            return
        earlier: dict[str, list[Record]] = {}
        for record in self._read(self._components.catalogue.former(record_ids=ids)):
            earlier.setdefault(record.record_id, []).append(record)
        groups = [[*earlier.get(record.record_id, ()), record] for record in records]
        newer = [renumber(group, group[-1].version + 1) for group in groups]
        former = [record for group in newer for record in group[:-1]]
        try:
            self._deposits.deposit_versions([(group[-1], None) for group in newer], former=former)
        except SubjectErased as exc:  # that is complete; the others' records remain to be done
            raise ConcurrentChange("one of the patients was erased meanwhile; try again") from exc

    def _read(self, entries: Sequence[Entry]) -> list[Record]:
        """Return the records that can be read; one that is lost holds up none of the others."""
        try:
            return [record for record in self._reader.read(entries) if record is not None]
        except StorageBroken:
            return [record for entry in entries for record in self._read_one(entry)]

    def _read_one(self, entry: Entry) -> list[Record]:
        """Return one record; none if it is lost, which `verify` names, or is not there any more."""
        try:
            return [record for record in self._reader.read([entry]) if record is not None]
        except StorageBroken:
            return []

    def shred(self, subject: bytes, why: str, also: Sequence[str] = ()) -> Receipt:
        """Delete every key of a subject, then its blocks; its records cannot be opened again.

        Nothing is stored under the subject again: `Keys.make_patient_keys` refuses it.

        Repeating the call completes one that was interrupted; its receipt lists every block that
        the subject's records ever had, and `also`: what else the caller has erased.

        Raises:
            StoreUnavailable, JournalUnavailable, LedgerUnavailable (consent): call it again.
        """
        entries = self._components.catalogue.current(subjects=[subject])
        entries += self._components.catalogue.former(subjects=[subject])
        if entries:
            self._journal(SHREDDED, why, entries)
        # In one transaction, so that no rows remain without a patient key, nor a key without rows.
        # The patient's key first: this waits for a deposit that is writing rows under it.
        with writing(self._engine) as connection:
            self._components.keys.delete_patient(subject, connection)
            self._components.catalogue.delete_keys(subject, connection)
            self._components.keys.mark_erased(subject, connection)
        purge_deleted(self._engine)
        self.sweep()
        person = {"subject_sha256": hashlib.sha256(subject).hexdigest(), "also": list(also)}
        blocks = self._components.catalogue.blocks_of(subject)
        return self._sign(SHREDDED, why, blocks, person)

    def sweep(self, progress: Progress = no_progress, *, wait: bool = True) -> int:
        """Delete every block whose key was deleted; return the number of batches affected.

        Their CAR files are rewritten without those blocks. Repeating it completes an interrupted
        sweep. One process at a time sweeps; others wait for it, or return 0 without `wait`.
        """
        with self._components.car_folder.lock_collection(wait=wait) as is_ours:
            batches = self._components.catalogue.batches(erased=True) if is_ours else []
            if batches:
                # Deleted keys are in SQLite's log until then, and would open the old blocks.
                purge_deleted(self._engine)
            left = {}
            for index, listed in enumerate(batches):
                progress("collecting", index, len(batches))
                with self._components.car_folder.lock(listed.name, wait=wait) as is_free:
                    batch = self._components.catalogue.find_batch(listed.id) if is_free else None
                    # One that is not in Kubo yet is finished first; a later sweep comes back.
                    if batch is not None and batch.state != SEALED:
                        left[batch.id] = self._repin(batch)
            if left:
                self._components.blocks.collect_garbage()
                progress("collecting", len(batches), len(batches))
            for batch_id, count in left.items():
                self._components.catalogue.clear_erased(batch_id, count)
        return len(left) if batches else 0

    def _repin(self, batch: Batch) -> int:
        """Pin what is left of a batch, then unpin all of it; return the number of records left.

        A block that is lost, which `verify` names, is left out.
        """
        catalogue, car_folder = self._components.catalogue, self._components.car_folder
        store = self._components.blocks
        left = [entry for entry in catalogue.entries(batch.id) if entry.any_key is not None]
        pin = b""
        read = zip(left, car_folder.read(batch.name, left), strict=True)
        blocks = {entry.cid: block for entry, block in read if raw_cid(block) == entry.cid}
        # What the file has not, or not intact, is fetched from IPFS.
        blocks |= read_intact(store, [entry for entry in left if entry.cid not in blocks])
        stored = [entry for entry in left if entry.cid in blocks]
        car_folder.delete(batch.name)
        self._components.extracts.delete(batch.name)
        if stored:
            cids = [entry.cid for entry in stored]
            with car_folder.write(batch.name, cids, [blocks[cid] for cid in cids]) as root:
                offsets = block_offsets([entry.size for entry in stored])
                stored = [
                    e._replace(offset=offset) for e, offset in zip(stored, offsets, strict=True)
                ]
                try:
                    pin = store.pin(cids)
                except StorageNotFound:  # the node has lost what the file has
                    store.import_car(car_folder.path(batch.name), root)
                    pin = root
        if pin != batch.pin:
            store.unpin([batch.pin])
        catalogue.set_pin(batch, pin, stored)
        return len(left)

    def _journal(self, outcome: str, why: str, entries: Sequence[Entry]) -> None:
        view, at_s = self._components.ledger.view(), int(self._components.clock())
        use = Use(at_s, _OPERATOR, "", _PURPOSE, why, view)
        answers = [
            AccessOutcome(e.subject, e.record_id, e.version, outcome, NOBODY) for e in entries
        ]
        self._components.journal.write(use, answers)

    def _sign(
        self, what: str, why: str, blocks: Sequence[bytes], person: Mapping[str, Any] = NOTHING
    ) -> Receipt:
        at_s = int(self._components.clock())
        body = orjson.dumps(
            {
                "receipt": _ERASURE,
                "what": what,
                "why": why,
                "at_s": at_s,
                "blocks": sorted(cid.hex() for cid in blocks),
                **person,
            },
            option=orjson.OPT_SORT_KEYS,
        )
        root = self._components.keys.root()
        signature = sign_receipt(root, body)
        with writing(self._engine) as connection:
            values = {"at_s": at_s, "body": body, "signature": signature}
            connection.execute(sa.insert(_RECEIPTS), values)
        return Receipt(at_s, body, signature, receipt_key(root))

    def erased_people(self) -> dict[str, int]:
        """Return each erasure that a signed receipt states, by the SHA-256 of its subject in hex.

        The value is the time of the newest receipt.

        Raises:
            VaultSealed: there is no root key to verify receipts with.
        """
        contents = [receipt.content() for receipt in self.list_people()]
        return {item["subject_sha256"]: item["at_s"] for item in contents}

    def list_people(self) -> list[Receipt]:
        """Return the intact receipts of erased people, oldest first.

        Raises:
            VaultSealed: there is no root key to verify receipts with.
        """
        public = receipt_key(self._components.keys.root())
        intact = [receipt for receipt in self.receipts() if receipt.verifies(public)]
        return [receipt for receipt in intact if "subject_sha256" in receipt.content()]

    def receipts(self) -> list[Receipt]:
        """Return every receipt, oldest first."""
        public = receipt_key(self._components.keys.root())
        query = sa.select(_RECEIPTS.c.at_s, _RECEIPTS.c.body, _RECEIPTS.c.signature)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_RECEIPTS.c.id))
            return [Receipt(row.at_s, row.body, row.signature, public) for row in rows]
