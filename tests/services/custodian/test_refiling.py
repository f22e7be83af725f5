"""What a change of the rules of categories would move is listed, and moved on request; no nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import OBSERVATION, PATIENT, Custodian, DecidingLedger, bundle, send

from records.categories import RULES, read_rules
from records.outcomes import Outcome
from services.custodian import refiling
from services.custodian.refiling import CategoryMove, CustodianCategories

OTHER = OBSERVATION | {
    "id": "o2",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
}
MOVE = CategoryMove(
    before="laboratory", after="sexual-health", resources=1, documents=1, patients=1
)


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    made = Custodian(tmp_path, ledger=DecidingLedger())
    send(made, bundle(PATIENT, OBSERVATION, OTHER))
    return made


@pytest.fixture
def categories(custodian: Custodian) -> CustodianCategories:
    return CustodianCategories(
        store=custodian.store,
        items=custodian.items,
        diagnostics=custodian.models,
        journal=custodian.journal,
    )


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Rules that protect glucose as if it were a sexual-health test."""
    text = RULES.read_text(encoding="utf-8")
    rule = '[[sensitive]]\ncategory = "sexual-health"\nlabels = []\ncodes = ["loinc|2345-7"]\n\n'
    path = tmp_path / "categories.toml"
    changed = text.replace("\n[[sensitive]]\n", f"\n{rule}[[sensitive]]\n", 1)
    path.write_text(changed, encoding="utf-8")
    return path


def filed(custodian: Custodian) -> dict[str, int]:
    return {r.category: len(r.resources) for r in custodian.stored("V-100") if r.resources}


def test_the_installed_rules_move_nothing_and_changed_ones_are_listed_first(
    custodian: Custodian, categories: CustodianCategories, changed: Path
) -> None:
    report = categories.check(lambda *_: None)
    assert (report.moves, report.documents, report.rules) == ([], 2, read_rules().version)
    assert categories.check(lambda *_: None, changed).moves == [MOVE]
    assert filed(custodian) == {"demographics": 1, "laboratory": 2}


def test_applying_moves_the_resources_once_and_their_patient_sees_it(
    custodian: Custodian,
    categories: CustodianCategories,
    changed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = read_rules(changed)
    monkeypatch.setattr(refiling, "read_rules", lambda *_: rules)
    assert categories.apply(lambda *_: None, by="c").moves == [MOVE]
    assert filed(custodian) == {"demographics": 1, "laboratory": 1, "sexual-health": 1}
    assert len(custodian.models.records) == 1
    assert categories.apply(lambda *_: None, by="c").moves == []
    subject = custodian.directory.find_subject("V-100") or b""
    rows = custodian.store.journal.of_subject(subject, 9)
    assert [row.answer.outcome for row in rows] == ["records-refiled"]
    # A correction that arrives later finds the resource where it is now.
    again = OTHER | {"valueQuantity": {"value": 9, "code": "mg/dL"}}
    assert [e.outcome for e in send(custodian, bundle(again)).outcomes] == [Outcome.CORRECTED]
    assert filed(custodian) == {"demographics": 1, "laboratory": 1, "sexual-health": 1}


@pytest.mark.parametrize("step", ["apply_corrections", "_remove"])
def test_a_call_that_was_interrupted_marks_the_models_when_it_is_repeated(
    custodian: Custodian,
    categories: CustodianCategories,
    changed: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    rules = read_rules(changed)
    monkeypatch.setattr(refiling, "read_rules", lambda *_: rules)
    owner = CustodianCategories if step == "_remove" else type(custodian.models)
    with monkeypatch.context() as broken:
        broken.setattr(owner, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            categories.apply(lambda *_: None, by="c")
    custodian.models.records.clear()
    categories.apply(lambda *_: None, by="c")
    assert len(custodian.models.records) == 1
    assert filed(custodian) == {"demographics": 1, "laboratory": 1, "sexual-health": 1}
