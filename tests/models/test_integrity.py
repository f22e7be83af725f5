from __future__ import annotations

import pytest

from consent import FindingCode, LedgerUnavailable
from models.findings import ModelFinding
from models.manifest import Manifest
from models.model_files import CARD, MANIFEST, MODEL

STUDY = "study:diabetes-risk"


@pytest.fixture
def world(build, heart_people):
    found = build(heart_people)
    found.diagnostics.train(STUDY, "uci-heart")
    return found


def findings(world) -> list[FindingCode]:
    return [finding.code for finding in world.diagnostics.check()]


def test_what_fits_together_has_no_finding(world) -> None:
    heard: list[str] = []
    assert world.diagnostics.check(heard.append) == []
    assert heard == ["uci-heart-1"]


@pytest.mark.parametrize(
    ("name", "part", "code"),
    [
        (MODEL, "cards", ModelFinding.FILE_DIFFERS),
        (CARD, "cards", ModelFinding.CARD_DIFFERS),
        (MANIFEST, "manifests", ModelFinding.MANIFEST_UNREADABLE),
    ],
)
@pytest.mark.parametrize("gone", [True, False])
def test_a_changed_or_missing_file_is_named(
    world, name: str, part: str, code: ModelFinding, gone: bool
) -> None:
    path = world.diagnostics.home / "uci-heart-1" / name
    if gone:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    (found,) = world.diagnostics.check()
    assert found.code == code
    assert (found.part, found.where) == (part, "uci-heart-1")


def test_a_manifest_that_was_made_anew_is_found_by_its_root_and_consents(world) -> None:
    path = world.diagnostics.home / "uci-heart-1" / MANIFEST
    held = Manifest.from_json(path.read_bytes())
    first = held.lines[0].consent
    kept = [one for one in held.lines if one.consent != first]
    path.write_bytes(Manifest.of(held.question, kept).to_json())
    assert findings(world) == [
        ModelFinding.MANIFEST_ROOT_DIFFERS,
        ModelFinding.MANIFEST_CONSENTS_DIFFER,
    ]


def test_a_missing_anchor_is_named(world) -> None:
    world.ledger.anchored["card"].clear()
    assert findings(world) == [ModelFinding.CARD_NOT_ANCHORED]


def test_a_withdrawal_that_nobody_listed_yet_is_named(world) -> None:
    world.ledger.withdraw(world.people[0][0].subject)
    (finding,) = world.diagnostics.check()
    assert (finding.code, finding.facts) == (ModelFinding.CONSENTS_LOST, {"count": 1})
    world.diagnostics.apply_withdrawals()
    assert findings(world) == []


def test_a_file_that_outlived_its_model_is_named(world) -> None:
    path = world.diagnostics.home / "uci-heart-1" / MODEL
    raw = path.read_bytes()
    world.diagnostics._serving.retire("uci-heart-1")
    path.write_bytes(raw)
    assert findings(world) == [ModelFinding.FILE_LEFT]


def test_a_ledger_that_is_away_is_a_finding_not_an_answer(world) -> None:
    def away() -> None:
        raise LedgerUnavailable("away")

    world.ledger.before_each = away
    (finding,) = world.diagnostics.check()
    assert (finding.code, finding.is_unchecked) == (ModelFinding.UNCHECKED, True)
    assert finding.message == "not checked against the ledger: away"


def test_the_evidence_holds_every_card_and_manifest(world) -> None:
    found = list(world.diagnostics.evidence())
    assert [one["kind"] for one in found] == ["card", "manifest"]
    model = world.diagnostics.model("uci-heart-1")
    root = Manifest.from_json(found[1]["text"].encode()).root.hex()
    assert (root, found[1]["manifest_root"]) == (model.manifest_root, model.manifest_root)
    (world.diagnostics.home / "uci-heart-1" / CARD).unlink()
    assert next(iter(world.diagnostics.evidence()))["text"] == ""


def test_a_model_that_is_only_trained_needs_no_anchor_yet(build, heart_people) -> None:
    world = build(heart_people)

    def away() -> None:
        if world.ledger.asked == 2:
            raise LedgerUnavailable("away")

    world.ledger.before_each = away
    with pytest.raises(LedgerUnavailable):
        world.diagnostics.train(STUDY, "uci-heart")
    assert world.diagnostics.check() == []
