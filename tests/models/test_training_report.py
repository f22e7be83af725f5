"""The report of a refused run in all its forms: what was missed, what would help, every figure."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from models.diagnostics import QUESTIONS
from models.errors import GateClosed, ModelsNotFound
from models.training_report import document_report
from services.researcher.runs import ModelRuns

STUDY = "study:diabetes-risk"


@pytest.fixture
def refuse(build, heart_people, tmp_path):
    """Train the question of the example, changed so that the gate refuses it."""

    def train(old: str, new: str):
        text = (QUESTIONS / "uci-heart.toml").read_text()
        assert old in text
        (tmp_path / "uci-heart.toml").write_text(text.replace(old, new, 1))
        world = build(heart_people, question_folders=(tmp_path,))
        with pytest.raises(GateClosed) as refused:
            world.diagnostics.train(STUDY, "uci-heart")
        assert refused.value.run == world.diagnostics.training_runs()[-1].model_id
        return world.diagnostics

    return train


def test_a_refused_run_has_every_section_of_a_card_and_what_would_help(refuse) -> None:
    diagnostics = refuse("[[features]]", "[gate]\nmax_attack_auroc = 0.01\n\n[[features]]")
    (run,) = diagnostics.training_runs()
    document = document_report(run)
    assert document is not None
    titles = [line for line in document.lines if not line.startswith(" ")]
    assert titles[0] == "Missed thresholds: no model was published"
    for title in ("Patients (5, 6, 17, 20)", "Subgroups (14, 23a)", "Provenance (18e, 18f)"):
        assert title in titles
    assert "(required: at most 0.01). What would help: Use fewer features" in document.lines[1]
    assert json.loads(document.to_json())["card"]["evaluation"] == document.figures["evaluation"]
    assert set(document.plots) >= {"roc", "calibration", "groups", "contributions"}
    pdf = document.to_pdf()
    assert pdf.count(b"/Subtype /Image") >= 7
    assert document.to_pdf() == pdf


def test_a_run_whose_data_were_refused_reports_its_patients_and_earlier_runs(refuse) -> None:
    diagnostics = refuse('"http://loinc.org|2093-3"', '"http://loinc.org|2093-30"')
    (run,) = diagnostics.training_runs()
    document = document_report(run)
    assert document is not None
    assert any("earlier runs of this study on this label: 0" in line for line in document.lines)
    assert any(line.startswith("  patients: 9") for line in document.lines)
    assert document.plots == ()
    with pytest.raises(ModelsNotFound, match="no plot"):
        document.draw("roc.svg")
    assert document.to_pdf().startswith(b"%PDF-")


def test_the_operator_finds_a_refused_run_by_the_name_that_its_model_would_have(refuse) -> None:
    diagnostics = refuse('"http://loinc.org|2093-3"', '"http://loinc.org|2093-30"')
    runs = ModelRuns(diagnostics=diagnostics, cards=None)
    (run,) = diagnostics.training_runs()
    assert runs.report(run.model_id).content["run"] == run.id
    with pytest.raises(ModelsNotFound, match="no refused run with a report"):
        runs.report("uci-heart-99")


def test_a_run_that_left_no_report_has_no_document(refuse) -> None:
    diagnostics = refuse("[[features]]", "[gate]\nmax_attack_auroc = 0.01\n\n[[features]]")
    (run,) = diagnostics.training_runs()
    assert document_report(replace(run, report=None)) is None
