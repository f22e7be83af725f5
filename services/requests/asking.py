"""Builds the parts of this package on one database; goes with the last user of `Platform`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from consent import ConsentLedger
from models import Diagnostics
from services.parties import PartyNames
from services.requests.consent_requests import ConsentRequests
from services.requests.copies import ReleasedCopies
from services.requests.descriptions import RequestDescriptions
from services.requests.directory import PatientDirectory
from services.requests.feasibility import FeasibilityCounts
from services.requests.history import AccessHistory
from services.requests.patients_in_care import PatientsInCare
from services.requests.predictions import StoredPredictions
from services.requests.proposals import StudyProposals
from storage import RecordStore


@dataclass(frozen=True)
class Asking:
    """The parts, built when they are first needed."""

    engine: sa.Engine
    clock: Callable[[], float]
    ledger: ConsentLedger
    store: RecordStore
    diagnostics: Diagnostics
    organisation: str

    @cached_property
    def parties(self) -> PartyNames:
        """Names of studies and organisations."""
        return PartyNames(self.diagnostics)

    @cached_property
    def directory(self) -> PatientDirectory:
        """Subjects by hospital number."""
        return PatientDirectory(self.engine, self.store, self.clock)

    @cached_property
    def proposals(self) -> StudyProposals:
        """The studies that researchers propose."""
        return StudyProposals(self.engine, self.diagnostics, self.clock)

    @cached_property
    def requests(self) -> ConsentRequests:
        """Requests for consent."""
        return ConsentRequests(self.engine, self.store, self.clock)

    @cached_property
    def care(self) -> PatientsInCare:
        """The patients of an organisation."""
        return PatientsInCare(self.store, self.ledger, self.directory)

    @cached_property
    def predictions(self) -> StoredPredictions:
        """Predictions that clinicians requested."""
        return StoredPredictions(self.engine, self.store, self.clock)

    @cached_property
    def feasibility(self) -> FeasibilityCounts:
        """How many people may fit a question."""
        return FeasibilityCounts(self.engine, self.clock)

    @cached_property
    def copies(self) -> ReleasedCopies:
        """Training sets that were downloaded."""
        return ReleasedCopies(self.engine, self.store, self.clock)

    @cached_property
    def history(self) -> AccessHistory:
        """Uses and refusals of a patient's records."""
        return AccessHistory(self.store, self.ledger)

    @cached_property
    def descriptions(self) -> RequestDescriptions:
        """The text of requests."""
        return RequestDescriptions(
            proposals=self.proposals,
            parties=self.parties,
            diagnostics=self.diagnostics,
            organisation=self.organisation,
            clock=self.clock,
        )

    def party_name(self, party: str) -> str:
        """Return the name of a study or an organisation."""
        return self.parties.name_of(party)
