"""Asks a model about a patient, keeps its answer, and shows it while all of it is permitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Final

from consent import DecisionRequest
from models import (
    InputValue,
    Model,
    ModelsNotFound,
    Prediction,
    PredictionRequest,
    draw_contributions,
)
from services import errors
from services.clinician.clinician import Clinician
from services.requests.patients_in_care import PURPOSE, PatientInCare
from services.requests.predictions import StoredPrediction
from services.words import Words

PERCENT: Final = 100
NOBODY: Final = bytes(32)
MOST_REASON: Final = 2_000
SAID: Final = {
    "missing": "values-missing",
    "outside": "values-outside-range",
    "unit": "values-unit-other",
}


@dataclass(frozen=True, slots=True)
class Diagnosing:
    """One patient of a clinician, one question, and the model in service; None if there is none."""

    asker: Clinician
    patient: PatientInCare
    question: str
    model: Model | None

    @classmethod
    def of(cls, asker: Clinician, key: str, question: str) -> Diagnosing:
        """Return what is asked.

        Raises:
            NotFound: the patient permits it not, or is not there, or there is no such question.
        """
        one, diagnostics = asker.patient(key), asker.platform.diagnostics
        if question not in {known.id for known in diagnostics.questions()}:
            raise errors.NotFound
        try:
            return cls(asker, one, question, diagnostics.serving_model(question))
        except ModelsNotFound:
            return cls(asker, one, question, None)

    def values(self, model: Model) -> tuple[InputValue, ...]:
        """Return what the model would be given; opening the records is an access, journalled."""
        asked = self._asked(model, "looking at the values")
        return self.asker.platform.diagnostics.input_values(asked)

    def predict(self, model: Model) -> str:
        """Ask the model, keep its answer sealed, and return the answer's id.

        Raises:
            ModelRetired (models): it lost too much to answer.
            BadlyAsked (models): a value is out of the range that it knows, and which.
        """
        asker, asked = self.asker, self._asked(model, "a diagnosis")
        diagnostics = asker.platform.diagnostics
        inputs = diagnostics.input_values(asked)
        kept = _kept(asker.words, diagnostics.predict(asked), inputs)
        answers = asker.platform.asking.predictions
        return answers.add(asker.party, asker.id, self.patient.subject, kept)

    def _asked(self, model: Model, why: str) -> PredictionRequest:
        asker = self.asker
        return PredictionRequest(
            asker.party, self.patient.subject, model.id, why, f"clinician:{asker.id}"
        )


def kept_answer(asker: Clinician, identity: str) -> StoredPrediction:
    """Return a diagnosis of one's own organisation about somebody who still permits all of it.

    One that does not exist costs the same decision as one that is not permitted any more.

    Raises:
        NotFound: it is none of these.
    """
    platform, party = asker.platform, asker.party
    found = platform.asking.predictions.find(party, identity)
    subject, wanted = (found.subject, set(found.body["records"])) if found else (NOBODY, set())
    requests = [
        DecisionRequest(party, PURPOSE, subject, one.record_id.hex(), one.category, one.recorded_on)
        for one in platform.store.records_of(subject)
        if one.record_id.hex() in wanted
    ]
    nothing = DecisionRequest(party, PURPOSE, NOBODY, "0" * 32, "condition", "2000-01-01")
    decided = platform.ledger.decide_each(requests or [nothing])
    if found is None or len(requests) < len(wanted) or not all(one.permitted for one in decided):
        raise errors.NotFound
    return found


def drawn(found: StoredPrediction) -> bytes:
    """Return the plot of all contributions to an answer, as SVG."""
    held = found.body["contributions"]
    bars = [(f"{one['words']} {one['value']}", one["log_odds"]) for one in held]
    return draw_contributions(bars, "svg")


def row(words: Words, value: InputValue) -> list[str]:
    """Return a value as it is shown: what it is, how much and what is wrong with it, from when."""
    told = words(SAID[value.problem], accepts=value.accepts) if value.problem else ""
    shown = " · ".join(one for one in (value.value, told) if one)
    return [value.words, shown, value.recorded_on or words("frame-unknown")]


def _kept(words: Words, answer: Prediction, inputs: Sequence[InputValue]) -> dict[str, Any]:
    return {
        "model": answer.model_id,
        "model_sha256": answer.model_sha256,
        "question": answer.question,
        "outcome": answer.outcome,
        "probability": answer.probability,
        "low": answer.low,
        "high": answer.high,
        "prevalence": answer.prevalence,
        "inputs": [row(words, value) for value in inputs],
        "contributions": [
            {
                "words": one.words,
                "value": one.value,
                "log_odds": one.log_odds,
                "points": _points(answer.probability, one.log_odds),
            }
            for one in answer.contributions
        ],
        "records": list(answer.records),
        "count": answer.view.count,
        "block": answer.view.block_number,
        "commitment": answer.input_commitment.hex(),
        "affected": answer.is_affected,
    }


def _points(probability: float, log_odds: float) -> int:
    """Return by how many of 100 an answer would differ without this one contribution."""
    held = min(max(probability, 0.001), 0.999)
    odds = held / (1 - held) * exp(-log_odds)
    return round(PERCENT * (held - odds / (1 + odds)))
