"""A model learns only from records whose consent permits that study to train."""

from __future__ import annotations

import pytest
from rig import Town

from deploy.demo.people import STUDY

pytestmark = [pytest.mark.node, pytest.mark.slow]
LEARNING = {"training and care", "training only", "narrowed"}


def test_every_line_of_the_manifest_rests_on_a_consent_to_this_study_to_train(town: Town) -> None:
    lines = town.platform.diagnostics.manifest(serving(town)).lines
    terms = {
        consent.consent_id.hex(): consent.terms
        for person in town.of_kind(*LEARNING)
        for consent in town.platform.ledger.consents_of(town.subjects[person])
    }
    for line in lines:
        permitted = terms[line.consent]
        assert permitted is not None
        assert (permitted.decision, permitted.recipient) == ("permit", STUDY)
        assert "MLTRAINING" in permitted.purposes


def test_the_cohort_is_the_permitted_people_and_nobody_else(town: Town) -> None:
    cohort = town.platform.diagnostics.gather(STUDY, "nhanes-diabetes")
    learned_from = {record.subject for record in cohort.records.values()}
    permitted = {town.subjects[person] for person in town.of_kind(*LEARNING)}
    assert learned_from <= permitted
    assert len(permitted) - len(learned_from) == sum(cohort.excluded.values())


def test_what_a_patient_left_out_is_left_out(town: Town) -> None:
    cohort = town.platform.diagnostics.gather(STUDY, "nhanes-diabetes")
    narrowed = {town.subjects[person] for person in town.of_kind("narrowed")}
    seen = {r.category for r in cohort.records.values() if r.subject in narrowed}
    assert seen <= {"demographics", "vital-signs", "laboratory", "condition"}


def test_a_consent_to_care_trains_nothing(town: Town) -> None:
    cohort = town.platform.diagnostics.gather(STUDY, "nhanes-diabetes")
    caring = {town.subjects[person] for person in town.of_kind("care only")}
    assert not caring & {record.subject for record in cohort.records.values()}


def serving(town: Town) -> str:
    return town.platform.diagnostics.serving_model("nhanes-diabetes").id
