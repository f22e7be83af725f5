"""The record store: the interface of this package for services and models."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from consent import ConsentLedger, Decisions, Finding
from storage.block_copies import copy_held
from storage.block_store import BlockReader, BlockStore
from storage.car_folder import CarFolder
from storage.catalogue import Catalogue
from storage.components import Components, Progress, no_progress
from storage.deceased import DeceasedSubjects
from storage.deposit import Deposits
from storage.duties import refuse_unmet
from storage.entry import Entry
from storage.erasure import Erasure
from storage.extracts import ExtractFolder
from storage.history_rule import HistoryRule
from storage.journal import START, Journal
from storage.keys import Keys
from storage.permissions import (
    PermittedSubjects,
    RecordList,
    SubjectRecords,
    apply_person_refusals,
    decision_request,
    list_subject_records,
    refusing_subjects,
)
from storage.person_links import PersonLinks
from storage.person_refusals import Persons
from storage.rootkey import make_root_key, open_root_key, receipt_key
from storage.store_check import check_store
from storage.vault import Vault
from storage.versions import Versions

LIST_MAX_AGE_S: Final = 60.0
"""For how long a list of patients may include one whose records were erased meanwhile."""


class RecordStore:
    """Encrypted records: deposits, the vault, erasure, and the journal of every access."""

    def __init__(  # noqa: PLR0913 - five ports and one rule of the installation
        self,
        engine: sa.Engine,
        blocks: BlockStore,
        ledger: ConsentLedger,
        home: Path,
        clock: Callable[[], float],
        *,
        death_ends_consents: bool = False,
    ) -> None:
        """Connect the components; nothing can be sealed or opened before `unseal`.

        Args:
            engine: the installation's database.
            blocks: where envelopes are stored.
            ledger: the consents.
            home: the installation's folder.
            clock: the time, in seconds UTC.
            death_ends_consents: whether the consents of the deceased permit nothing any more.
        """
        self._engine = engine
        self._keys = Keys(engine)
        self._catalogue = Catalogue(engine)
        self._ledger = ledger
        self._blocks = blocks
        self._root_path = home / "secrets" / "root.key"
        self._list: tuple[float, int, RecordList] | None = None
        self._listing = threading.Lock()
        self.car_folder = CarFolder(home / "sealed")
        self.journal = Journal(engine, self._keys, ledger, clock)
        self.links = PersonLinks(engine, clock)
        self.deceased = DeceasedSubjects(engine, clock, ends_consents=death_ends_consents)
        self._persons = Persons(self.links, self.deceased)
        components = self._components = Components(
            catalogue=self._catalogue,
            keys=self._keys,
            journal=self.journal,
            car_folder=self.car_folder,
            extracts=ExtractFolder(home / "extracts"),
            blocks=blocks,
            ledger=ledger,
            persons=self._persons,
            clock=clock,
        )
        self.history_rule = HistoryRule(engine, clock)
        self.vault = Vault(components)
        self.deposits = Deposits(components)
        self.versions = Versions(components, self.deposits, self.history_rule)
        self.erasure = Erasure(engine, components, self.deposits)

    def unseal(self, passphrase: str) -> None:
        """Load the root key, which is created at the first start.

        Raises:
            VaultSealed: the passphrase is wrong.
            StorageBroken: the root key's file is damaged; or missing, and something is stored.
        """
        # A new key opens none of that. What it seals cannot be opened by the right key later.
        if not self._root_path.exists() and not any(self.totals().values()):
            try:
                self._keys.unseal(make_root_key(self._root_path, passphrase))
            except FileExistsError:
                pass  # another process of this install was faster
            else:
                return
        self._keys.unseal(open_root_key(self._root_path, passphrase))

    @property
    def is_sealed(self) -> bool:
        """True while nothing can be opened."""
        return self._keys.is_sealed

    def pseudonyms(self, label: str) -> Callable[[bytes], bytes]:
        """Return a keyed hash to 32 bytes that only this installation can compute."""
        return self._keys.pseudonyms(label)

    def seal_bytes(self, label: str, content: bytes, about: bytes = b"") -> bytes:
        """Return `content` encrypted for this installation alone, bound to what it is `about`.

        Raises:
            VaultSealed: there is no root key.
        """
        return self._keys.seal_bytes(label, content, about)

    def open_bytes(self, label: str, sealed: bytes, about: bytes = b"") -> bytes:
        """Return what `seal_bytes` encrypted.

        Raises:
            SealBroken: altered, or sealed with another label, subject matter or install.
            VaultSealed: there is no root key.
        """
        return self._keys.open_bytes(label, sealed, about)

    def seal_text(self, label: str, text: str, about: bytes = b"") -> bytes:
        """Return a text encrypted as by `seal_bytes`."""
        return self.seal_bytes(label, text.encode(), about)

    def open_text(self, label: str, sealed: bytes, about: bytes = b"") -> str:
        """Return what `seal_text` encrypted; raises as `open_bytes`."""
        return self.open_bytes(label, sealed, about).decode()

    def find_erased(self, subjects: Iterable[bytes]) -> set[bytes]:
        """Return those of these subjects that were erased: nothing is stored under them again."""
        return self._keys.find_erased(subjects)

    def receipt_key(self) -> bytes:
        """Return the Ed25519 key (32 bytes) that verifies this installation's receipts.

        Raises:
            VaultSealed: there is no root key.
        """
        return receipt_key(self._keys.root())

    def totals(self) -> dict[str, int]:
        """Return the numbers of records, subjects, batches and journal rows."""
        return self._catalogue.totals() | {"journal": self.journal.size()}

    def records_of(self, subject: bytes) -> list[Entry]:
        """Return the catalogue entries of a subject's current records, without opening any."""
        return self._catalogue.current(subjects=[subject])

    def current_entries(self) -> list[Entry]:
        """Return the catalogue entry of every current record, without opening any."""
        return self._catalogue.current()

    def added_times(self, entries: Sequence[Entry]) -> dict[int, int]:
        """Return when the batches of these entries were stored, seconds UTC, by batch id."""
        return self._catalogue.times(sorted({entry.batch for entry in entries}))

    def permitted_subjects(self, party: str, purpose: str) -> Mapping[bytes, dict[str, bytes]]:
        """Return, for each subject that permits it, each category and the consent's id.

        This is for lists that people choose from: nothing is opened, and opening a record decides
        and journals again. The catalogue may be cached (`_record_list`); decisions never are.

        Raises:
            LedgerUnavailable (consent): the ledger is unavailable or in doubt.
        """
        return PermittedSubjects(*self._decide_all(party, purpose))

    def permitted_categories(self, subject: bytes, party: str, purpose: str) -> dict[str, bytes]:
        """Return what `permitted_subjects` has for one subject; nothing if it permits nothing.

        Only this subject's records are decided.

        Raises:
            LedgerUnavailable (consent): as `permitted_subjects`.
        """
        records = self._record_list().of_subject(subject)
        permitted = PermittedSubjects(records, self._decide_list(records, party, purpose))
        return permitted.get(subject, {})

    def find_subject(self, label: str, length: int, name: str) -> bytes | None:
        """Return the subject of a current record by its name, or None.

        Args:
            label: of the pseudonyms that name subjects.
            length: of every name under this label: the first characters of a pseudonym in hex.
            name: of the subject.
        """
        return self._record_list().names(label, length, self.pseudonyms(label)).get(name)

    def any_subject(self) -> bytes:
        """Return the subject of some record; 32 zero bytes if there are none."""
        return next(iter(self._record_list().subjects), bytes(32))

    def permitted_records(self, party: str, purpose: str) -> Mapping[bytes, SubjectRecords]:
        """Return which current records each subject permits, of those who permit any.

        Nothing is opened or journalled: it tells whether records that left may still be used.

        Raises:
            LedgerUnavailable (consent): as `permitted_subjects`.
        """
        return list_subject_records(*self._decide_all(party, purpose))

    def refusing_subjects(self, party: str, purpose: str) -> set[bytes]:
        """Return the subjects who opted out of this purpose or refuse it to this party.

        Terms that cannot be read might be a refusal, so they count as one.

        Raises:
            LedgerUnavailable (consent): as `permitted_subjects`.
        """
        return refusing_subjects(*self._decide_all(party, purpose))

    def persons(self, subjects: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the person of each subject: the smallest of the subjects that are linked with it.

        A subject that is linked with nobody is a person.
        """
        subjects = list(subjects)
        groups = self.links.groups(subjects)
        return {subject: groups.get(subject, (subject,))[0] for subject in subjects}

    def find_deceased(self, subjects: Iterable[bytes]) -> set[bytes]:
        """Return those of these subjects whose person has died, under whatever subject."""
        return self._persons.find_deceased(subjects)

    def linked_subjects(self, subject: bytes) -> tuple[bytes, ...]:
        """Return all subjects of the person of a subject, itself among them, sorted."""
        return self.links.groups([subject]).get(subject, (subject,))

    def _decide_all(self, party: str, purpose: str) -> tuple[RecordList, Decisions]:
        """Decide on all current records; what a linked subject refuses is denied."""
        records = self._record_list()
        return records, self._decide_list(records, party, purpose)

    def _decide_list(self, records: RecordList, party: str, purpose: str) -> Decisions:
        decisions = self._ledger.decide_many(records.decision_request(party, purpose))
        refuse_unmet(decisions, purpose)
        apply_person_refusals(
            self._persons,
            records,
            decisions,
            lambda part: self._ledger.decide_many(decision_request(part, party, purpose)).reasons,
        )
        return decisions

    def _record_list(self) -> RecordList:
        """Return the current records, at most LIST_MAX_AGE_S old and with every visible batch."""
        with self._listing:  # after a deposit, requests at the same moment read the catalogue once
            now_s, batches = time.monotonic(), self._catalogue.count_visible_batches()
            is_stale = self._list is None or now_s - self._list[0] > LIST_MAX_AGE_S
            if self._list is None or is_stale or batches != self._list[1]:
                self._list = now_s, batches, RecordList(self._catalogue.columns())
            return self._list[2]

    def list_subjects_with(self, categories: Sequence[str]) -> list[bytes]:
        """Return the subjects with a current record of each category, by their oldest record."""
        return self._catalogue.subjects_with(categories)

    def find_recorded(self, subjects: Sequence[bytes]) -> set[bytes]:
        """Return those of these subjects of whom a current record is stored."""
        return self._catalogue.recorded(subjects)

    def ipfs_version(self) -> str:
        """Return the version of the block store.

        Raises:
            StoreUnavailable: it is unreachable or unsupported.
        """
        return self._blocks.version()

    def recover(self) -> int:
        """Finish what was interrupted; return the number of batches affected.

        What another process works on is left alone. Call it at start and every half minute.

        Raises:
            StoreUnavailable, DiskFull, LedgerUnavailable (consent): the rest is left to the next
                call.
        """
        return self.deposits.finish_unfinished() + self.erasure.sweep(wait=False)

    def check(
        self, progress: Progress = no_progress, blocks: BlockReader | None = None
    ) -> list[Finding]:
        """Return what is wrong with records and journal; an empty list means no problems.

        With `blocks`, those are checked instead of Kubo's, and pins are not checked.
        """
        erased = self.erasure.erased_people
        return check_store(self._engine, self._components, erased, progress, blocks)

    def copy_blocks(
        self, folder: Path, progress: Progress = no_progress, *, only_missing: bool = False
    ) -> int:
        """See `copy_held`."""
        return copy_held(self._catalogue, self._blocks, folder, progress, only_missing=only_missing)

    def evidence(self, last_row: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the lines that let others check catalogue and journal (docs/spec/evidence.md).

        With `last_row`, no later row of the journal is among them.
        """
        for batch in self._catalogue.batches():
            entries = self._catalogue.entries(batch.id)
            yield {"kind": "batch", "name": batch.name, "root": batch.root.hex()} | {
                "leaves": [entry.leaf().hex() for entry in entries],
                "held": [entry.any_key is not None for entry in entries],
            }
        for receipt in self.erasure.list_people():
            yield {"kind": "erasure", **receipt.document()}
        for name, body in self.journal.uses():
            yield {"kind": "use", "hash": name.hex(), "body": body.decode()}
        commit = self.journal.commitments()
        for row in self.journal.rows(last=last_row):
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

    def prove(self, seqs: Collection[int]) -> dict[int, dict[str, Any]]:
        """Return the inclusion proof as JSON of each of these journal rows that is anchored."""
        return {
            seq: {
                "seq": seq,
                "line": self._hashed_fields(seq),
                "index": proof.index,
                "size": proof.size,
                "path": [sibling.hex() for sibling in proof.path],
                "root": anchor.root.hex(),
                "block": anchor.block_number,
            }
            for seq, (proof, anchor) in self.journal.prove(seqs).items()
        }

    def _hashed_fields(self, seq: int) -> dict[str, Any]:
        """Return what a row's hash is computed from, so that a reader can compute it again."""
        rows = list(self.journal.rows(max(1, seq - 1), seq))
        row, before = rows[-1], rows[0].hash if seq > 1 else START
        body = next(body for name, body in self.journal.uses(row.use) if name == row.use)
        return {
            "before": before.hex(),
            "use": body.decode(),
            "commitments": self.journal.commitments()(row.answer).hex(),
            "version": row.answer.version,
            "outcome": row.answer.outcome,
            "consent": row.answer.consent_id.hex(),
        }
