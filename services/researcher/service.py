"""The researcher's service: questions, studies, cohorts, models and training sets."""

from __future__ import annotations

from dataclasses import dataclass

from services.parts import Parts
from services.researcher.builder import QuestionBuilder
from services.researcher.cohorts import StudyCohorts
from services.researcher.counting import PeopleCounting
from services.researcher.models import StudyModels, WithdrawalCounts
from services.researcher.owned_studies import OwnedStudies
from services.researcher.proposing import StudyProposing
from services.researcher.pseudonymised_copies import PseudonymisedCopies
from services.researcher.questions import ResearchQuestions
from services.researcher.runs import ModelRuns
from services.researcher.studies import Studies
from services.researcher.study_runs import StudyRuns
from services.researcher.training_sets import TrainingSets


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearcherService:
    """What researchers can do, by subject."""

    questions: ResearchQuestions
    builder: QuestionBuilder
    counting: PeopleCounting
    studies: Studies
    proposing: StudyProposing
    cohorts: StudyCohorts
    models: StudyModels
    study_runs: StudyRuns
    training_sets: TrainingSets
    pseudonymised_copies: PseudonymisedCopies
    runs: ModelRuns


def build_researcher(parts: Parts) -> ResearcherService:
    """Return the researcher's service; nothing is read or written yet."""
    requests, diagnostics = parts.requests, parts.diagnostics
    ledger, store, feasibility = parts.ledger, parts.store, requests.feasibility
    owned = OwnedStudies(proposals=requests.proposals, diagnostics=diagnostics)
    counting = PeopleCounting(
        drafts=requests.drafts,
        censuses=requests.censuses,
        countable=requests.countable,
        budget=requests.count_budget,
        jobs=parts.jobs,
        store=store,
        ledger=ledger,
        proposals=requests.proposals,
    )
    return ResearcherService(
        questions=ResearchQuestions(
            diagnostics=diagnostics,
            countable=requests.countable,
            feasibility=feasibility,
            noise=requests.censuses.noise,
            budget=requests.count_budget,
            clock=parts.installation.clock,
            home=parts.installation.home,
        ),
        builder=QuestionBuilder(
            drafts=requests.drafts,
            counting=counting,
            diagnostics=diagnostics,
            home=parts.installation.home,
        ),
        counting=counting,
        studies=Studies(
            owned=owned,
            requests=requests.requests,
            reach=requests.reach,
            descriptions=requests.descriptions,
            diagnostics=diagnostics,
            feasibility=feasibility,
        ),
        proposing=StudyProposing(proposals=requests.proposals, diagnostics=diagnostics),
        cohorts=StudyCohorts(
            owned=owned,
            requests=requests.requests,
            store=store,
            ledger=ledger,
            feasibility=feasibility,
        ),
        study_runs=StudyRuns(owned=owned, diagnostics=diagnostics, cards=parts.cards),
        models=StudyModels(
            owned=owned,
            jobs=parts.jobs,
            cards=parts.cards,
            monitoring=parts.model_monitoring,
            withdrawals=WithdrawalCounts(diagnostics=diagnostics, feasibility=feasibility),
            diagnostics=diagnostics,
        ),
        training_sets=TrainingSets(
            owned=owned,
            copies=requests.copies,
            store=store,
            diagnostics=diagnostics,
            feasibility=feasibility,
        ),
        pseudonymised_copies=PseudonymisedCopies(
            owned=owned,
            copies=requests.copies,
            deletions=requests.deletions,
            store=store,
            diagnostics=diagnostics,
            feasibility=feasibility,
        ),
        runs=ModelRuns(diagnostics=diagnostics, cards=parts.cards),
    )
