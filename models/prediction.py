"""Makes one prediction about one patient: open the records, check the input, predict, explain."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from consent import TREATDS, View
from models.card import Card, read_stored_card
from models.cohort import PATIENT_LABEL
from models.drift import find_places
from models.errors import InputMissing, ModelsBroken
from models.features import Values
from models.inputs import InputValue, list_input_values, read_row
from models.model_files import CARD, MODEL, ModelFiles
from models.ports import RecordStore
from models.question import Question, load_stored_question
from models.registry import AFFECTED, Model
from models.scorer import Scorer
from models.serving import ModelServing
from models.splits import list_sites
from models.training_range import Unusual, find_unusual
from storage import AccessRequest, AccessResult, StorageNotFound

_TOP: Final = 3


@dataclass(frozen=True, slots=True)
class PredictionRequest:
    """Who requests a prediction about whom.

    Attributes:
        party: the clinician's organisation.
        subject: the patient.
        model_id: the model.
        reason: a sentence for the journal.
        actor: the clinician.
    """

    party: str
    subject: bytes
    model_id: str
    reason: str
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """The effect of one feature on a prediction: log-odds, above 0 if it raised the probability."""

    code: str
    words: str
    value: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction with everything that it is based on.

    Attributes:
        model_id, model_sha256, question, outcome: what predicted which outcome.
        probability: the prediction, at two decimals.
        low, high: the 95 % interval: see `models.answer_interval.AnswerInterval`.
        site: empty, or `new` or `unmeasured` if the model did not learn from the patient's site:
            see `models.card.Card.compare_sites`.
        similar: how many tested patients had an estimate like this, and how many of them the
            outcome; in tens, or a text where there are 1 to 10.
        unusual: what sets the patient apart from those whom the model learned from.
        places: the bin of each predictor and of the estimate on the card, to watch for drift.
        prevalence: the share of the patients of the card who had the outcome.
        start: the prediction before any value moves it: all contributions 0; at two decimals.
        inputs: the values that the model received.
        contributions: of each feature, the largest effect first; `top` are the first three.
        records: ids of the records that were opened.
        view: the ledger view of the decision.
        input_commitment: a keyed hash of model and input, to verify the prediction later.
        is_affected: True if the model lost consent and is in its grace period.
    """

    model_id: str
    model_sha256: str
    question: str
    outcome: str
    probability: float
    low: float
    high: float
    site: str
    similar: tuple[int | str, int | str]
    unusual: Unusual
    places: tuple[int, ...]
    prevalence: float
    start: float
    inputs: tuple[InputValue, ...]
    contributions: tuple[Contribution, ...]
    records: tuple[str, ...]
    view: View
    input_commitment: bytes
    is_affected: bool

    @property
    def top(self) -> tuple[Contribution, ...]:
        """The three features with the largest effect."""
        return self.contributions[:_TOP]


@dataclass(frozen=True, slots=True)
class Predictor:
    """Makes predictions with the models in service."""

    store: RecordStore
    serving: ModelServing
    files: ModelFiles
    scorer: Scorer

    def predict(self, request: PredictionRequest) -> Prediction:
        """Return the prediction; access and prediction are journalled by then.

        Raises:
            StorageNotFound: the patient does not exist, or none of the records is permitted.
            InputMissing: records of a required category are not available.
            InputOutOfRange, UnitMismatch: the model cannot accept a value of the patient.
            PatientIneligible: the model is not intended for this patient.
            ModelRetired, ModelsNotFound: the model is not in service, or does not exist.
            ModelsBroken: a file of the model is not the one that was written.
            ScorerUnavailable: the process that runs models does not answer.
        """
        model = self.serving.require_serving(request.model_id)
        question = load_stored_question(model.question_text)
        access = self._access(request, question, {"model": model.sha256})
        opened = self._open(access)
        # The ledger may have changed since: a model that lost consent may not answer any more.
        self.serving.recheck()
        model = self.serving.require_serving(request.model_id)
        row = _make_row(question, opened)
        path = self.files.path(model.id, MODEL)
        hash_patient = self.store.pseudonyms(PATIENT_LABEL)
        names = [hash_patient(subject).hex() for subject in access.subjects or ()]
        scores = self.scorer.score(path, model.sha256, row[None, question.predictors()], names)
        # Two decimals: more would be false precision, and help somebody who probes the model.
        # Interval and evidence follow from these, and tell nothing beyond them.
        card, probability = self._card(model), round(scores.probabilities[0], 2)
        site = card.compare_sites(list_sites(question, opened.records, row))
        low, high = card.interval(probability, site)
        commitment = self._commit(model, row)
        detail = {"model": model.sha256, "input": commitment.hex()}
        subjects = sorted({record.subject for record in opened.records})
        use = replace(access, subjects=subjects, detail=detail)
        self.store.vault.record_use(use, opened.view)
        return Prediction(
            model_id=model.id,
            model_sha256=model.sha256,
            question=question.id,
            outcome=question.label.words,
            probability=probability,
            low=round(low, 2),
            high=round(high, 2),
            site=site,
            similar=card.similar(probability),
            unusual=find_unusual(card.content, question, row),
            places=find_places(card.content, row[question.predictors()], scores.probabilities[0]),
            prevalence=card.content["evaluation"]["prevalence"],
            # The last of the log-odds is the bias, which belongs to no feature.
            start=round(1 / (1 + math.exp(-scores.contributions[0][-1])), 2),
            inputs=list_input_values(question, opened.records, opened.view.seen_at_s),
            contributions=_contributions(question, row, scores.contributions[0]),
            records=tuple(record.record_id for record in opened.records),
            view=opened.view,
            input_commitment=commitment,
            is_affected=model.state == AFFECTED,
        )

    def input_values(
        self, question: Question, request: PredictionRequest
    ) -> tuple[InputValue, ...]:
        """Return the values that the model would receive; the access is journalled by then.

        Raises:
            StorageNotFound: the patient does not exist, or none of the records is permitted.
        """
        opened = self._open(self._access(request, question, {}))
        return list_input_values(question, opened.records, opened.view.seen_at_s)

    def _access(
        self, request: PredictionRequest, question: Question, detail: dict[str, str]
    ) -> AccessRequest:
        """Return the request for the records of the whole person, each under its own consent."""
        return AccessRequest(
            party=request.party,
            purpose=TREATDS,
            categories=question.categories,
            custodian=None,
            subjects=self.store.linked_subjects(request.subject),
            why=request.reason,
            actor=request.actor,
            detail=detail,
        )

    def _open(self, access: AccessRequest) -> AccessResult:
        opened = self.store.vault.gather(access)
        if not opened.records:
            raise StorageNotFound("patient not found, or you do not have access")
        return opened

    def _card(self, model: Model) -> Card:
        card, sha256 = read_stored_card(self.files.read(model.id, CARD))
        if sha256 != model.card_sha256:
            raise ModelsBroken(f"the card of model {model.id} is not the one that was written")
        return card

    def _commit(self, model: Model, row: Values) -> bytes:
        content = model.sha256.encode() + np.ascontiguousarray(row, "<f4").tobytes()
        # The label is hashed too: if it changed, no earlier commitment could be verified.
        return self.store.pseudonyms("diagnosis input")(content)


def _make_row(question: Question, opened: AccessResult) -> Values:
    available = {record.category for record in opened.records}
    for category in question.required:
        if category not in available:
            # The error does not say whether the records are refused or do not exist.
            raise InputMissing(category)
    return read_row(question, opened.records, opened.view.seen_at_s)


def _contributions(
    question: Question, row: Values, log_odds: list[float]
) -> tuple[Contribution, ...]:
    contributions = []
    for column, effect in zip(question.predictors(), log_odds[:-1], strict=True):
        feature = question.features[column]
        value = feature.format(float(row[column]))
        contributions.append(Contribution(feature.code, feature.words, value, round(effect, 3)))
    return tuple(sorted(contributions, key=lambda part: (-abs(part.log_odds), part.code)))
