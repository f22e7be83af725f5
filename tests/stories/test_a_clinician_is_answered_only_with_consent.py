"""A clinician is answered only about patients who permit it; a refusal looks like nobody there."""

from __future__ import annotations

import secrets

import pytest
from rig import Town

from models import Prediction, PredictionRequest
from storage import StorageNotFound

pytestmark = [pytest.mark.node, pytest.mark.slow]


def ask(town: Town, subject: bytes, party: str = "") -> Prediction:
    model = town.platform.diagnostics.serving_model("nhanes-diabetes")
    who = party or town.platform.installation.organisation
    return town.platform.diagnostics.predict(PredictionRequest(who, subject, model.id, "story"))


def test_a_patient_who_permits_it_is_answered_with_reasons(town: Town) -> None:
    answer = ask(town, town.subjects[town.of_kind("care only")[0]])
    assert 0 <= answer.low <= answer.probability <= answer.high <= 1
    assert len(answer.top) == 3


@pytest.mark.parametrize(
    "kind", ["training only", "narrowed", "another study", "expired", "denied", "nothing"]
)
def test_no_other_kind_of_patient_is(town: Town, kind: str) -> None:
    with pytest.raises(StorageNotFound):
        ask(town, town.subjects[town.of_kind(kind)[0]])


def test_another_organisation_is_not_answered(town: Town) -> None:
    with pytest.raises(StorageNotFound):
        ask(town, town.subjects[town.of_kind("care only")[0]], "organisation:elsewhere")


def test_refused_withdrawn_and_unknown_are_one_answer(town: Town) -> None:
    text = set()
    refused = town.subjects[town.of_kind("nothing")[0]]
    withdrawn = town.subjects[town.leaving[0]]
    for subject in (refused, withdrawn, secrets.token_bytes(32)):
        with pytest.raises(StorageNotFound) as caught:
            ask(town, subject)
        text.add(str(caught.value))
    assert len(text) == 1
