"""The stranger's script checks one point of the ledger, though the site works on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from liar import NOW_S, raw_call
from stranger_world import RELAY, World, operation_lines

from consent import abi
from consent.abi import word
from consent.typed_data import Op

HOUR_S = 3_600


def lines_at_a_point(world: World) -> list[dict[str, Any]]:
    """Return the evidence of now, which names the newest block and what the ledger has there."""
    deployment, *others = world.lines()
    operations = operation_lines(world)
    point = {"count": len(operations), "head": operations[-1]["head"]}
    return [deployment | point | {"block": len(operations) + 1}, *operations, *others]


def work_on(world: World) -> None:
    """Let more rows be anchored, a consent be given and another one be withdrawn."""
    call = abi.encode_call(abi.ANCHOR, b"journal".ljust(32, b"\0"), bytes(32), 99)
    body = b"journal".ljust(32, b"\0") + bytes(32) + word(99)
    world.chain.tell(Op.ANCHORED, body, raw_call(RELAY, call))
    world.grant(world.patient.grants(NOW_S - 40))
    world.withdraw()


def test_what_the_ledger_has_later_is_counted_and_not_compared(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    lines = lines_at_a_point(world)
    before = judge(world, lines)
    work_on(world)
    after = judge(world, lines)
    assert (before["wrong"], after["wrong"]) == ([], [])
    assert before["operations"] == after["operations"]
    assert (before["operations_later"], after["operations_later"]) == (0, 3)
    assert before["consents_standing"] == after["consents_standing"] == 2
    assert after["block_time"] == before["block_time"] is not None


def test_evidence_that_is_older_than_an_hour_of_the_ledger_does_not_agree(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    lines = lines_at_a_point(world)
    next_block = len(world.chain.history) + 2
    work_on(world)
    newest = len(world.chain.history) + 1
    for late_s, fine in ((HOUR_S, True), (HOUR_S + 1, False)):
        # The first block after the evidence, however long after the block that it names.
        world.times = {next_block: NOW_S + 9 * HOUR_S, newest: NOW_S + 9 * HOUR_S + late_s}
        result = judge(world, lines)
        assert result["agrees"] == fine
        assert result["operations_later"] == (3 if fine else 0)
        rows = sum(line["kind"] == "journal" for line in lines)
        hidden = f"journal rows {rows + 1} to 99 are anchored and not in this evidence"
        assert any(each.startswith(hidden) for each in result["wrong"]) != fine


@pytest.mark.parametrize("block", [0, 3, 1_000, -1])
def test_who_names_another_block_can_leave_nothing_out(
    judge: Callable[..., dict[str, Any]], block: int
) -> None:
    world = World()
    lines = lines_at_a_point(world)
    work_on(world)
    lines[0]["block"] = len(world.chain.history) + 1 if block < 0 else block
    result = judge(world, lines)
    count = lines[0]["count"]
    stated = f"the ledger does not have {count} operations up to block {lines[0]['block']}"
    assert result["wrong"][0].startswith(stated)
    assert any("are anchored and not in this evidence" in each for each in result["wrong"])


def test_a_withdrawal_up_to_the_point_ends_the_consent(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.withdraw()
    lines = lines_at_a_point(world)
    work_on(world)
    result = judge(world, lines)
    assert (result["agrees"], result["consents_standing"]) == (True, 1)
