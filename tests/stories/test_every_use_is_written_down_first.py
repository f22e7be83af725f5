"""Every use and every refusal is in the journal before a byte leaves; no change goes unseen."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from proofs import proves_row
from rig import Town

from deploy.database import make_engine
from models import PredictionRequest
from storage import StorageNotFound

pytestmark = [pytest.mark.node, pytest.mark.slow]


def test_a_patient_sees_the_training_and_the_diagnosis_and_who_asked(town: Town) -> None:
    subject = town.subjects[town.of_kind("training and care")[0]]
    journal = town.platform.store.journal
    uses = [journal.use(row.use) for row in journal.of_subject(subject)]
    assert {"MLTRAINING"} <= {use["purpose"] for use in uses}
    assert all(use["party"] and use["why"] for use in uses)


def test_a_refusal_is_a_line_too(town: Town) -> None:
    subject = town.subjects[town.of_kind("nothing")[1]]
    model = town.platform.diagnostics.serving_model("nhanes-diabetes")
    before = town.platform.store.journal.size()
    prediction_request = PredictionRequest(
        town.platform.installation.organisation, subject, model.id, "story"
    )
    with pytest.raises(StorageNotFound):
        town.platform.diagnostics.predict(prediction_request)
    rows = list(town.platform.store.journal.rows(before + 1))
    assert rows
    assert {row.answer.outcome for row in rows} == {"no-consent"}


def test_each_anchored_line_is_proved_by_a_root_on_the_ledger(town: Town) -> None:
    town.platform.store.journal.anchor()
    row = next(iter(town.platform.store.journal.rows(1, 1)))
    proof = town.platform.store.prove([row.seq])[row.seq]
    assert proof is not None
    assert bytes.fromhex(proof["root"]) in {
        anchor.root for anchor in town.platform.ledger.anchors("journal")
    }
    assert proves_row(row.hash, proof)
    assert not proves_row(bytes(32), proof)


def test_a_journal_that_cannot_be_written_releases_nothing(town: Town) -> None:
    subject = town.subjects[town.of_kind("care only")[0]]
    model = town.platform.diagnostics.serving_model("nhanes-diabetes")
    lock = make_engine(str(town.platform.engine.url))
    prediction_request = PredictionRequest(
        town.platform.installation.organisation, subject, model.id, "story"
    )
    with lock.begin() as connection:
        connection.execute(sa.text("ALTER TABLE storage_journal RENAME TO storage_journal_away"))
    try:
        with pytest.raises(Exception, match="journal"):
            town.platform.diagnostics.predict(prediction_request)
    finally:
        with lock.begin() as connection:
            connection.execute(
                sa.text("ALTER TABLE storage_journal_away RENAME TO storage_journal")
            )
    assert town.platform.diagnostics.predict(prediction_request).probability >= 0
