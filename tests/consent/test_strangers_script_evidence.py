"""The stranger's script names what it cannot read, and what has no proof in the evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from liar import NOW_S
from stranger_world import World, load_script, operation_lines

MISSING = "whose terms are not in the evidence"


def endings(wrong: list[str]) -> list[str]:
    return [each.rpartition(", ")[2] for each in wrong]


BODIES = [
    "",
    "no JSON",
    "[]",
    "7",
    '{"at_s":NaN}',
    '{"at_s":' + "9" * 5_000 + "}",
    "[" * 100_000,
    '"\\ud800"',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_row_whose_use_cannot_be_read_is_named_and_the_rest_is_checked(
    judge: Callable[..., dict[str, Any]], body: str
) -> None:
    world = World()
    name = hashlib.sha256(body.encode()).hexdigest()
    world.uses[0] |= {"hash": name, "body": body}
    world.rows[0]["use"] = name
    world.use("permitted", world.granted, purpose="HMARKT")
    assert endings(judge(world)["wrong"]) == [
        f"use {name} is altered",
        "journal row 1 names a use that cannot be read: do not rely on it",
        "which does not permit HMARKT",
    ]


def run(world: World, tmp_path: Path, text: bytes) -> Any:
    script = load_script()
    script.ask = world.ask  # type: ignore[attr-defined]
    file = tmp_path / "evidence.ndjson"
    file.write_bytes(text)
    return script.run(str(file), "node", str(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"words": ["0x" + "11" * 32]},
        {"op": "granted"},
        {"position": 2},
        {"position": 0},
        {"position": 99},
        {"head": "0x" + "22" * 27},
        {"signer": "0x" + "33" * 20},
    ],
    ids=str,
)
def test_a_line_that_is_not_what_the_ledger_has_is_named(
    tmp_path: Path, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    deployment, *others = world.lines()
    first, *rest = operation_lines(world)
    deployment |= {"count": len(rest) + 1, "head": rest[-1]["head"]}
    lines = [deployment, first | change, *rest, *others]
    run(world, tmp_path, b"\n".join(json.dumps(line).encode() for line in lines))
    place = change.get("position", 1)
    named = [f"the line of operation {place} differs from the ledger"] if change else []
    if place != 1:
        named.append("the line of operation 1 is missing")
    assert json.loads(capsys.readouterr().out)["wrong"] == named


def test_a_line_of_the_ledger_that_is_left_out_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    deployment, *others = world.lines()
    lines = operation_lines(world)
    deployment |= {"count": len(lines), "head": lines[-1]["head"]}
    for left_out in range(len(lines)):
        rest = [*lines[:left_out], *lines[left_out + 1 :]]
        text = b"\n".join(json.dumps(line).encode() for line in [deployment, *rest, *others])
        run(world, tmp_path, text)
        named = json.loads(capsys.readouterr().out)["wrong"]
        assert named == [f"the line of operation {left_out + 1} is missing"]


@pytest.mark.parametrize(
    "changed", [{"count": 99}, {"count": 0}, {"head": "0x" + "22" * 27}], ids=str
)
def test_a_deployment_that_states_another_head_or_count_is_named(
    tmp_path: Path, changed: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    deployment, *others = world.lines()
    lines = operation_lines(world)
    deployment |= {"count": len(lines), "head": lines[-1]["head"]} | changed
    run(world, tmp_path, b"\n".join(json.dumps(line).encode() for line in [deployment, *others]))
    assert json.loads(capsys.readouterr().out)["wrong"] == [
        "count and head of the deployment's line differ from the ledger"
    ]


def test_a_deployment_that_states_another_recovery_delay_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    deployment, *others = world.lines()
    for delay_s, named in (
        (604_800, []),
        (60, ["the deployment's line states another recovery delay than the contract has"]),
    ):
        lines = [deployment | {"recovery_delay_s": delay_s}, *others]
        run(world, tmp_path, b"\n".join(json.dumps(line).encode() for line in lines))
        assert json.loads(capsys.readouterr().out)["wrong"] == named


@pytest.mark.parametrize(
    "text",
    [b"no JSON", b"[]", b'{"no": "kind"}', b'{"kind": []}', b"\xff\xfe", b"[" * 100_000],
    ids=["text", "list", "no-kind", "list-as-kind", "bytes", "deep"],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number(tmp_path: Path, text: bytes) -> None:
    world = World()
    lines = [json.dumps(line).encode() for line in world.lines()]
    answer = run(world, tmp_path, b"\n".join([*lines[:2], text, *lines[2:]]))
    assert answer.startswith("Do not rely on this evidence: line 3 of it cannot be read (")


def fields_of_lines() -> list[tuple[int, str, Any]]:
    """Return each field of one line of each kind, with values of other types."""
    lines = World().lines()
    kinds = [line["kind"] for line in lines]
    places = [kinds.index(kind) for kind in ("opening", "use", "journal")]
    fields = [(at, field) for at in places for field in lines[at] if field != "kind"]
    return [(at, field, value) for at, field in fields for value in (None, [], -1, "zz", {"a": 1})]


def test_no_field_of_another_type_ends_the_check_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at, field, value in fields_of_lines():
        world = World()
        lines = world.lines()
        lines[at][field] = value
        text = b"\n".join(json.dumps(line).encode() for line in lines)
        answer = run(world, tmp_path, text)
        named = f"Do not rely on this evidence: line {at + 1} of it cannot be read ("
        is_found = answer == 1 and json.loads(capsys.readouterr().out)["wrong"]
        assert is_found or answer.startswith(named), (field, value, answer)


def test_terms_that_went_with_a_patient_are_accepted_only_with_the_signed_receipt(
    judge: Callable[..., dict[str, Any]],
) -> None:
    for withdraws in (False, True):
        world = World()
        if withdraws:
            world.withdraw()
        world.erase(world.patient.subject, NOW_S + 9)
        result = judge(world)
        assert (result["wrong"], result["erased"]) == ([], 1)
        assert result["receipt_keys"] == [world.receipts[0]["public_key"]]
        for altered in ([], [world.receipts[0] | {"signature": "00" * 64}]):
            world.receipts = altered
            assert MISSING in endings(judge(world)["wrong"])


def test_a_receipt_covers_no_use_after_it_and_no_other_patient(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.made_at_s = NOW_S + 9_000
    world.erase(world.patient.subject, NOW_S)
    world.use("permitted", world.granted, at_s=NOW_S + 3_600)
    world.use("permitted", world.granted, at_s=NOW_S + 3_601)
    wrong = judge(world)["wrong"]
    assert [each.split()[2] for each in wrong if each.endswith(MISSING)] == ["4"]
    world = World()
    world.erase(world.device.subject, NOW_S)
    world.erased.add(world.patient.subject)
    wrong = judge(world)["wrong"]
    assert MISSING in endings(wrong)
    assert f"consent {world.granted.hex()} was not withdrawn and has no opening" in wrong


def test_a_use_that_claims_a_time_after_the_block_that_anchors_it_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.use("permitted", world.granted, at_s=NOW_S + 3_600)
    world.use("permitted", world.granted, at_s=NOW_S + 3_601)
    (fault,) = judge(world)["wrong"]
    assert fault.startswith("journal row 4 ")
    assert fault.endswith("at a time after that of the block that anchors it")


def test_a_row_that_passes_for_a_later_one_by_its_number_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.rows[-1]["seq"] = (
        900  # after each anchor, so that its view and its time could be of later
    )
    assert judge(world)["wrong"] == ["journal rows 2 to 899 are missing"]


def test_a_model_in_service_whose_manifest_is_left_out_is_found(tmp_path: Path) -> None:
    world = World()
    lines = world.lines()
    lines.append({"kind": "manifest", "model": "m", "text": "", "state": "active"})
    answer = run(world, tmp_path, b"\n".join(json.dumps(line).encode() for line in lines))
    assert answer.startswith(
        f"Do not rely on this evidence: line {len(lines)} of it cannot be read"
    )
