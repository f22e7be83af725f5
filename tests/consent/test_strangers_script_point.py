"""The stranger's script checks one point of the ledger, though the site works on meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from liar import NOW_S, raw_call
from stranger_world import RELAY, World, load_script, operation_lines

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


def test_evidence_does_not_agree_if_the_ledger_had_gone_on_when_it_was_requested(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    lines = lines_at_a_point(world)
    assert judge(world, lines, NOW_S + 9 * HOUR_S)["agrees"]  # nothing has come since
    first = len(world.chain.history) + 2
    work_on(world)
    # The first block after the evidence, however long after the block that it names.
    world.times = {first: NOW_S + 9 * HOUR_S, first + 1: NOW_S + 99 * HOUR_S}
    for late_s, fine in ((120, True), (121, False)):
        result = judge(world, lines, NOW_S + 9 * HOUR_S + late_s)
        assert result["agrees"] == fine
        assert result["operations_later"] == (3 if fine else 0)
        rows = sum(line["kind"] == "journal" for line in lines)
        hidden = f"journal rows {rows + 1} to 99 are anchored and not in this evidence"
        assert any(each.startswith(hidden) for each in result["wrong"]) != fine


def test_without_a_stated_time_the_last_hour_alone_can_be_missing_also_of_a_quiet_ledger(
    judge: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    lines = lines_at_a_point(world)
    work_on(world)  # and then nothing, for long
    for age_s, fine in ((HOUR_S, True), (HOUR_S + 1, False), (99 * HOUR_S, False)):
        monkeypatch.setattr("time.time", lambda now_s=world.made_at_s + age_s: now_s)
        assert judge(world, lines, None)["agrees"] == fine


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


def run(world: World, folder: Path, text: bytes, *more: str) -> Any:
    script = load_script()
    script.ask = world.ask  # type: ignore[attr-defined]
    (folder / "evidence.ndjson").write_bytes(text)
    return script.run(str(folder / "evidence.ndjson"), "node", *(more or [str(folder)]))


def test_what_cannot_be_evidence_of_this_ledger_is_refused_in_one_sentence(tmp_path: Path) -> None:
    world = World()
    lines = [json.dumps(line).encode() for line in lines_at_a_point(world)]
    whole, refused = b"\n".join(lines), "Do not rely on this evidence: "
    for text, count in ((b"", 0), (whole + b"\n" + lines[0], 2)):
        sentence = f"it has {count} lines of the kind deployment, and must have one."
        assert run(world, tmp_path, text) == refused + sentence
    cut = run(world, tmp_path, whole[:-9])
    assert cut.startswith(f"{refused}line {len(lines)} of it cannot be read (")
    long = whole + b'\n{"kind": "' + b"x" * 20_000_000
    assert run(world, tmp_path, long).startswith(f"{refused}line {len(lines) + 1} of it cannot be")
    missing, soon = f"{tmp_path}/none", "soon"
    nothing = "Nothing was checked: "
    sentence = f"{nothing}{missing} is not a folder of blocks."
    assert run(world, tmp_path, whole, missing) == sentence
    sentence = f"{nothing}{soon} is no time such as 2026-12-01T09:30Z."
    assert run(world, tmp_path, whole, str(tmp_path), soon) == sentence
    world.code = b""  # another chain, or another installation's evidence
    contract = json.loads(lines[0])["contract"]
    sentence = f"the chain has no ledger at {contract}: one of the two is another's."
    assert run(world, tmp_path, whole) == refused + sentence


def test_a_folder_without_any_of_the_blocks_is_named_once(
    judge: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    world = World()
    leaves = [(bytes([number]) * 96).hex() for number in range(30)]
    batch = {"kind": "batch", "name": "b", "root": "00" * 32, "leaves": leaves}
    wrong = judge(world, [*lines_at_a_point(world), batch | {"held": [True] * 30}])["wrong"]
    assert wrong == [
        "batch b is not what was anchored",
        f"{tmp_path} has none of the 30 blocks: give Kubo's repo/blocks, or "
        "the folder `blocks` that `vouchsafe export --blocks` wrote",
    ]
