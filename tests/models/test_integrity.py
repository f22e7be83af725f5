from __future__ import annotations

import pytest
import sqlalchemy as sa

from consent import FindingCode, LedgerUnavailable
from models.findings import ModelFinding
from models.manifest import Manifest
from models.model_files import CARD, MANIFEST, MODEL

STUDY = "study:diabetes-risk"


@pytest.fixture
def world(build, heart_people):
    world = build(heart_people)
    world.diagnostics.train(STUDY, "uci-heart")
    return world


def findings(world) -> list[FindingCode]:
    return [finding.code for finding in world.diagnostics.check()]


def test_a_consistent_platform_has_no_findings(world) -> None:
    progress: list[str] = []
    assert world.diagnostics.check(progress.append) == []
    assert progress == ["uci-heart-1"]


@pytest.mark.parametrize(
    ("name", "part", "code"),
    [
        (MODEL, "cards", ModelFinding.FILE_DIFFERS),
        (CARD, "cards", ModelFinding.CARD_DIFFERS),
        (MANIFEST, "manifests", ModelFinding.MANIFEST_UNREADABLE),
    ],
)
@pytest.mark.parametrize("is_missing", [True, False])
def test_a_changed_or_missing_file_is_a_finding(
    world, name: str, part: str, code: ModelFinding, is_missing: bool
) -> None:
    path = world.diagnostics.home / "uci-heart-1" / name
    if is_missing:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    (finding,) = world.diagnostics.check()
    assert finding.code == code
    assert (finding.part, finding.where) == (part, "uci-heart-1")


def test_a_rewritten_manifest_is_found_by_its_root_and_its_consents(world) -> None:
    path = world.diagnostics.home / "uci-heart-1" / MANIFEST
    manifest = Manifest.from_json(path.read_bytes())
    first = manifest.lines[0].consent
    lines = [line for line in manifest.lines if line.consent != first]
    path.write_bytes(Manifest.of(manifest.question, lines).to_json())
    assert findings(world) == [
        ModelFinding.MANIFEST_ROOT_DIFFERS,
        ModelFinding.MANIFEST_CONSENTS_DIFFER,
    ]


@pytest.mark.parametrize(
    "change", ["study = 'study:another'", "question_text = question_text || ' '"]
)
def test_a_row_of_another_study_or_question_than_the_cards_is_a_finding(world, change: str) -> None:
    world.retire("uci-heart-1")  # of one in service, the consents would be missing too
    assert findings(world) == []
    with world.diagnostics.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE models_models SET {change}"))
    assert findings(world) == [ModelFinding.ROW_DIFFERS]


def test_a_missing_anchor_is_a_finding(world) -> None:
    world.ledger.anchored["card"].clear()
    assert findings(world) == [ModelFinding.CARD_NOT_ANCHORED]


def test_a_withdrawal_that_is_not_applied_yet_is_a_finding(world) -> None:
    world.ledger.withdraw(world.people[0][0].subject)
    (finding,) = world.diagnostics.check()
    assert (finding.code, finding.facts) == (ModelFinding.CONSENTS_LOST, {"count": 1})
    world.diagnostics.apply_withdrawals()
    assert findings(world) == []


def test_a_file_of_a_retired_model_is_a_finding(world) -> None:
    path = world.diagnostics.home / "uci-heart-1" / MODEL
    raw = path.read_bytes()
    world.retire("uci-heart-1")
    path.write_bytes(raw)
    assert findings(world) == [ModelFinding.FILE_LEFT]


def test_an_unavailable_ledger_is_an_unchecked_finding(world) -> None:
    def fail() -> None:
        raise LedgerUnavailable("node down")

    world.ledger.before_each = fail
    (finding,) = world.diagnostics.check()
    assert (finding.code, finding.is_unchecked) == (ModelFinding.UNCHECKED, True)
    assert finding.message == "not checked against the ledger: node down"


def test_the_evidence_has_every_card_and_manifest(world) -> None:
    entries = list(world.diagnostics.evidence())
    assert [entry["kind"] for entry in entries] == ["card", "manifest"]
    model = world.diagnostics.model("uci-heart-1")
    root = Manifest.from_json(entries[1]["text"].encode()).root.hex()
    assert (root, entries[1]["manifest_root"]) == (model.manifest_root, model.manifest_root)
    (world.diagnostics.home / "uci-heart-1" / CARD).unlink()
    assert next(iter(world.diagnostics.evidence()))["text"] == ""


def test_a_model_that_is_only_trained_needs_no_anchor_yet(build, heart_people) -> None:
    world = build(heart_people)

    def fail() -> None:
        if world.ledger.queries == 2:
            raise LedgerUnavailable("node down")

    world.ledger.before_each = fail
    with pytest.raises(LedgerUnavailable):
        world.diagnostics.train(STUDY, "uci-heart")
    assert world.diagnostics.check() == []
