"""The stranger's script reads each journal row in one way, and holds it to its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from liar import NOW_S, raw_call
from stranger_world import RELAY, World

from consent import abi
from consent.abi import word
from consent.terms import Grant
from consent.typed_data import Op, consent_id, terms_hash
from storage import merkle


def test_two_processes_that_anchor_at_once_are_no_fault(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    for start in (0, 0, None):  # the second anchor begins where the first did, the third at its end
        world.covered = world.covered if start is None else start
        world.use("own", bytes(32), party="patient", purpose="PATRQT")
        world.anchored = True
        world.lines()
    assert judge(world)["wrong"] == []
    world.covered = 1  # no anchor ends there
    world.use("own", bytes(32), party="patient", purpose="PATRQT")
    world.anchored = True
    assert judge(world)["wrong"] == ["journal rows 6 to 6 are not those anchored"]


def test_an_anchor_of_rows_after_the_evidence_is_told_apart_from_an_altered_journal(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    rows = sum(line["kind"] == "journal" for line in world.lines())
    for count in (rows + 1, rows + 3):
        call = abi.encode_call(abi.ANCHOR, b"journal".ljust(32, b"\0"), bytes(32), count)
        body = b"journal".ljust(32, b"\0") + bytes(32) + word(count)
        world.chain.tell(Op.ANCHORED, body, raw_call(RELAY, call))
    answer = judge(world)
    assert not answer["agrees"]
    assert answer["wrong"] == [
        f"journal rows {rows + 1} to {count} are anchored and not in this evidence: they were "
        "left out, or anchored after it was written. Export it again"
        for count in (rows + 1, rows + 3)
    ]


def test_a_second_anchor_of_other_rows_is_found_though_the_journal_fits_the_first(
    judge: Callable[..., dict[str, Any]],
) -> None:
    for count in (1, 2):
        world = World()
        world.lines()
        other_root = merkle.root(
            [b"\1" * 32] * count
        )  # what a patient's proof of another journal leads to
        call = abi.encode_call(abi.ANCHOR, b"journal".ljust(32, b"\0"), other_root, count)
        body = b"journal".ljust(32, b"\0") + other_root + word(count)
        world.chain.tell(Op.ANCHORED, body, raw_call(RELAY, call))
        assert judge(world)["wrong"] == [f"journal rows 1 to {count} are not those anchored"]


def test_a_contract_that_gives_new_keys_at_once_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.recovery_delay_s = 604_799
    (fault,) = judge(world)["wrong"]
    assert fault.startswith("the contract's recovery delay is less than seven days")


def test_the_finality_that_gives_views_more_time_is_stated_for_the_reader(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    assert judge(world)["finality"] == "single"
    lines = world.lines()
    lines[0]["finality"] = "pos"
    assert judge(world, lines)["finality"] == "pos"


def test_a_deployment_that_a_single_validator_mined_again_earlier_is_no_fault(
    judge: Callable[..., dict[str, Any]],
) -> None:
    lines = World().lines()
    lines[0]["block_number"] = 3  # where it was first, after some of the ledger's changes now
    assert judge(world := World(), [lines[0], *world.lines()[1:]])["wrong"] == []
    lines[0]["finality"] = "bft"
    assert "the logs do not lead to the contract's head" in judge(world, lines)["wrong"]


def test_a_row_under_the_number_of_an_earlier_one_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    before = len(world.chain.history)
    world.withdraw()
    world.anchor_uses(4)
    world.use("permitted", world.granted, count=before)
    world.rows[-1]["seq"] = 1  # before every anchor, so that no view is outdated
    assert judge(world)["wrong"] == ["journal row 1 is out of order, or not a row"]


@pytest.mark.parametrize("moved", [1, 9])
def test_a_row_whose_outcome_is_moved_into_the_field_before_it_is_found(
    judge: Callable[..., dict[str, Any]], moved: int
) -> None:
    world = World()
    world.withdraw()
    world.use("permitted", world.granted)
    lines = world.lines()
    lines[-1]["consent"] += b"permitted"[:moved].hex()
    lines[-1]["outcome"] = "permitted"[moved:]  # the same bytes, so the same hash
    assert "journal row 3 is out of order, or not a row" in judge(world, lines)["wrong"]


@pytest.mark.parametrize("write", [str.upper, "0x{}".format, " {}".format])
def test_a_commitment_that_is_written_in_two_ways_is_one_persons(
    judge: Callable[..., dict[str, Any]], write: Callable[[str], str]
) -> None:
    world = World()
    world.use("permitted", world.granted)
    world.use("permitted", world.by_passkey)
    for row in world.rows:
        row["commitments"] = (b"\xaa" * 64).hex()
    lines = world.lines()
    lines[-1]["commitments"] = write(lines[-1]["commitments"])
    wrong = judge(world, lines)["wrong"]
    assert any("row 4 " in each and each.endswith("another patient signed") for each in wrong)


@pytest.mark.parametrize("count", [7, 10**30])
def test_a_use_before_its_consent_is_found_whatever_view_it_names(
    judge: Callable[..., dict[str, Any]], count: int
) -> None:
    world = World()
    signed = world.patient.grants(NOW_S - 40, replace(world.terms, statement="Later."))
    grant = signed.message
    assert isinstance(grant, Grant)  # its id is known before the patient signs
    known = consent_id(grant.subject, terms_hash(grant.terms))
    world.use("permitted", known, count=count)
    world.lines()
    assert len(world.chain.history) == 5  # the anchor is the fifth change
    world.grant(signed)
    place = f"journal row 3 was permitted by consent {known.hex()}, "
    assert place + "by a view from after the row was anchored" in judge(world)["wrong"]


@pytest.mark.parametrize("field", ["at_s", "count", "party", "purpose"])
@pytest.mark.parametrize("value", [None, "1", 1.5, True, [1]])
def test_a_use_whose_fields_are_of_other_types_ends_no_check(
    judge: Callable[..., dict[str, Any]], field: str, value: object
) -> None:
    world = World()
    world.use("permitted", world.granted, **{field: value})
    is_right = type(value) is str and field in ("party", "purpose")
    faults = [each for each in judge(world)["wrong"] if each.endswith("is altered")]
    assert faults == ([] if is_right else [f"use {world.uses[-1]['hash']} is altered"])
