"""The stranger's script finds each planted fault and names it, as our own verification does."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from devices import Device, device
from liar import DEPLOYMENT, DOMAIN, NOW_S, OURS, LyingChain, batch_call, mirror_of, raw_call
from township import (
    RECORD,
    RELAYER,
    STUDY,
    Patient,
    Town,
    make_ledger,
    make_terms,
    some_history,
)

from consent import abi
from consent.abi import Entry, word
from consent.past_permits import PastPermits, PastUse
from consent.signatures import SigningKey
from consent.terms import Grant, KeyAddition, Signed, Terms, Withdrawal
from consent.typed_data import GENESIS_HEAD, Op, consent_id, digest, keccak, next_head, terms_hash
from consent.vocabulary import COVERS
from storage import merkle

SCRIPT = Path(__file__).parents[2] / "docs" / "spec" / "check.py"
LIAR, RELAY = SigningKey(b"\5" * 32), SigningKey(RELAYER)
LEDGER = abi.contract()
CODE, VERIFIER_CODE = (abi.data(part["runtime"]) for part in (LEDGER, LEDGER["verifier"]))
RECORD_COMMITMENT = b"\7" * 32


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("strangers_script", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class World:
    """A small ledger with its node, and the evidence of an installation on it."""

    def __init__(self) -> None:
        self.chain = LyingChain()
        self.code = CODE
        self.verifier_code = VERIFIER_CODE
        self.patient = Patient(DOMAIN, OURS)
        self.device = Device(DOMAIN, OURS, verifier=bytes.fromhex(DEPLOYMENT.verifiers[0][2:]))
        for who in (self.patient, self.device):
            self.enrol(who)
        self.terms = make_terms(purposes=("MLTRAINING",), records=(RECORD,))
        self.openings: list[tuple[bytes, Terms]] = []
        self.granted = self.grant(self.patient.grants(NOW_S - 50, self.terms))
        self.by_passkey = self.grant(self.device.grants(NOW_S - 50, make_terms()))
        self.rows: list[dict[str, Any]] = []
        self.uses: list[dict[str, Any]] = []
        self.use("permitted", self.granted)
        self.use("own", bytes(32), party="patient", purpose="PATRQT")
        self.anchored = True

    def enrol(self, patient: Patient, key: SigningKey = RELAY) -> None:
        signed = patient.enrols()
        entry = Entry(patient.subject, signed.signer, signed.signature)
        raw = raw_call(key, batch_call(abi.ENROL, entry))
        body = patient.subject + OURS.rjust(32, b"\0") + keccak(signed.signer)
        self.chain.tell(Op.ENROLLED, body, raw, signed.signer)

    def grant(self, signed: Signed, raw: bytes | None = None) -> bytes:
        grant = signed.message
        assert isinstance(grant, Grant)
        name = grant.subject + terms_hash(grant.terms)
        times = word(grant.signed_at_s) + word(grant.not_after_s)
        entry = Entry(name + times, signed.signer, signed.signature)
        call = raw_call(LIAR, batch_call(abi.GRANT, entry)) if raw is None else raw
        self.chain.tell(Op.GRANTED, name + keccak(signed.signer) + times, call)
        self.openings.append((grant.subject, grant.terms))
        return consent_id(grant.subject, terms_hash(grant.terms))

    def withdraw(self) -> None:
        signed = self.patient.sign(Withdrawal(self.patient.subject, terms_hash(self.terms)))
        words = self.patient.subject + terms_hash(self.terms)
        raw = raw_call(
            LIAR, batch_call(abi.WITHDRAW, Entry(words, signed.signer, signed.signature))
        )
        self.chain.tell(Op.WITHDRAWN, words, raw)

    def _withdrawal(self) -> Any:
        from consent.terms import Withdrawal

        return Withdrawal(self.patient.subject, terms_hash(self.terms))

    def use(self, outcome: str, consent: bytes, **changed: Any) -> None:
        fields = {"actor": "", "at_s": NOW_S, "block": 1, "count": len(self.chain.history)}
        fields |= {"detail": {}, "head": "", "party": STUDY, "purpose": "MLTRAINING", "why": ""}
        body = json.dumps(fields | changed, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(body.encode()).hexdigest()
        self.uses.append({"kind": "use", "hash": name, "body": body})
        row = {"kind": "journal", "use": name, "commitments": (b"\6" * 64).hex(), "version": 1}
        self.rows.append(row | {"outcome": outcome, "consent": consent.hex()})

    def lines(self) -> list[dict[str, Any]]:
        """Return the evidence; the journal is chained and anchored over what it holds now."""
        before, hashes = bytes(32), []
        for seq, row in enumerate(self.rows, 1):
            row["seq"] = seq
            fixed = seq.to_bytes(8, "big") + bytes.fromhex(row["use"] + row["commitments"])
            fixed += (1).to_bytes(4, "big") + bytes.fromhex(row["consent"])
            before = hashlib.sha256(before + fixed + row["outcome"].encode()).digest()
            row["hash"] = before.hex()
            hashes.append(before)
        if self.anchored:
            root = merkle.root(hashes)
            call = abi.encode_call(abi.ANCHOR, b"journal".ljust(32, b"\0"), root, len(hashes))
            body = b"journal".ljust(32, b"\0") + root + word(len(hashes))
            self.chain.tell(Op.ANCHORED, body, raw_call(RELAY, call))
            self.anchored = False
        deployment = {
            "kind": "deployment", "contract": DEPLOYMENT.contract, "block_number": 1,
            "chain_id": DEPLOYMENT.chain_id, "verifiers": list(DEPLOYMENT.verifiers),
            "code_hash": "0x" + keccak(CODE).hex(),
        }  # fmt: skip
        openings = [
            {
                "kind": "opening",
                "consent_id": "0x" + consent_id(subject, terms_hash(terms)).hex(),
                "subject": "0x" + subject.hex(),
                "terms": {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in plain(terms).items()
                },
            }
            for subject, terms in self.openings
        ]
        return [deployment, *openings, *self.uses, *self.rows]

    def ask(self, _where: str, method: str, *params: Any) -> Any:
        """Answer as the chain node would."""
        match method:
            case "eth_blockNumber":
                return hex(2 + len(self.chain.history))
            case "eth_getLogs":
                first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
                return [
                    log_of(change)
                    for change in self.chain.history
                    if first <= change.block_number <= last
                ]
            case "eth_getRawTransactionByHash":
                raw = self.chain.raws.get(bytes.fromhex(params[0][2:]), b"")
                return "0x" + raw.hex() if raw else None
            case "eth_getCode":
                if params[0] == DEPLOYMENT.contract:
                    return "0x" + self.code.hex()
                is_verifier = params[0] in DEPLOYMENT.verifiers
                return "0x" + self.verifier_code.hex() if is_verifier else "0x"
            case "eth_call":
                head = GENESIS_HEAD
                for change in self.chain.history:
                    words = [change.body[i : i + 32] for i in range(0, len(change.body), 32)]
                    head = next_head(head, change.op, words)
                return "0x" + (head.ljust(32, b"\0") + word(len(self.chain.history))).hex()
        raise AssertionError(method)


def plain(terms: Terms) -> dict[str, Any]:
    """Return terms as the evidence has them: bytes in hex."""
    values = {name: getattr(terms, name) for name in Terms.__slots__}
    return {n: "0x" + v.hex() if isinstance(v, bytes) else v for n, v in values.items()}


def log_of(change: abi.Change) -> dict[str, Any]:
    names = {
        Op.ENROLLED: ("Enrolled(bytes32,address,bytes)", 2),
        Op.KEY_ADDED: ("KeyAdded(bytes32,bytes,uint8,uint40)", 1),
        Op.GRANTED: ("Granted(bytes32,bytes32,bytes32,uint40,uint40)", 1),
        Op.WITHDRAWN: ("Withdrawn(bytes32,bytes32)", 1),
        Op.ANCHORED: ("Anchored(bytes32,bytes32,uint64)", 1),
    }
    name, topics = names[Op(change.op)]
    cut = 32 * topics
    data = change.body[cut:]
    signer = word(len(change.signer)) + change.signer + bytes(-len(change.signer) % 32)
    if change.op == Op.ENROLLED:
        data = word(32) + signer
    elif change.op == Op.KEY_ADDED:
        data = word(96) + change.body[64:] + signer
    parts = [change.body[at : at + 32] for at in range(0, cut, 32)]
    return {
        "topics": ["0x" + part.hex() for part in (keccak(name.encode()), *parts)],
        "data": "0x" + data.hex(),
        "blockNumber": hex(change.block_number),
        "transactionHash": "0x" + change.transaction.hex(),
    }


@pytest.fixture
def judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    script = load()

    def run(world: World, lines: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        monkeypatch.setattr(script, "ask", world.ask)
        file = tmp_path / "evidence.ndjson"
        made = world.lines() if lines is None else lines
        file.write_text("".join(json.dumps(line) + "\n" for line in made))
        code = script.main(str(file), "node", str(tmp_path))
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (0 if result["agrees"] else 1)
        return result

    return run


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
        def find(self, name: bytes) -> Terms | None:
            known = {consent_id(s, terms_hash(t)): t for s, t in world.openings}
            return known.get(name)

    fields = {"party": STUDY, "purpose": "MLTRAINING", "at_s": NOW_S, "count": 4, **changed}
    use = PastUse(
        subject=world.patient.subject, record_id=RECORD, category="", recorded_on="", **fields
    )
    return PastPermits(Rows(), Known()).find_fault(consent, use)  # type: ignore[arg-type]


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
    (cut_journal, "are not those anchored"),
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
    answer = world.ask("", "eth_call")
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
    assert load().main(str(file), town.endpoint, str(tmp_path)) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["wrong"] == []
    assert result["operations"] == ledger.view().count
    assert result["custodians"] == [town.account.address[2:]]


def test_the_scripts_constants_are_those_of_the_contract_and_the_vocabulary() -> None:
    script = load()
    assert script.CODE[0] == LEDGER["runtimeCodeHash"].removeprefix("0x")
    assert list(script.CODE[1]) == [part["start"] for part in LEDGER["immutableReferences"]]
    assert LEDGER["verifier"]["runtimeCodeHash"].removeprefix("0x") == script.VERIFIER
    listed = {code: set(text.split()) for code, text in script.COVERS.items()}
    assert listed == {code: set(all_) - {code} for code, all_ in COVERS.items() if all_ - {code}}
