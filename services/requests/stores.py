"""The stores of this package on one database, built together."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from consent import ConsentLedger
from models import Diagnostics
from services.installation import Installation
from services.parties import PartyNames
from services.requests.censuses import Censuses
from services.requests.consent_requests import ConsentRequests
from services.requests.copies import ReleasedCopies
from services.requests.copy_deletions import CopyDeletions
from services.requests.count_budget import CountBudget
from services.requests.countable_people import CountablePeople
from services.requests.counting_rules import CountingRules
from services.requests.descriptions import RequestDescriptions
from services.requests.directory import PatientDirectory
from services.requests.erasures import ErasureRequests
from services.requests.feasibility import FeasibilityCounts
from services.requests.history import AccessHistory
from services.requests.messages import Messages
from services.requests.patients_in_care import PatientsInCare
from services.requests.predictions import StoredPredictions
from services.requests.proposals import StudyProposals
from services.requests.question_drafts import QuestionDrafts
from services.requests.reach import StudyReach
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStores:
    """What people request of each other, and what became of it."""

    parties: PartyNames
    directory: PatientDirectory
    proposals: StudyProposals
    requests: ConsentRequests
    care: PatientsInCare
    predictions: StoredPredictions
    feasibility: FeasibilityCounts
    copies: ReleasedCopies
    deletions: CopyDeletions
    history: AccessHistory
    descriptions: RequestDescriptions
    reach: StudyReach
    messages: Messages
    erasures: ErasureRequests
    drafts: QuestionDrafts
    censuses: Censuses
    counting_rules: CountingRules
    countable: CountablePeople
    count_budget: CountBudget


def build_stores(
    engine: sa.Engine,
    ledger: ConsentLedger,
    store: RecordStore,
    diagnostics: Diagnostics,
    installation: Installation,
) -> RequestStores:
    """Return the stores; nothing is read or written yet."""
    clock = installation.clock
    parties = PartyNames(
        diagnostics, installation.organisation, installation.profile, installation.others
    )
    directory = PatientDirectory(engine, store, clock)
    proposals = StudyProposals(engine, diagnostics, clock)
    rules = CountingRules(engine, clock)
    copies = ReleasedCopies(engine, store, clock)
    deletions = CopyDeletions(
        engine=engine,
        store=store,
        proposals=proposals,
        copies=copies,
        diagnostics=diagnostics,
    )
    return RequestStores(
        parties=parties,
        directory=directory,
        proposals=proposals,
        requests=ConsentRequests(engine, store, clock),
        care=PatientsInCare(store, ledger, directory),
        predictions=StoredPredictions(engine, store, clock),
        feasibility=FeasibilityCounts(engine, clock),
        copies=copies,
        deletions=deletions,
        messages=Messages(engine, store, clock),
        history=AccessHistory(store, ledger, diagnostics, copies, deletions),
        erasures=ErasureRequests(engine, clock),
        drafts=QuestionDrafts(engine, clock),
        censuses=Censuses(store, installation),
        counting_rules=rules,
        countable=CountablePeople(
            rules=rules,
            store=store,
            proposals=proposals,
            organisation=installation.organisation,
        ),
        count_budget=CountBudget(engine, clock),
        reach=StudyReach(store=store, diagnostics=diagnostics),
        descriptions=RequestDescriptions(
            proposals=proposals,
            parties=parties,
            diagnostics=diagnostics,
            organisation=installation.organisation,
            clock=clock,
        ),
    )
