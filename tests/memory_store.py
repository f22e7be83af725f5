"""A record store without nodes: blocks in memory, and a ledger that only anchors."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import pytest
import sqlalchemy as sa

from consent import (
    REASONS,
    Anchor,
    Decision,
    DecisionRequest,
    DecisionRequestBatch,
    Decisions,
    View,
)
from deploy.database import make_engine
from services.accounts import Site
from services.custodian.fhir_files import FhirFile
from services.custodian.intake import FhirIntake, IntakeReport
from services.custodian.intake_stores import IntakeStores
from services.custodian.items import ItemIndex
from services.custodian.medicine_uses import MedicineUses
from services.custodian.parked import ParkedEntries
from services.custodian.patient_journal import PatientJournal
from services.custodian.patient_names import PatientNames
from services.custodian.records import CustodianRecords
from services.custodian.sender_servers import SenderServers
from services.installation import Installation
from services.requests import PatientDirectory
from services.requests.censuses import Censuses
from services.tables import METADATA as SERVICE_TABLES
from storage import Record, RecordStore, StorageNotFound
from storage.car import raw_cid, read_car, root_cid
from storage.deposit import Deposits
from storage.duties import to_mask
from storage.keys import SecretKey
from storage.tables import METADATA as STORAGE_TABLES

HERE = "organisation:here"
NOW_S = 1_800_000_000
CONSENT = b"c" * 32
HL7 = "http://terminology.hl7.org/CodeSystem/observation-category"
LABORATORY = [{"coding": [{"system": HL7, "code": "laboratory"}]}]
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"value": "V-100"}],
    "gender": "female",
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "category": LABORATORY,
    "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2024-03-05",
    "valueQuantity": {"value": 101, "code": "mg/dL"},
}
MEDICATION: dict[str, Any] = {
    "resourceType": "Medication",
    "id": "m1",
    "code": {"coding": [{"system": "http://www.whocc.no/atc", "code": "A10BA02"}]},
}
MEDICATION_REQUEST: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "r1",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "authoredOn": "2024-03-05",
    "medicationReference": {"reference": "Medication/m1"},
}


class MemoryBlocks:
    """Blocks under their CID; every one that was imported stays."""

    def __init__(self) -> None:
        self.blocks: dict[bytes, bytes] = {}

    def import_car(self, car: Path, root: bytes) -> None:
        with car.open("rb") as file:
            self.blocks |= {raw_cid(block): block for _, block in read_car(file)}

    def pin(self, cids: Sequence[bytes]) -> bytes:
        return root_cid(b"".join(cids))

    def list_pins(self) -> set[bytes]:
        return set()

    def unpin(self, roots: Sequence[bytes]) -> None:
        pass

    def find_damaged(self, roots: Iterable[bytes]) -> set[bytes]:
        return set()

    def collect_garbage(self) -> None:
        pass

    def version(self) -> str:
        return "memory"

    def get(self, cid: bytes, size: int) -> bytes:
        if cid not in self.blocks:
            raise StorageNotFound("no such block")
        return self.blocks[cid]

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for cid in cids:
            yield cid, self.get(cid, 0)


class AnchorLedger:
    """A ledger that anchors everything and decides nothing."""

    def anchors(self, kind: str, last: int | None = None) -> list[Any]:
        return []

    def anchor(self, kind: str, root: bytes, count: int) -> bytes:
        return root

    def view(self) -> View:
        return View(8686, "0x00", b"\1" * 32, 7, b"\2" * 32, NOW_S, 1, b"\3" * 32, NOW_S)


class Anchored(AnchorLedger):
    """A ledger that shows the anchors that were written to it."""

    def __init__(self) -> None:
        self.published: list[Anchor] = []

    def anchors(self, kind: str, last: int | None = None) -> list[Anchor]:
        return self.published[-(last or 0) :]

    def anchor(self, kind: str, root: bytes, count: int) -> bytes:
        self.published.append(Anchor(kind, root, count, len(self.published)))
        return root


class DecidingLedger(AnchorLedger):
    """A ledger with one decision a subject, whatever is requested; permitted if none is set."""

    def __init__(self) -> None:
        self.reasons: dict[bytes, str] = {}
        self.duties: dict[bytes, tuple[str, ...]] = {}

    def decide_each(self, requests: Sequence[DecisionRequest], view: Any = None) -> list[Decision]:
        decisions = []
        for request in requests:
            reason = self.reasons.get(request.subject, "permitted")
            duties = self.duties.get(request.subject, ())
            is_permitted = reason == "permitted"
            decisions.append(Decision(is_permitted, reason, (CONSENT,), duties, self.view()))
        return decisions

    def decide_many(self, batch: DecisionRequestBatch, view: Any = None) -> Decisions:
        subjects = [row.tobytes() for row in batch.subjects]
        codes = [REASONS.index(self.reasons.get(s, "permitted")) for s in subjects]
        consents = np.tile(np.frombuffer(CONSENT, np.uint8), (len(codes), 1))
        duties = np.array([to_mask(self.duties.get(s, ())) for s in subjects], np.uint32)
        return Decisions(self.view(), np.array(codes, np.uint8), consents, duties)


class CorrectedModels:
    """Remembers which records were reported as corrected."""

    def __init__(self) -> None:
        self.records: list[str] = []

    def apply_corrections(self, record_ids: Sequence[str]) -> list[Any]:
        self.records += record_ids
        return []


@cache
def empty_database() -> bytes:
    """Return an SQLite file with every table of store and services: to make one takes longer."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = make_engine(f"sqlite:///{path}")
        for tables in (STORAGE_TABLES, SERVICE_TABLES):
            tables.create_all(engine)
        engine.dispose()
        return path.read_bytes()


class Custodian:
    """A custodian's services of deposits on a store without nodes."""

    def __init__(
        self,
        home: Path,
        systems: tuple[str, ...] = (),
        ledger: Any = None,
        blocks: MemoryBlocks | None = None,
    ) -> None:
        database = home / "test.db"
        if not database.exists():
            database.write_bytes(empty_database())
        self.engine: sa.Engine = make_engine(f"sqlite:///{database}")
        self.now_s = NOW_S
        self.ledger: Any = ledger or AnchorLedger()
        self.home, self.blocks = home, blocks or MemoryBlocks()
        self.store = self.open_store()
        self.directory = PatientDirectory(self.engine, self.store, lambda: self.now_s)
        self.models: Any = CorrectedModels()
        names = PatientNames(self.engine, self.store)
        self.parked = ParkedEntries(self.engine, self.store, names, lambda: self.now_s)
        self.items = ItemIndex(self.engine, self.store)
        self.stores = IntakeStores(
            items=self.items,
            names=names,
            parked=self.parked,
            servers=SenderServers(self.engine, self.store),
            uses=MedicineUses(self.engine, self.store),
        )
        self.configure(systems)

    def open_store(self, *, death_ends_consents: bool = False) -> RecordStore:
        """Return what another process would hold, with another rule for the deceased."""
        store = RecordStore(
            self.engine,
            self.blocks,
            self.ledger,
            self.home,
            lambda: self.now_s,
            death_ends_consents=death_ends_consents,
        )
        store._keys.unseal(SecretKey(b"r" * 32))  # a passphrase takes a second to stretch
        return store

    def configure(self, systems: tuple[str, ...]) -> None:
        """Use other identifier systems from now on."""
        ports: dict[str, Any] = {
            "store": self.store,
            "directory": self.directory,
            "diagnostics": self.models,
            "installation": Installation(
                organisation=HERE,
                site=Site.at("http://localhost:8000", "localhost"),
                home=self.home,
                clock=lambda: self.now_s,
                is_development=True,
                version="0",
                person_systems=systems,
            ),
        }
        self.installation: Installation = ports["installation"]
        self.journal = PatientJournal(
            ledger=self.ledger, store=self.store, installation=self.installation
        )
        self.intake = FhirIntake(**ports, stores=self.stores, journal=self.journal)
        self.records = CustodianRecords(**ports)
        self.censuses = Censuses(self.store, self.installation)

    def stored(self, person: str | None = None) -> list[Record]:
        """Return every current record, or those of a person."""
        entries = self.store._catalogue.current()
        if person is not None:
            subject = self.directory.find_subject(person)
            entries = [entry for entry in entries if entry.subject == subject]
        records = self.store.versions._reader.read(entries)
        return [record for record in records if record is not None]


def bundle(*entries: Any, kind: str = "collection") -> bytes:
    wrapped = [e if "resourceType" not in e else {"resource": e} for e in entries]
    return orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": wrapped})


def send(custodian: Custodian, *bodies: bytes, sender: str = "") -> IntakeReport:
    files = [FhirFile(f"{n}.json", lambda b=b: io.BytesIO(b)) for n, b in enumerate(bodies)]
    return custodian.intake.store(files, sender, lambda *_: None)


def meanwhile(monkeypatch: pytest.MonkeyPatch, step: str, work: Callable[[], object]) -> None:
    """Let another process do `work` just before this step of a deposit, once."""
    steps = getattr(Deposits, step)

    def after_work(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(Deposits, step, steps)
        work()
        return steps(*args, **named)

    monkeypatch.setattr(Deposits, step, after_work)
