"""The researcher's service: questions, studies, cohorts, models and training sets."""

from __future__ import annotations

from dataclasses import dataclass

from services.researcher.builder import QuestionBuilder
from services.researcher.cohorts import StudyCohorts
from services.researcher.counting import PeopleCounting
from services.researcher.models import StudyModels
from services.researcher.proposing import StudyProposing
from services.researcher.pseudonymised_copies import PseudonymisedCopies
from services.researcher.questions import ResearchQuestions
from services.researcher.runs import ModelRuns
from services.researcher.studies import Studies
from services.researcher.study_runs import StudyRuns
from services.researcher.training_sets import TrainingSets


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearcherService:
    """What researchers can do, by subject.

    Attributes:
        questions: what can be predicted, and how many people may fit.
        builder: questions that are being built.
        counting: how many people a question would have, before anybody is asked.
        studies: of the researcher's party, and their requests to patients.
        proposing: of new studies.
        cohorts: who permits a study, in counts.
        models: training, cards, and what withdrawals did to a model.
        study_runs: training runs, refused ones with their reports.
        training_sets: copies that leave, and whose rows must be deleted.
        pseudonymised_copies: copies under an agreement, and the people to delete from them.
        runs: training and counting while the caller waits, for the operator's command line.
    """

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
