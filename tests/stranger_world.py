"""A small ledger with its node, and the evidence of an installation on it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from devices import Device
from liar import DEPLOYMENT, DOMAIN, NOW_S, OURS, LyingChain, batch_call, raw_call
from township import RECORD, RELAYER, STUDY, Patient, make_terms

from consent import abi
from consent.abi import Entry, word
from consent.signatures import SigningKey
from consent.terms import Grant, Signed, Terms, Withdrawal
from consent.typed_data import GENESIS_HEAD, Op, consent_id, keccak, next_head, terms_hash
from storage import merkle
from storage.keys import SecretKey
from storage.rootkey import receipt_key, sign_receipt

LIAR, RELAY = SigningKey(b"\5" * 32), SigningKey(RELAYER)
LEDGER = abi.contract()
CODE, VERIFIER_CODE = (abi.data(part["runtime"]) for part in (LEDGER, LEDGER["verifier"]))
SCRIPT = Path(__file__).parents[1] / "docs" / "spec" / "check.py"


def load_script() -> ModuleType:
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
        self.made_at_s = NOW_S
        self.times: dict[int, int] = {}
        self.recovery_delay_s = 604_800
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
        self.covered = 0
        self.receipts: list[dict[str, Any]] = []
        self.erased: set[bytes] = set()

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

    def erase(self, subject: bytes, at_s: int) -> None:
        """Sign that everything about a patient was deleted; terms are left out from then on."""
        root = SecretKey(b"\7" * 32)
        body = json.dumps({"at_s": at_s, "subject_sha256": hashlib.sha256(subject).hexdigest()})
        signature, key = sign_receipt(root, body.encode()), receipt_key(root)
        names = {"body": body, "signature": signature.hex(), "public_key": key.hex()}
        self.receipts.append({"kind": "erasure", **names})
        self.erased.add(subject)

    def anchor_uses(self, times: int) -> None:
        """Write a reading by the patient and anchor it, this many times."""
        for _ in range(times):
            self.use("own", bytes(32), party="patient", purpose="PATRQT")
            self.anchored = True
            self.lines()

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
        for number, row in enumerate(self.rows, 1):
            seq = row.setdefault("seq", number)
            fixed = seq.to_bytes(8, "big") + bytes.fromhex(row["use"] + row["commitments"])
            fixed += (1).to_bytes(4, "big") + bytes.fromhex(row["consent"])
            before = hashlib.sha256(before + fixed + row["outcome"].encode()).digest()
            row["hash"] = before.hex()
            hashes.append(before)
        if self.anchored:
            root = merkle.root(hashes[self.covered :])
            self.covered = len(hashes)
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
                "terms": None if subject in self.erased else plain(terms),
            }
            for subject, terms in self.openings
        ]
        return [deployment, *openings, *self.receipts, *self.uses, *self.rows]

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
            case "eth_getBlockByNumber":
                return {"timestamp": hex(self.times.get(int(params[0], 16), self.made_at_s))}
            case "eth_getRawTransactionByHash":
                raw = self.chain.raws.get(bytes.fromhex(params[0][2:]), b"")
                return "0x" + raw.hex() if raw else None
            case "eth_getCode":
                codes = dict.fromkeys(DEPLOYMENT.verifiers, self.verifier_code)
                codes[DEPLOYMENT.contract] = self.code
                return "0x" + codes.get(params[0], b"").hex()
            case "eth_call":
                return "0x" + self.call(bytes.fromhex(params[0]["data"][2:])).hex()
        raise AssertionError(method)

    def call(self, data: bytes) -> bytes:
        """Answer as the contract would."""
        if data == keccak(b"RECOVERY_DELAY()")[:4]:
            return word(self.recovery_delay_s)
        assert data == keccak(b"headAndCount()")[:4]
        head = GENESIS_HEAD
        for change in self.chain.history:
            words = [change.body[i : i + 32] for i in range(0, len(change.body), 32)]
            head = next_head(head, change.op, words)
        return head.ljust(32, b"\0") + word(len(self.chain.history))


def operation_lines(world: World) -> list[dict[str, Any]]:
    """Return the lines of a world's ledger, as an installation writes them."""
    head, lines = GENESIS_HEAD, list[dict[str, Any]]()
    for position, change in enumerate(world.chain.history, 1):
        words = [change.body[at : at + 32] for at in range(0, len(change.body), 32)]
        head = next_head(head, change.op, words)
        line = {"kind": "operation", "position": position, "op": Op(change.op).name.lower()}
        line |= {"words": ["0x" + each.hex() for each in words], "head": "0x" + head.hex()}
        lines.append(line | ({"signer": "0x" + change.signer.hex()} if change.signer else {}))
    return lines


def plain(terms: Terms) -> dict[str, Any]:
    """Return terms as the evidence has them: bytes in hex."""
    values = {name: getattr(terms, name) for name in Terms.__slots__}
    texts = {n: "0x" + v.hex() if isinstance(v, bytes) else v for n, v in values.items()}
    return {n: list(v) if isinstance(v, tuple) else v for n, v in texts.items()}


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
