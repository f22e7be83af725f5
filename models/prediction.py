"""One answer about one patient: open for TREATDS, check the input, predict, explain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from consent import View
from models.card import Card
from models.errors import InputMissing, InputOutOfRange, ModelsBroken
from models.evaluation import interval
from models.features import Values, eligible, newest, spoken, to_row
from models.files import CARD, MODEL, Files
from models.ports import RecordStore
from models.question import DIAGNOSIS, Question, remembered
from models.registry import Model
from models.scorer import Scorer
from models.serving import Serving
from storage import AccessRequest, AccessResult, StorageNotFound

_TOP: Final = 3


@dataclass(frozen=True, slots=True)
class PredictionRequest:
    """Who asks about whom: `party` is the clinician's organisation, `actor` the clinician.

    `reason` is a sentence for the journal.
    """

    party: str
    subject: bytes
    model_id: str
    reason: str
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature did to this answer: log-odds, above 0 where it raised the probability."""

    code: str
    words: str
    value: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer with all that it rests on; `low` and `high` are the card's 95 % interval.

    `contributions` are the greatest first; `top` are three of them. `input_commitment` is a keyed
    hash of model and input, so that the answer can be checked later without being told.
    """

    model_id: str
    model_sha256: str
    question: str
    outcome: str
    probability: float
    low: float
    high: float
    prevalence: float
    contributions: tuple[Contribution, ...]
    records: tuple[str, ...]
    view: View
    input_commitment: bytes
    is_affected: bool

    @property
    def top(self) -> tuple[Contribution, ...]:
        """The three features that did most."""
        return self.contributions[:_TOP]


@dataclass(frozen=True, slots=True)
class Clinic:
    """Everything that an answer needs."""

    store: RecordStore
    serving: Serving
    files: Files
    scorer: Scorer


def predict(clinic: Clinic, asked: PredictionRequest) -> Prediction:
    """Return the answer; what was opened for it, and the answer itself, are in the journal by then.

    Raises:
        NotFound (storage): no such patient, or none of the records is permitted; the same answer.
        InputMissing: records of a category that the question needs are not available.
        InputOutOfRange: the patient is not one whom the model was made for.
        ModelRetired, NotFound (models): the model does not answer, or does not exist.
        ScorerUnavailable: the process that runs models is away.
    """
    model = clinic.serving.require(asked.model_id)
    question = remembered(model.question_text)
    wanted = _wanted(asked, model, question)
    gathered = _opened(clinic, wanted)
    clinic.serving.refresh(gathered.view.count)
    model = clinic.serving.require(asked.model_id)
    row = _row(question, gathered)
    predictors = row[None, question.predictors()]
    path = clinic.files.path(model.id, MODEL)
    scores = clinic.scorer.score(path, model.sha256, predictors)
    card = _card(clinic, model)
    probability = scores.probabilities[0]
    low, high = interval(card.bins(), probability)
    commitment = _commitment(clinic.store, model, row)
    told = {"model": model.sha256, "input": commitment.hex()}
    clinic.store.vault.record_use(replace(wanted, detail=told), gathered.view)
    return Prediction(
        model_id=model.id,
        model_sha256=model.sha256,
        question=question.id,
        outcome=question.label.words,
        # Two decimals: more would be false precision, and help whoever probes the model.
        probability=round(probability, 2),
        low=round(low, 2),
        high=round(high, 2),
        prevalence=card.content["evaluation"]["prevalence"],
        contributions=_contributions(question, row, scores.contributions[0]),
        records=tuple(record.record_id for record in gathered.records),
        view=gathered.view,
        input_commitment=commitment,
        is_affected=model.state == "affected",
    )


def _wanted(asked: PredictionRequest, model: Model, question: Question) -> AccessRequest:
    return AccessRequest(
        asked.party,
        DIAGNOSIS,
        question.categories,
        None,
        (asked.subject,),
        asked.reason,
        asked.actor,
        {"model": model.sha256},
    )


def _opened(clinic: Clinic, wanted: AccessRequest) -> AccessResult:
    gathered = clinic.store.vault.gather(wanted)
    if not gathered.records:
        raise StorageNotFound("no such patient, or not for you")
    return gathered


def _row(question: Question, gathered: AccessResult) -> Values:
    held = {record.category for record in gathered.records}
    absent = [category for category in question.required if category not in held]
    if absent:
        # Whether they are refused or not there is not said.
        raise InputMissing(f"records of this kind are needed and not available: {absent[0]}")
    row = to_row(question, newest(gathered.records))
    refused = eligible(question, row)
    if refused:
        raise InputOutOfRange(f"the model was not made for this patient: {refused}")
    return row


def _card(clinic: Clinic, model: Model) -> Card:
    card = Card.from_json(clinic.files.read(model.id, CARD))
    if card.sha256 != model.card_sha256:
        raise ModelsBroken(f"the card of model {model.id} is not the one that was written")
    return card


def _contributions(
    question: Question, row: Values, log_odds: list[float]
) -> tuple[Contribution, ...]:
    found = []
    for place, told in zip(question.predictors(), log_odds, strict=False):
        feature = question.features[place]
        value = spoken(feature, float(row[place]))
        found.append(Contribution(feature.code, feature.words, value, round(told, 3)))
    return tuple(sorted(found, key=lambda one: (-abs(one.log_odds), one.code)))


def _commitment(store: RecordStore, model: Model, row: Values) -> bytes:
    content = model.sha256.encode() + np.ascontiguousarray(row, "<f4").tobytes()
    return store.pseudonyms("diagnosis input")(content)
