"""Real people in an in-memory record store, under an in-memory ledger of consents."""

from __future__ import annotations

import hashlib
import hmac
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import models.training
from consent import RESEARCH, Anchor, View
from models.budget import Budget
from models.consent_check import ConsentCheck
from models.diagnostics import QUESTIONS, Diagnostics
from models.features import Matrix
from models.model_files import ModelFiles
from models.question import Question
from models.registry import ModelRegistry
from models.serving import ModelServing
from models.studies import Study
from records.mapping import Mapping
from records.table import read_table
from storage import Extractor
from storage.access import AccessRequest, AccessResult
from storage.record import Record

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"
STUDY = "study:diabetes-risk"
CLINIC = "organisation:riverside"
SMALL_BUDGET = Budget(repeats=1, folds=3, inner_folds=2, shadows=8)


@cache
def keyed(label: str, value: bytes) -> bytes:
    return hmac.digest(b"a key of this test", label.encode() + b"\0" + value, "sha256")


@cache
def consent_of(subject: bytes, purpose: str) -> bytes:
    return hashlib.sha256(subject + purpose.encode()).digest()


def load_people(name: str) -> list[list[Record]]:
    """Return the records of each person of an example, with ids like those of a deposit."""
    folder = EXAMPLES / name
    people = []
    for row in read_table(folder / "table.csv", Mapping.load(folder / "mapping.toml")):
        subject = keyed("subject", row.person.encode())
        records = []
        for draft in row.records(subject, "organisation:riverside"):
            record_id = keyed("record", subject + draft.category.encode()).hex()[:32]
            records.append(
                Record(
                    draft.subject,
                    draft.category,
                    draft.custodian,
                    draft.recorded_on,
                    draft.observations,
                    record_id,
                )
            )
        people.append(records)
    return people


@dataclass
class MemoryLedger:
    """A ledger with one consent a subject and purpose.

    `withdrawn` has the withdrawn ones; `refused` the subjects who refuse, and `opted_out` who opted
    out, while their consents stand.
    """

    withdrawn: set[bytes] = field(default_factory=set)
    refused: set[bytes] = field(default_factory=set)
    opted_out: set[bytes] = field(default_factory=set)
    subjects: dict[bytes, bytes] = field(default_factory=dict)
    anchored: dict[str, list[Anchor]] = field(default_factory=dict)
    queries: int = 0
    before_each: Callable[[], None] = lambda: None

    def consent(self, subject: bytes, purpose: str) -> bytes:
        consent = consent_of(subject, purpose)
        self.subjects[consent] = subject
        return consent

    def outcome(self, subject: bytes, purpose: str) -> str:
        if subject in self.refused:
            return "denied"
        if subject in self.opted_out and purpose in RESEARCH:
            return "opted-out"
        is_withdrawn = self.consent(subject, purpose) in self.withdrawn
        return "withdrawn" if is_withdrawn else "permitted"

    def subjects_of(self, consent_ids: Sequence[bytes]) -> list[bytes]:
        return sorted({self.subjects[consent] for consent in consent_ids})

    def withdraw(self, subject: bytes, purpose: str = "MLTRAINING") -> None:
        self.withdrawn.add(self.consent(subject, purpose))

    def find_ended(self, consent_ids: Sequence[bytes]) -> list[bytes]:
        self.queries += 1
        self.before_each()
        return [consent for consent in consent_ids if consent in self.withdrawn]

    def decision_basis(self) -> tuple[object, ...]:
        return len(self.withdrawn), len(self.refused), len(self.opted_out)

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        self.anchored.setdefault(kind, []).append(Anchor(kind, root, count, 1))
        return "0x" + root.hex()

    def anchors(self, kind: str) -> list[Anchor]:
        return self.anchored.get(kind, [])

    def view(self) -> View:
        count = len(self.withdrawn)
        return View(8686, "0x00", b"\1" * 32, 7, b"\2" * 32, 1000, count, b"\3" * 32, 1000)


def extracted(record: Record, extractor: Extractor) -> Record:
    """Return a record as a vault releases it to an extractor."""
    extract = extractor.extract(record)
    return replace(record, observations={}, resources=(), arrivals=(), extract=extract)


@dataclass
class MemoryVault:
    ledger: MemoryLedger
    people: list[list[Record]]
    journal: list[AccessRequest] = field(default_factory=list)

    def _records_of(self, subjects: Sequence[bytes] | None) -> list[Record]:
        if subjects is None:
            return [record for person in self.people for record in person]
        by_subject = {person[0].subject: person for person in self.people}
        return [record for subject in subjects for record in by_subject.get(subject, [])]

    def record_use(self, request: AccessRequest, view: View, outcome: str = "answered") -> int:
        self.journal.append(request)
        return len(self.journal)

    def decide_again(self, request: AccessRequest) -> dict[bytes, tuple[str, bytes]]:
        ledger, purpose = self.ledger, request.purpose
        return {
            bytes.fromhex(record.record_id): (
                ledger.outcome(record.subject, purpose),
                ledger.consent(record.subject, purpose),
            )
            for record in self._records_of(request.subjects)
        }

    def gather(self, request: AccessRequest, *, extractor: Extractor | None = None) -> AccessResult:
        self.journal.append(request)
        records: list[Record] = []
        consents: list[bytes] = []
        refused: Counter[str] = Counter()
        for record in self._records_of(request.subjects):
            if record.category not in request.categories:
                continue
            outcome = self.ledger.outcome(record.subject, request.purpose)
            if outcome == "permitted":
                records.append(record if extractor is None else extracted(record, extractor))
                consents.append(self.ledger.consent(record.subject, request.purpose))
            else:
                refused[outcome] += 1
        return AccessResult(self.ledger.view(), records, consents, dict(refused), {})


@dataclass
class MemoryStore:
    """`linked` has the person of each subject that a custodian linked."""

    vault: MemoryVault
    linked: dict[bytes, bytes] = field(default_factory=dict)

    def persons(self, subjects: Iterable[bytes]) -> dict[bytes, bytes]:
        return {subject: self.linked.get(subject, subject) for subject in subjects}

    def linked_subjects(self, subject: bytes) -> tuple[bytes, ...]:
        person = self.linked.get(subject, subject)
        same = {each for each, other in self.linked.items() if other == person}
        return tuple(sorted(same | {subject}))

    def pseudonyms(self, label: str) -> Callable[[bytes], bytes]:
        return lambda value: keyed(label, value)


@dataclass
class World:
    """A platform in memory with a real database and real files."""

    ledger: MemoryLedger
    store: MemoryStore
    diagnostics: Diagnostics
    now: list[float]

    @property
    def people(self) -> list[list[Record]]:
        return self.store.vault.people

    @property
    def files(self) -> ModelFiles:
        return ModelFiles(self.diagnostics.home)

    @property
    def registry(self) -> ModelRegistry:
        return ModelRegistry(self.diagnostics.engine)

    def retire(self, model_id: str) -> None:
        """Retire a model as the worker does after its grace period."""
        consents = ConsentCheck(self.ledger, self.store)
        ModelServing(consents, self.registry, self.files, lambda: self.now[0]).retire(model_id)


@pytest.fixture(scope="session")
def nhanes_people() -> list[list[Record]]:
    return load_people("nhanes")


@pytest.fixture(scope="session")
def heart_people() -> list[list[Record]]:
    return load_people("heart")


@pytest.fixture(scope="session")
def nhanes() -> Question:
    return Question.load(QUESTIONS / "nhanes-diabetes.toml")


@pytest.fixture(scope="session")
def heart() -> Question:
    return Question.load(QUESTIONS / "uci-heart.toml")


@pytest.fixture(scope="session")
def store_of() -> Callable[[list[list[Record]]], MemoryStore]:
    """Return a function that makes a store of some people, who permit everything."""
    return lambda people: MemoryStore(MemoryVault(MemoryLedger(), people))


@dataclass
class Calculations:
    """Develops and assesses each model once: the same input gives the same result."""

    done: dict[str, Any] = field(default_factory=dict)
    develop: Callable[..., Any] = models.training.develop
    assess: Callable[..., Any] = models.training.assess

    def develop_once(self, matrix: Matrix, patients: Sequence[str], question, conditions) -> Any:
        """Return what `develop` returns."""
        key = key_of("develop", matrix, patients, question, conditions)
        if key not in self.done:
            self.done[key] = self.develop(matrix, patients, question, conditions)
        return self.done[key]

    def assess_once(self, matrix: Matrix, patients, question, development, parts=()) -> Any:
        """Return what `assess` returns."""
        # A development is one object: it is kept here, so that its id is that of no other.
        rest = (id(development), tuple(parts))
        key = key_of("assess", matrix, patients, question, rest)
        if key not in self.done:
            self.done[key] = self.assess(matrix, patients, question, development, parts)
        return self.done[key]


def key_of(name: str, matrix: Matrix, patients: Sequence[str], question, rest: object) -> str:
    """Return a hash of everything that a calculation depends on."""
    rows = [matrix.values, matrix.labels, matrix.people, matrix.index_s]
    words = (name, list(patients), question.text, rest)
    return hashlib.sha256(pickle.dumps(words) + b"".join(map(pickle.dumps, rows))).hexdigest()


@pytest.fixture(scope="session")
def calculations() -> Calculations:
    return Calculations()


@pytest.fixture
def calculates_again() -> None:
    """A test that asks for this compares calculations, and so makes each itself."""


@pytest.fixture
def shared_calculations(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, calculations: Calculations
) -> None:
    """A model that an earlier test developed from the same rows is not developed again."""
    if "calculates_again" not in request.fixturenames:
        monkeypatch.setattr(models.training, "develop", calculations.develop_once)
        monkeypatch.setattr(models.training, "assess", calculations.assess_once)


@pytest.fixture
def build(
    sqlite_engine, tmp_path: Path, shared_calculations: None
) -> Iterator[Callable[..., World]]:
    """Return a function that makes a world of some people; each world is closed at the end."""
    worlds: list[World] = []

    def build_world(people: list[list[Record]], **changes: object) -> World:
        ledger, now = MemoryLedger(), [1_000_000.0]
        # A list of its own: other tests use the same people.
        store = MemoryStore(MemoryVault(ledger, list(people)))
        home = tmp_path / f"models-{len(worlds)}"
        changes.setdefault("budget", SMALL_BUDGET)
        engine: Any = changes.pop("engine", sqlite_engine)
        diagnostics = Diagnostics(engine, ledger, store, home, lambda: now[0], **changes)
        diagnostics.add_study(
            Study(STUDY, "Diabetes risk", "https://example.org/protocol", 2_000_000)
        )
        worlds.append(World(ledger, store, diagnostics, now))
        return worlds[-1]

    yield build_world
    for world in worlds:
        world.diagnostics.close()
