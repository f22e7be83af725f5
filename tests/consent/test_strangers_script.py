"""The stranger's script finds each planted fault and names it, as our own verification does."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from devices import device
from liar import DOMAIN, NOW_S, OURS, batch_call, mirror_of, raw_call
from stranger_world import CODE, LEDGER, LIAR, RELAY, SCRIPT, VERIFIER_CODE, World, load_script
from township import (
    RECORD,
    STUDY,
    Patient,
    Town,
    make_ledger,
    some_history,
)

from consent import abi
from consent.abi import Entry, word
from consent.consent_terms import StoredTerms
from consent.past_permits import PastPermits, PastUse
from consent.terms import Grant, KeyAddition, Signed
from consent.typed_data import Op, consent_id, digest, keccak, terms_hash
from consent.vocabulary import COVERS
from storage import merkle

RECORD_COMMITMENT = b"\7" * 32


def test_an_honest_installation_agrees(judge: Callable[..., dict[str, Any]]) -> None:
    result = judge(World())
    assert result["wrong"] == []
    assert result["custodians"] == [OURS.hex()]


def unsigned_grant(world: World) -> None:
    signed = world.patient.grants(NOW_S - 9)
    world.grant(replace(signed, signature=LIAR.sign(b"\1" * 32)))


def foreign_key(world: World) -> None:
    signed = world.patient.grants(NOW_S - 9)
    world.grant(Signed(signed.message, LIAR.address, LIAR.sign(digest(DOMAIN, signed.message))))


def unsigned_passkey_grant(world: World) -> None:
    signed = world.device.grants(NOW_S - 9)
    world.grant(replace(signed, signature=world.device.grants(NOW_S - 8).signature))


def grant_of_another_transaction(world: World) -> None:
    world.grant(world.patient.grants(NOW_S - 9), raw_call(LIAR, b""))


def grant_to_another_contract(world: World) -> None:
    signed = world.patient.grants(NOW_S - 9)
    world.grant(signed, raw_call(LIAR, b"\1" * 100, to="0x" + "11" * 20))


def longer_grant(world: World) -> None:
    signed = world.patient.grants(NOW_S - 9)
    assert isinstance(signed.message, Grant)
    later = replace(signed.message, not_after_s=signed.message.not_after_s + 1)
    world.grant(replace(signed, message=later))


def invented_enrolment(world: World) -> None:
    world.enrol(Patient(DOMAIN, OURS), LIAR)


def second_enrolment(world: World) -> None:
    world.enrol(Patient(DOMAIN, OURS, subject=world.patient.subject))


def invented_key(world: World) -> None:
    subject = world.patient.subject
    proof = LIAR.sign(digest(DOMAIN, KeyAddition(subject, LIAR.address, 0, 0)))
    values = (subject, LIAR.address, 0, 0, world.patient.key.address, proof, proof)
    call = raw_call(LIAR, abi.encode_call(abi.ADD_KEY, *values))
    body = subject + keccak(LIAR.address) + word(0) + word(0)
    world.chain.tell(Op.KEY_ADDED, body, call, LIAR.address)


def invented_withdrawal(world: World) -> None:
    words = world.patient.subject + terms_hash(world.terms)
    world.chain.tell(Op.WITHDRAWN, words, raw_call(LIAR, b""))


def foreign_anchor(world: World) -> None:
    root = b"journal".ljust(32, b"\0") + b"\1" * 32 + word(1 << 40)
    call = abi.encode_call(abi.ANCHOR, root[:32], root[32:64], 1 << 40)
    world.chain.tell(Op.ANCHORED, root, raw_call(LIAR, call))


LEDGER_FAULTS = [
    (unsigned_grant, "Granted"),
    (foreign_key, "Granted"),
    (unsigned_passkey_grant, "Granted"),
    (grant_of_another_transaction, "Granted"),
    (grant_to_another_contract, "Granted"),
    (longer_grant, "Granted"),
    (invented_enrolment, "Enrolled"),
    (second_enrolment, "Enrolled"),
    (invented_key, "KeyAdded"),
    (invented_withdrawal, "Withdrawn"),
    (foreign_anchor, "Anchored"),
]


@pytest.mark.parametrize(("plant", "event"), LEDGER_FAULTS)
def test_an_invented_change_is_found_by_the_script_and_by_verify(
    judge: Callable[..., dict[str, Any]], plant: Callable[[World], None], event: str
) -> None:
    world = World()
    world.lines()  # anchored before the fault is planted
    plant(world)
    position = len(world.chain.history)
    result = judge(world)
    assert f"operation {position} ({event}) is proved by no signature" in result["wrong"]
    mirror = mirror_of(world.chain)
    mirror.sync()
    proofs = mirror.events.run.proofs  # type: ignore[attr-defined]
    assert [at for at, proof in enumerate(proofs, 1) if not proof] == [position]


USE_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"purpose": "HMARKT"}, "which does not permit HMARKT", "other-purpose"),
    ({"purpose": "HRESCH"}, "which does not permit HRESCH", "other-purpose"),
    ({"party": "study:anybody"}, "which does not permit study:anybody", "other-recipient"),
    ({"count": 2}, "which was not on the ledger", "no-consent"),
    ({"at_s": NOW_S + 99_000_000}, "which was not valid at that time", "expired"),
    ({"at_s": NOW_S - 9_000}, "which was not valid at that time", "not-yet"),
]


@pytest.mark.parametrize(("changed", "text", "code"), USE_FAULTS)
def test_a_use_without_consent_is_found_by_the_script_and_by_verify(
    judge: Callable[..., dict[str, Any]], changed: dict[str, Any], text: str, code: str
) -> None:
    world = World()
    world.use("permitted", world.granted, **changed)
    assert any(line.endswith(text) for line in judge(world)["wrong"])
    assert fault_by_verify(world, world.granted, changed) == code


def test_a_release_with_no_consent_or_after_its_end_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.use("permitted", bytes(32), party="patient", purpose="PATRQT")
    world.withdraw()
    world.use("permitted", world.granted)
    wrong = judge(world)["wrong"]
    assert any(line.endswith("which was not on the ledger") for line in wrong)
    assert any(line.endswith("which had been taken back") for line in wrong)
    assert fault_by_verify(world, bytes(32), {}) == "no-consent"
    assert fault_by_verify(world, world.granted, {"count": 6}) == "withdrawn"


def fault_by_verify(world: World, consent: bytes, changed: dict[str, Any]) -> str | None:
    class Rows:
        def in_order(self) -> Any:
            return ((at, change, b"") for at, change in enumerate(world.chain.history, 1))

        def unproved(self) -> list[Any]:
            return []

    class Known:
        def load_since(self, _: int) -> Any:
            for subject, terms in world.openings:
                yield 1, StoredTerms(consent_id(subject, terms_hash(terms)), subject, terms)

    fields = {"party": STUDY, "purpose": "MLTRAINING", "at_s": NOW_S, "count": 4, **changed}
    use = PastUse(
        subject=world.patient.subject, record_id=RECORD, category="", recorded_on="", **fields
    )
    return PastPermits(Rows(), Known()).find_fault(consent, use)  # type: ignore[arg-type]


@pytest.mark.parametrize("good_last", [True, False])
def test_a_badly_signed_double_in_a_batch_does_not_hide_the_signature(
    judge: Callable[..., dict[str, Any]], good_last: bool
) -> None:
    world = World()
    signed = world.patient.grants(NOW_S - 9)
    assert isinstance(signed.message, Grant)
    grant = signed.message
    words = grant.subject + terms_hash(grant.terms)
    words += word(grant.signed_at_s) + word(grant.not_after_s)
    entries = [Entry(words, signed.signer, s) for s in (signed.signature, b"\1" * 65)]
    call = batch_call(abi.GRANT, *(reversed(entries) if good_last else entries))
    world.grant(signed, raw_call(LIAR, call))
    assert judge(world)["wrong"] == []


def test_a_release_that_is_written_down_as_a_patients_own_reading_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.use("own", bytes(32))
    world.use("own", bytes(32), party="patient")
    wrong = judge(world)["wrong"]
    assert wrong == [f"journal row {row} is not a patient's own reading" for row in (3, 4)]


def test_a_body_that_says_own_in_another_place_or_twice_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.use("own", bytes(32), detail={"party": "patient", "purpose": "PATRQT"})
    world.use("own", bytes(32), party="patient", purpose="PATRQT")
    body = world.uses[-1]["body"].replace("{", '{"party":"study:x",', 1)
    name = hashlib.sha256(body.encode()).hexdigest()
    world.uses[-1] |= {"hash": name, "body": body}
    world.rows[-1]["use"] = name
    assert judge(world)["wrong"] == [
        f"use {name} is altered",
        "journal row 4 names a use that cannot be read: do not rely on it",
        "journal row 3 is not a patient's own reading",
    ]


def test_a_consent_that_is_used_for_the_rows_of_other_people_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    world.use("permitted", world.granted)
    world.rows[-1]["commitments"] = (b"\5" * 32 + b"\6" * 32).hex()
    world.use("permitted", world.by_passkey)
    wrong = judge(world)["wrong"]
    rows = [line.split()[2] for line in wrong if line.endswith("which another patient signed")]
    assert rows == ["3", "4"]


def test_a_use_after_a_withdrawal_by_an_older_view_or_time_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    before = len(world.chain.history)
    world.withdraw()
    world.anchor_uses(4)
    world.use("permitted", world.granted, count=before)
    world.use("permitted", world.granted, count=before, at_s=NOW_S - 3_700)
    wrong = judge(world)["wrong"]
    outdated = "by a view that was outdated when the row was written"
    assert [line.rpartition(", ")[2] for line in wrong if "row 7 " in line] == [outdated]
    assert any("row 8 " in line and line.endswith("that of earlier rows") for line in wrong)


def test_a_batch_that_is_left_out_of_the_evidence_is_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    root = merkle.root([b"\1" * 96])
    call = abi.encode_call(abi.ANCHOR, b"records".ljust(32, b"\0"), root, 1)
    body = b"records".ljust(32, b"\0") + root + word(1)
    world.chain.tell(Op.ANCHORED, body, raw_call(RELAY, call))
    position = len(world.chain.history)
    lines = world.lines()
    assert judge(world, lines)["wrong"] == []  # anchored after the newest use: not in it yet
    world = World()
    world.chain.tell(Op.ANCHORED, body, raw_call(RELAY, call))
    world.use("permitted", world.granted)
    lines = world.lines()
    assert judge(world, lines)["wrong"] == [f"the batch of operation {position} is missing"]
    leaves = {"leaves": [(b"\1" * 96).hex()], "held": [False]}
    batch = {"kind": "batch", "name": "b", "root": root.hex(), **leaves}
    assert judge(world, [*lines, batch])["wrong"] == []


def drop_opening(lines: list[dict[str, Any]]) -> None:
    lines[:] = [line for line in lines if line["kind"] != "opening"]


def altered_opening(lines: list[dict[str, Any]]) -> None:
    next(line for line in lines if line["kind"] == "opening")["terms"]["recipient"] = "*"


def cut_journal(lines: list[dict[str, Any]]) -> None:
    lines.pop()


def altered_row(lines: list[dict[str, Any]]) -> None:
    lines[-1]["outcome"] = "withdrawn"


def swapped_rows(lines: list[dict[str, Any]]) -> None:
    lines[-1], lines[-2] = lines[-2], lines[-1]


def altered_use(lines: list[dict[str, Any]]) -> None:
    use = next(line for line in lines if line["kind"] == "use")
    use["body"] = use["body"].replace("MLTRAINING", "TREAT")


def dropped_use(lines: list[dict[str, Any]]) -> None:
    lines.remove(next(line for line in lines if line["kind"] == "use"))


def foreign_manifest(lines: list[dict[str, Any]]) -> None:
    text = json.dumps({"format": 1, "question": "q", "lines": []})
    lines.append({"kind": "manifest", "model": "m", "text": text, "state": "active"})
    lines[-1]["manifest_root"] = "00" * 32


def foreign_card(lines: list[dict[str, Any]]) -> None:
    lines.append({"kind": "card", "model": "m", "text": "{}", "card_sha256": "00" * 32})


def foreign_batch(lines: list[dict[str, Any]]) -> None:
    lines.append({"kind": "batch", "name": "b", "root": "00" * 32, "leaves": [], "held": []})


BUNDLE_FAULTS = [
    (drop_opening, "whose terms are not in the evidence"),
    (altered_opening, "is not what was signed"),
    (cut_journal, "are anchored and not in this evidence"),
    (altered_row, "is altered"),
    (swapped_rows, "is altered"),
    (altered_use, "is altered"),
    (dropped_use, "names no use"),
    (foreign_manifest, "is not what was anchored"),
    (foreign_card, "is not what was anchored"),
    (foreign_batch, "is not what was anchored"),
]


@pytest.mark.parametrize(("plant", "text"), BUNDLE_FAULTS)
def test_a_fault_in_the_bundle_is_found_and_named(
    judge: Callable[..., dict[str, Any]],
    plant: Callable[[list[dict[str, Any]]], None],
    text: str,
) -> None:
    world = World()
    lines = json.loads(json.dumps(world.lines()))
    plant(lines)
    assert any(text in line for line in judge(world, lines)["wrong"])


def test_other_code_another_verifier_and_a_hidden_event_are_found(
    judge: Callable[..., dict[str, Any]],
) -> None:
    world = World()
    lines = world.lines()
    world.code = CODE[:-1] + b"\0"
    wrong = judge(world, lines)["wrong"]
    assert "the contract's code is not the one on record" in wrong
    assert "the contract's code is not that of this specification" in wrong
    world.code, world.verifier_code = CODE, b"\1"
    assert any("verifier" in line for line in judge(world, lines)["wrong"])
    world.verifier_code = VERIFIER_CODE
    call = {"data": "0x" + keccak(b"headAndCount()")[:4].hex()}
    answer = world.ask("", "eth_call", call)
    world.chain.history.pop(1)
    original = world.ask
    world.ask = lambda *a: answer if a[1] == "eth_call" else original(*a)  # type: ignore[method-assign]
    assert "the logs do not lead to the contract's head" in judge(world, lines)["wrong"]


@pytest.mark.node
def test_the_script_agrees_with_a_real_chain(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_ledger(town)
    patient, _ = some_history(town)
    first = device(ledger)
    second = device(ledger, first.subject, enrolled=False)
    assert ledger.keys.add([first.adds(second)])[0].ok
    assert ledger.grant([second.grants(town.now_s())])[0].ok
    assert ledger.keys.remove([second.removes(first.signer)])[0].ok
    lost = device(ledger, patient.subject, enrolled=False)
    assert ledger.keys.propose_recovery(lost.enrols()).ok
    ledger.anchor("card", b"\7" * 32, 1)
    assert ledger.check() == []
    file = tmp_path / "evidence.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in ledger.evidence()))
    assert load_script().main(str(file), town.endpoint, str(tmp_path)) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["wrong"] == []
    assert result["operations"] == ledger.view().count
    assert result["custodians"] == [town.account.address[2:]]


def test_what_cannot_be_read_is_named_in_one_line(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.ndjson"
    for exists in (False, True):
        if exists:
            deployment = {"kind": "deployment", "contract": "0x0", "block_number": 0}
            evidence.write_text(json.dumps(deployment) + "\n")
        words = [
            sys.executable,
            str(SCRIPT),
            str(evidence),
            str(tmp_path / "no.ipc"),
            str(tmp_path),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("Nothing was checked: ")
        assert f"{evidence} must be a file that you can read" in line
        assert f"{tmp_path / 'no.ipc'} a chain node that runs" in line


@pytest.mark.parametrize(
    "answer", [b"", b'{"result":', b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
@pytest.mark.parametrize("is_http", [False, True])
def test_a_node_that_ends_its_answer_early_ends_the_script_with_one_line(
    tmp_path: Path, answer: bytes, is_http: bool
) -> None:
    """Such a node must not keep the script waiting."""
    door = socket.socket(socket.AF_INET if is_http else socket.AF_UNIX)
    door.bind(("127.0.0.1", 0) if is_http else str(tmp_path / "node.ipc"))
    door.listen()

    def serve() -> None:
        client, _ = door.accept()
        with client:
            client.recv(4096)
            client.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    evidence = tmp_path / "evidence.ndjson"
    deployment = {"kind": "deployment", "contract": "0x0", "block_number": 0}
    evidence.write_text(json.dumps(deployment) + "\n")
    node = f"http://127.0.0.1:{door.getsockname()[1]}" if is_http else door.getsockname()
    message = load_script().run(str(evidence), node, str(tmp_path))
    door.close()
    assert message.startswith("Nothing was checked: ")
    assert "\n" not in message


def test_a_long_answer_is_not_parsed_again_after_each_of_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a node gives up sending before ten thousand logs have been read."""
    answer = json.dumps({"result": [{"data": "0x" + "ab" * 200}] * 2_000}).encode()
    script, parsed = load_script(), list[int]()
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(tmp_path / "node.ipc"))
    door.listen()

    def serve() -> None:
        client, _ = door.accept()
        with client:
            client.recv(4096)
            for at in range(0, len(answer), 10_000):
                client.sendall(answer[at : at + 10_000])

    def loads(text: bytearray) -> Any:
        parsed.append(len(text))
        return json.loads(text)

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setattr(script, "json", SimpleNamespace(loads=loads, dumps=json.dumps))
    assert len(script.ask(door.getsockname(), "eth_getLogs")) == 2_000
    door.close()
    # 10,000 is no multiple of a log's length, so that few parts end where a log does.
    assert len(parsed) <= 3


def test_the_scripts_constants_are_those_of_the_contract_and_the_vocabulary() -> None:
    script = load_script()
    assert script.CODE[0] == LEDGER["runtimeCodeHash"].removeprefix("0x")
    assert list(script.CODE[1]) == [part["start"] for part in LEDGER["immutableReferences"]]
    assert LEDGER["verifier"]["runtimeCodeHash"].removeprefix("0x") == script.VERIFIER
    listed = {code: set(text.split()) for code, text in script.COVERS.items()}
    assert listed == {code: set(all_) - {code} for code, all_ in COVERS.items() if all_ - {code}}
