"""A model learns only from records whose consent permits that study to train."""

from __future__ import annotations

import pytest
from rig import Town

from deploy.demo.people import STUDY
from models.cohort import Cohort

pytestmark = [pytest.mark.node, pytest.mark.slow]
LEARNING = {"training and care", "training only", "narrowed"}


@pytest.fixture(scope="module")
def cohort(town: Town) -> Cohort:
    return town.platform.diagnostics.gather(STUDY, "nhanes-diabetes")


def test_every_line_of_the_manifest_rests_on_a_consent_to_this_study_to_train(town: Town) -> None:
    ledger, permitted = town.platform.ledger, set()
    for line in town.platform.diagnostics.manifest(serving(town)).lines:
        permitted.add(bytes.fromhex(line.consent))
    learning = {town.subjects[person] for person in town.of_kind(*LEARNING)}
    assert set(ledger.subjects_of(list(permitted))) <= learning
    for consent_id in permitted:
        terms = ledger.consent_terms.find(consent_id)
        assert terms is not None
        assert (terms.decision, terms.recipient) == ("permit", STUDY)
        assert "MLTRAINING" in terms.purposes


def test_the_cohort_is_the_permitted_people_and_nobody_else(town: Town, cohort: Cohort) -> None:
    learned_from = {record.subject for record in cohort.records.values()}
    permitted = {town.subjects[person] for person in town.of_kind(*LEARNING)}
    assert learned_from <= permitted
    assert len(permitted) - len(learned_from) == sum(cohort.excluded.values())


def test_what_a_patient_left_out_is_left_out(town: Town, cohort: Cohort) -> None:
    narrowed = {town.subjects[person] for person in town.of_kind("narrowed")}
    seen = {r.category for r in cohort.records.values() if r.subject in narrowed}
    assert seen <= {"demographics", "vital-signs", "laboratory", "condition"}


def test_a_consent_to_care_trains_nothing(town: Town, cohort: Cohort) -> None:
    caring = {town.subjects[person] for person in town.of_kind("care only")}
    assert not caring & {record.subject for record in cohort.records.values()}


def serving(town: Town) -> str:
    return town.platform.diagnostics.serving_model("nhanes-diabetes").id
