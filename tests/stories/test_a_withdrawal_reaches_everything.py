"""A withdrawal reaches keys, caches, cohorts and models; the new model never saw the records."""

from __future__ import annotations

import pytest
from rig import Town

from deploy.demo.people import STUDY
from storage import StorageNotFound

pytestmark = [pytest.mark.node, pytest.mark.slow]


def test_their_records_can_no_longer_be_opened(town: Town) -> None:
    for person in town.leaving:
        entry = town.platform.store.records_of(town.subjects[person])[0]
        with pytest.raises(StorageNotFound):
            town.platform.store.vault.open(STUDY, "MLTRAINING", entry.record_id.hex(), "story")


def test_each_of_their_records_has_a_new_key_and_a_new_cid(town: Town) -> None:
    for person in town.leaving:
        assert {e.version for e in town.platform.store.records_of(town.subjects[person])} == {2}


def test_none_of_their_old_blocks_is_left_in_kubo_or_in_the_cache(town: Town) -> None:
    lines = [line for line in town.platform.store.evidence() if line["kind"] == "batch"]
    old = {
        bytes.fromhex(leaf)[20:56]
        for line in lines
        for leaf, stored in zip(line["leaves"], line["held"], strict=True)
        if not stored
    }
    assert len(old) >= len(town.leaving)
    for cache in (town.demo.home / "sealed").glob("*.car"):
        content = cache.read_bytes()
        assert not [cid for cid in old if cid in content]
    blocks = town.demo.home / "kubo" / "repo" / "blocks"
    names = {path.name for path in blocks.rglob("*.data")}
    assert not [cid for cid in old if block_name(cid) in names]


def test_the_erasure_has_a_signed_receipt(town: Town) -> None:
    receipt = town.platform.store.erasure.receipts()[-1]
    assert b'"re-keyed"' in receipt.body
    assert len(receipt.signature) == 64


def test_the_model_trained_on_their_records_is_replaced_and_destroyed(town: Town) -> None:
    first, newer = town.platform.diagnostics.models()[:2]
    assert (first.state, first.successor) == ("replaced", newer.id)
    assert newer.state == "active"
    assert not list((town.demo.home / "models").rglob(f"{first.id}/*.ubj"))


def test_the_new_model_rests_on_none_of_their_consents(town: Town) -> None:
    theirs = {
        consent.consent_id.hex()
        for person in town.leaving
        for consent in town.platform.ledger.consents_of(town.subjects[person])
    }
    newer = town.platform.diagnostics.models()[1]
    assert not theirs & {
        line.consent for line in town.platform.diagnostics.manifest(newer.id).lines
    }


def test_the_retrained_model_is_byte_for_byte_one_that_never_saw_their_records(town: Town) -> None:
    # The demo has trained it in a process of its own, from this table, and failed otherwise.
    folder = town.demo.home / "demo"
    digest = town.platform.diagnostics.models()[1].sha256[:16]
    report = (folder / "report.txt").read_text(encoding="utf-8")
    assert f"that never had the records: {digest}…, the same bytes" in report
    table = (folder / "remaining.csv").read_text(encoding="utf-8")
    remaining = {line.split(",", 1)[0] for line in table.splitlines()[1:]}
    assert remaining
    assert not remaining & set(town.leaving)


def block_name(cid: bytes) -> str:
    import base64

    return base64.b32encode(cid[2:]).decode().rstrip("=") + ".data"
