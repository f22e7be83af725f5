"""The front door of asking: who is a patient here, who asks them for what, what they said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from consent import ConsentLedger
from models import Diagnostics
from services.requests.answers import StoredPredictions
from services.requests.care import Care
from services.requests.directory import Directory
from services.requests.feasibility import Feasibility
from services.requests.history import History
from services.requests.proposals import Proposals
from services.requests.requests import Requests
from services.requests.sets import Sets
from storage import RecordStore


@dataclass(frozen=True)
class Asking:
    """The parts that requests are made of, on one database.

    Attributes:
        directory: hospital numbers and subjects.
        proposals: studies that wait, or were approved or refused.
        requests: what patients are asked, and what they said.
    """

    engine: sa.Engine
    clock: Callable[[], float]
    ledger: ConsentLedger
    store: RecordStore
    diagnostics: Diagnostics
    organisation: str

    @cached_property
    def directory(self) -> Directory:
        """Which hospital number is which subject."""
        return Directory(self.engine, self.store, self.clock)

    @cached_property
    def proposals(self) -> Proposals:
        """The studies that researchers propose."""
        return Proposals(self.engine, self.diagnostics, self.clock)

    @cached_property
    def requests(self) -> Requests:
        """What patients are asked."""
        return Requests(self.engine, self.store, self.clock)

    @cached_property
    def care(self) -> Care:
        """Whom an organisation may help."""
        return Care(self.store, self.ledger, self.directory)

    @cached_property
    def answers(self) -> StoredPredictions:
        """The diagnoses that clinicians asked for."""
        return StoredPredictions(self.engine, self.store, self.clock)

    @cached_property
    def feasibility(self) -> Feasibility:
        """How many people may fit a question."""
        return Feasibility(self.engine, self.clock)

    @cached_property
    def sets(self) -> Sets:
        """The training sets that left."""
        return Sets(self.engine, self.store, self.clock)

    @cached_property
    def history(self) -> History:
        """What happened to a patient's records."""
        return History(self.store, self.ledger)

    def eligible(self, categories: Sequence[str]) -> list[bytes]:
        """Return the subjects of whom records of each of these categories are here, in order."""
        held: dict[bytes, set[str]] = {}
        for subject, category in self.store.list_subject_categories(categories):
            held.setdefault(subject, set()).add(category)
        wanted = set(categories)
        return [subject for subject, found in held.items() if found >= wanted]

    def party_name(self, party: str) -> str:
        """Return what people call a study or an organisation; its id's own words if nothing else.

        A study is called by its title.
        """
        for study in self.diagnostics.studies():
            if study.id == party:
                return study.title
        return party.partition(":")[2].replace("-", " ").strip() or party
