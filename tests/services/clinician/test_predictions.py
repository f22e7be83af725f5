"""A prediction that cannot be made says why, with the value and its limit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from consent import LedgerUnavailable
from models import (
    InputMissing,
    InputOutOfRange,
    ModelRetired,
    ModelsNotFound,
    PatientIneligible,
    UnitMismatch,
)
from models.question import Feature, Rule
from services.clinician.predictions import (
    ClinicianPredictions,
    PredictionModelRetired,
    PredictionRefused,
    SubjectQuestion,
)
from services.errors import Invalid, NotFound
from services.words import Words
from storage import StorageNotFound

AGE = Feature("x|age", "age", "number", "demographics", "a", 0, 120, (), "fails", predicts=True)
WORDS, PARTY = Words("en"), "organisation:here"
QUERY = SubjectQuestion(subject=bytes(32), question_id="q", reason="a visit")


class Refusing:
    """Diagnostics that refuse each prediction with one error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def question(self, question_id: str) -> Any:
        return SimpleNamespace(id=question_id)

    def serving_model(self, question_id: str) -> Any:
        if isinstance(self._error, ModelsNotFound):
            raise self._error
        return SimpleNamespace(id="q-1")

    def model(self, model_id: str) -> Any:
        return SimpleNamespace(ended_at_s=1_804_070_520, affected_at_s=None, trained_at_s=0)

    def predict(self, request: Any) -> Any:
        raise self._error


def predictions(error: Exception) -> ClinicianPredictions:
    ports: Any = dict.fromkeys(("care", "directory", "store", "predictions", "clock"))
    return ClinicianPredictions(diagnostics=Refusing(error), **ports)


@pytest.mark.parametrize(
    ("error", "code", "facts"),
    [
        (ModelsNotFound("q"), "no-model", ["No model is available"]),
        (InputMissing("laboratory"), "missing", ["not available"]),
        (InputOutOfRange(AGE, 455), "outside", ["age", "0 to 120"]),
        (UnitMismatch(AGE, "months"), "unit", ["age", "months"]),
        (
            PatientIneligible(AGE, 12, Rule("x|age", minimum=18, maximum=79)),
            "ineligible",
            ["age", "18", "79"],
        ),
    ],
)
def test_a_refusal_has_a_code_and_states_value_and_limit(error, code, facts) -> None:
    with pytest.raises(PredictionRefused) as refused:
        predictions(error).predict_about(PARTY, "a", QUERY, WORDS)
    assert refused.value.code == code
    assert [fact for fact in facts if fact not in str(refused.value)] == []
    assert "455" not in str(refused.value)


def test_a_retired_model_says_since_when() -> None:
    with pytest.raises(PredictionModelRetired, match="3 March 2027"):
        predictions(ModelRetired("q-1")).predict_about(PARTY, "a", QUERY, WORDS)


def test_a_patient_who_does_not_permit_it_is_not_found() -> None:
    with pytest.raises(NotFound):
        predictions(StorageNotFound("x")).predict_about(PARTY, "a", QUERY, WORDS)


@pytest.mark.parametrize("error", [NotFound(), LedgerUnavailable("away")])
def test_a_prediction_that_is_not_permitted_any_more_once_it_is_stored_is_deleted(
    monkeypatch, error
) -> None:
    stored, service = dict[str, Any](), predictions(ModelsNotFound("q"))

    def add(_party: str, _account: str, _subject: bytes, body: Any) -> Any:
        stored["p-1"] = body
        return SimpleNamespace(id="p-1")

    def refuse(*_: Any) -> None:
        raise error

    rows = SimpleNamespace(add=add, erase=lambda ids: [stored.pop(name) for name in ids])
    monkeypatch.setattr(service, "_predictions", rows)
    monkeypatch.setattr(service, "_clock", lambda: 0)
    monkeypatch.setattr(ClinicianPredictions, "_model", lambda *_: SimpleNamespace(id="q-1"))
    monkeypatch.setattr(ClinicianPredictions, "_predicted", lambda *_: None)
    monkeypatch.setattr(ClinicianPredictions, "_require_permitted", refuse)
    monkeypatch.setattr("services.clinician.predictions.body_of", lambda *_: {"records": []})
    with pytest.raises(type(error)):
        service.predict_about(PARTY, "a", QUERY, WORDS)
    assert stored == {}


def test_what_is_permitted_no_longer_is_deleted_part_by_part(monkeypatch) -> None:
    stored = [SimpleNamespace(id=str(n), party=f"organisation:{n % 2}") for n in range(5)]
    erased, sizes, service = list[str](), list[int](), predictions(ModelsNotFound("q"))

    def are_permitted(_: Any, party: str, part: Any) -> list[bool]:
        assert {each.party for each in part} == {party}
        sizes.append(len(part))
        return [each.id in ("1", "2") for each in part]

    rows = SimpleNamespace(read_of_person=lambda _: iter(stored), erase=erased.extend)
    monkeypatch.setattr(service, "_predictions", rows)
    monkeypatch.setattr(ClinicianPredictions, "_are_permitted", are_permitted)
    monkeypatch.setattr("services.clinician.predictions._PART", 2)
    service.erase_refused(bytes(32))
    assert (sorted(erased), max(sizes)) == (["0", "3", "4"], 1)


@pytest.mark.parametrize(
    ("decision", "reason", "field"),
    [
        ("", "", "decision"),
        ("maybe", "x", "decision"),
        ("disagree", "  ", "reason"),
        ("disagree", "x" * 2_001, "reason"),
    ],
)
def test_a_decision_against_the_model_needs_a_reason_that_is_not_cut(
    monkeypatch, decision, reason, field
) -> None:
    service = predictions(ModelsNotFound("q"))
    monkeypatch.setattr(ClinicianPredictions, "_require", lambda *_: None)
    with pytest.raises(Invalid) as refused:
        service.decide(PARTY, "id", decision, reason, WORDS)
    assert set(refused.value.fields) == {field}
