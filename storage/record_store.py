"""The record store: the front door of this package for services and models."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from consent import ConsentLedger, Finding
from storage import merkle
from storage.block_store import BlockReader, BlockStore
from storage.car_folder import CarFolder
from storage.catalogue import Catalogue
from storage.components import Components, Progress, no_progress
from storage.deposit import Deposits
from storage.entry import Entry
from storage.erasure import Erasure
from storage.findings import StoreFinding
from storage.journal import Journal
from storage.journal_check import check_journal
from storage.journal_row import START
from storage.keys import Keys
from storage.permissions import PermittedSubjects, RecordList
from storage.rootkey import make_root_key, open_root_key
from storage.store_check import check_store
from storage.vault import Vault

LIST_S: Final = 60.0
"""For how long a list of patients may show one whose records are erased; they open no more."""


class RecordStore:
    """Sealed records: the way in, the one door, the way out, and the journal of all of it."""

    def __init__(
        self,
        engine: sa.Engine,
        blocks: BlockStore,
        ledger: ConsentLedger,
        home: Path,
        clock: Callable[[], float],
    ) -> None:
        """Join the parts; nothing can be sealed or opened until `unseal`."""
        self._keys = Keys(engine)
        self._catalogue = Catalogue(engine)
        self._ledger = ledger
        self._blocks = blocks
        self._root_path = home / "secrets" / "root.key"
        self._car_folder = car_folder = CarFolder(home / "sealed")
        self._held: tuple[float, int, RecordList] | None = None
        self.journal = Journal(engine, self._keys, ledger)
        parts = Components(
            self._catalogue, self._keys, self.journal, car_folder, blocks, ledger, clock
        )
        self.vault = Vault(parts)
        self.deposits = Deposits(parts)
        self.erasure = Erasure(engine, parts, self.deposits)

    def unseal(self, passphrase: str) -> None:
        """Bring the root key into memory; it is made at the first start.

        Raises:
            VaultSealed: another passphrase than it was sealed under.
            Broken: the root key's file is damaged.
        """
        if not self._root_path.exists():
            try:
                self._keys.unseal(make_root_key(self._root_path, passphrase))
            except FileExistsError:
                pass  # another process of this install was first
            else:
                return
        self._keys.unseal(open_root_key(self._root_path, passphrase))

    @property
    def is_sealed(self) -> bool:
        """True while nothing can be opened."""
        return self._keys.is_sealed

    def pseudonyms(self, label: str) -> Callable[[bytes], bytes]:
        """Return the keyed hash of a label: bytes to 32 bytes that only this install can make."""
        return self._keys.pseudonyms(label)

    def seal_text(self, label: str, text: str, about: bytes = b"") -> bytes:
        """Return a text that only this install can open, and only as what it is about."""
        return self._keys.seal_text(label, text, about)

    def open_text(self, label: str, sealed: bytes, about: bytes = b"") -> str:
        """Return what `seal_text` sealed.

        Raises:
            SealBroken: altered, or of another label, install or thing.
        """
        return self._keys.open_text(label, sealed, about)

    def totals(self) -> dict[str, int]:
        """Return how many records, subjects, batches and journal rows there are."""
        return self._catalogue.totals() | {"journal": self.journal.size()}

    def records_of(self, subject: bytes) -> list[Entry]:
        """Return what is held of a subject, without opening any of it."""
        return self._catalogue.current(subjects=[subject])

    def permitted_subjects(self, party: str, purpose: str) -> Mapping[bytes, dict[str, bytes]]:
        """Return, for each subject that permits it now, each category and the consent that says so.

        A list for people to choose from: nothing is opened, and what is opened later is decided and
        journalled then. The catalogue is remembered (`_listed`); no decision is.

        Raises:
            LedgerUnavailable (consent): the ledger is away or in doubt.
        """
        listed = self._listed()
        return PermittedSubjects(listed, self._ledger.decide_many(listed.asked(party, purpose)))

    def _listed(self) -> RecordList:
        """Return what is listed: at most a minute old, and newer than the newest batch."""
        now_s, batches = time.monotonic(), self._catalogue.visible_batches()
        if self._held is None or now_s - self._held[0] > LIST_S or batches != self._held[1]:
            self._held = now_s, batches, RecordList(self._catalogue.columns())
        return self._held[2]

    def list_subjects_with(self, categories: Sequence[str]) -> list[bytes]:
        """Return the subjects with a current record of each category, by their oldest record."""
        return self._catalogue.subjects_with(categories)

    def ipfs_version(self) -> str:
        """Return the store's version.

        Raises:
            StoreUnavailable: it is away.
        """
        return self._blocks.version()

    def keep_sealed(self, most_bytes: int) -> None:
        """Keep at most so many bytes of finished batches on this disk; the oldest leave first.

        They are a cache: whatever is not in it is read from IPFS.
        """
        self._car_folder.most_bytes = most_bytes
        self.deposits.trim()

    def recover(self) -> int:
        """Finish what something killed half-way; return how many batches that touched.

        What another process works on is left to it. Call it at start and every half minute.

        Raises:
            StoreUnavailable, DiskFull, LedgerUnavailable (consent): the rest waits for next time.
        """
        return self.deposits.finish_unfinished() + self.erasure.sweep(waits=False)

    def check(
        self, progress: Progress = no_progress, blocks: BlockReader | None = None
    ) -> list[Finding]:
        """Return what is wrong with this package's part; nothing is good.

        With `blocks`, those are checked instead of Kubo's, and pins are not.
        """
        anchored = {anchor.root for anchor in self._ledger.anchors("records")}
        findings = check_store(
            self._catalogue, self._keys, blocks or self._blocks, anchored, progress
        )
        if blocks is None:
            pins = self._blocks.pinned()
            findings += [
                Finding(part="pins", code=StoreFinding.BATCH_NOT_PINNED, where=batch.name)
                for batch in self._catalogue.batches()
                if batch.pin and batch.pin not in pins
            ]
        heard = self._ledger.anchors("journal")
        return findings + check_journal(
            self.journal, heard, lambda done, of: progress("journal", done, of)
        )

    def evidence(self) -> Iterator[dict[str, Any]]:
        """Yield what a stranger needs to check catalogue and journal: docs/spec/evidence.md."""
        for batch in self._catalogue.batches():
            entries = self._catalogue.entries(batch.id)
            yield {"kind": "batch", "name": batch.name, "root": batch.root.hex()} | {
                "leaves": [entry.leaf().hex() for entry in entries],
                "held": [entry.wrapped is not None for entry in entries],
            }
        for name, body in self.journal.uses():
            yield {"kind": "use", "hash": name.hex(), "body": body.decode()}
        commit = self.journal.committing()
        for row in self.journal.rows():
            yield {
                "kind": "journal",
                "seq": row.seq,
                "use": row.use.hex(),
                "commitments": commit(row.answer).hex(),
                "version": row.answer.version,
                "outcome": row.answer.outcome,
                "consent": row.answer.consent_id.hex(),
                "hash": row.hash.hex(),
            }

    def prove(self, seq: int) -> dict[str, Any] | None:
        """Return a journal row's inclusion proof as JSON, or None while no anchor covers it."""
        proved = self.journal.prove(seq)
        if proved is None:
            return None
        proof, anchor = proved
        return {
            "seq": seq,
            "line": self._line(seq),
            "index": proof.index,
            "size": proof.size,
            "path": [sister.hex() for sister in proof.path],
            "root": anchor.root.hex(),
            "block": anchor.block_number,
        }

    def _line(self, seq: int) -> dict[str, Any]:
        """Return what a row's hash is made of, so that whoever reads the row can make it again."""
        rows = list(self.journal.rows(max(1, seq - 1), seq))
        row, before = rows[-1], rows[0].hash if seq > 1 else START
        body = next(body for name, body in self.journal.uses(row.use) if name == row.use)
        return {
            "before": before.hex(),
            "use": body.decode(),
            "commitments": self.journal.committing()(row.answer).hex(),
            "version": row.answer.version,
            "outcome": row.answer.outcome,
            "consent": row.answer.consent_id.hex(),
        }


def proves_row(row_hash: bytes, proof: dict[str, Any]) -> bool:
    """Return whether a proof from `RecordStore.prove` leads from a row to its anchored root."""
    path = tuple(bytes.fromhex(sister) for sister in proof["path"])
    inner = merkle.Proof(proof["index"], proof["size"], path)
    return merkle.proves(inner, row_hash, bytes.fromhex(proof["root"]))
