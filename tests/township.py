"""A ledger on a real chain, with patients who sign: what the consent tests live in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from consent.abi import word
from consent.admission import Admission
from consent.chain import Chain, Finality, Receipt
from consent.consent_ledger import ConsentLedger
from consent.consent_terms import ConsentTermsStore
from consent.deployment import Deployment, deploy
from consent.errors import LedgerBroken, LedgerUnavailable
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import Intent, Outbox
from consent.own_accounts import OwnAccounts
from consent.prover import Prover
from consent.raw_transactions import Payload, RelayerAccount
from consent.relayer import Relayer
from consent.rpc import Call, Rpc
from consent.signatures import SigningKey
from consent.tables import METADATA
from consent.terms import (
    DecisionRequest,
    Enrolment,
    Grant,
    Message,
    Signed,
    Stop,
    Terms,
    Withdrawal,
)
from consent.transactions import Outcome
from consent.typed_data import Domain, digest, keccak, terms_hash
from deploy.database import make_engine

RELAYER = bytes.fromhex("07" * 32)
FAR_S = 10_000_000
RECORD = "ab" * 16
STUDY = "study:diabetes-risk"
PATIENCE_S = 60.0


class PatientRpc(Rpc):
    """Calls whose limit is long, so that a busy machine refuses nothing that is in time here."""

    def ask(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[Any]:
        return super().ask(calls, PATIENCE_S)


class Clock:
    """A clock that a test can set; it starts at the host's time."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def make_terms(**changed: object) -> Terms:
    """Return terms of a permit for research, all of it changeable, with fresh salt."""
    values: dict[str, object] = {
        "decision": "permit",
        "recipient": STUDY,
        "purposes": ("HRESCH",),
        "categories": ("laboratory",),
        "records": ("*",),
        "data_from": "",
        "data_to": "",
        "obligations": (),
        "statement": "I agree.",
        "policy_uri": "",
        "policy_hash": bytes(32),
        "salt": secrets.token_bytes(32),
    }
    return Terms(**{**values, **changed})  # type: ignore[arg-type]


@dataclass
class Patient:
    """One subject with one key of its own."""

    domain: Domain
    custodian: bytes
    subject: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: SigningKey = field(default_factory=lambda: SigningKey(secrets.token_bytes(32)))

    def sign(self, message: Message) -> Signed:
        return Signed(message, self.key.address, self.key.sign(digest(self.domain, message)))

    def enrols(self) -> Signed:
        return self.sign(Enrolment(self.subject, self.custodian, self.key.address))

    def grants(self, at_s: int, terms: Terms | None = None, until_s: int = 0) -> Signed:
        until_s = until_s or at_s + FAR_S
        return self.sign(Grant(self.subject, terms or make_terms(), at_s, until_s))

    def withdraws(self, granted: Signed) -> Signed:
        assert isinstance(granted.message, Grant)
        return self.sign(Withdrawal(self.subject, terms_hash(granted.message.terms)))

    def stops(self, at_s: int) -> Signed:
        return self.sign(Stop(self.subject, at_s))


class Town:
    """Every part of the ledger over one database and one node; `process()` gives another set."""

    def __init__(
        self, url: str, endpoint: str, clock: Clock, deployment: Deployment | None = None
    ) -> None:
        self.url, self.endpoint, self.clock = url, endpoint, clock
        self.engine: sa.Engine = make_engine(url)
        METADATA.create_all(self.engine)
        self.chain = Chain(endpoint)
        self.chain.rpc = PatientRpc(endpoint)
        self.account = RelayerAccount(RELAYER)
        self.outbox = Outbox(self.engine, self.chain, self.account)
        finality: Finality = "single"
        self.deployment = deployment or deploy(self.chain, self.outbox, finality)
        self.consent_terms = ConsentTermsStore(self.engine)
        own = frozenset({bytes.fromhex(self.account.address[2:])})
        self.prover = Prover(self.chain, self.outbox, self.deployment, own, clock)
        self.mirror = Mirror(self.engine, self.chain, self.deployment, self.prover, clock)
        self.admission = Admission(
            self.chain, self.mirror, self.deployment, self.account.address, clock
        )
        self.limits = LedgerLimits()
        self.relayer = Relayer(
            self.outbox, self.mirror, self.consent_terms, self.admission, self.limits
        )

    def process(self, endpoint: str = "", deployment: Deployment | None = None) -> Town:
        """Return what another process would hold: the same database, nothing else in common."""
        return Town(self.url, endpoint or self.endpoint, self.clock, deployment or self.deployment)

    def patient(self, *, enrolled: bool = True) -> Patient:
        made = Patient(self.admission.domain, bytes.fromhex(self.account.address[2:]))
        if enrolled:
            assert self.relayer.submit(Enrolment, [made.enrols()])[0].ok
        return made

    def bring(self, *signed: Signed) -> list[Outcome]:
        """Submit messages of one kind."""
        return self.relayer.submit(type(signed[0].message), signed)

    def now_s(self) -> int:
        """Return a time at which a patient may sign: no clock here is behind it."""
        return int(self.clock()) - 5

    def call(self, function: str, *words: bytes) -> None:
        """Send a call of the operator's own to the contract and wait until it is mined."""
        data = keccak(function.encode())[:4] + b"".join(words)
        self.transact(self.deployment.contract, data)

    def transact(self, to: str, data: bytes, kind: str = "operator") -> Receipt:
        payload = Payload(to=to, data=data, gas=1_000_000)
        sent = self.outbox.write([Intent(kind, payload)])
        self.outbox.send(sent)
        receipts = self.outbox.settle(sent, 20)
        self.outbox.record(sent, receipts)
        assert receipts[0].ok
        return receipts[0]

    def advance_chain(self, until_s: int) -> None:
        """Let the chain's clock pass this time: each block is at least a second after the last."""
        while self.mirror.sync()[0].block_time_s <= until_s:
            self.transact(self.account.address, b"")

    def deploy_code(self, code: bytes) -> bytes:
        """Put up to 32 bytes of code on the chain and return its address."""
        store = bytes([0x5F + len(code)]) + code + bytes.fromhex("5f52")
        give = bytes([0x60, len(code), 0x60, 32 - len(code), 0xF3])
        return bytes.fromhex(self.transact("", store + give).contract[2:])

    def own_word(self) -> bytes:
        return bytes(12) + bytes.fromhex(self.account.address[2:])

    def role(self, name: str) -> bytes:
        return keccak(name.encode())

    def status(self, granted: Signed) -> int:
        """Ask the contract itself: 0 none, 1 active, 2 withdrawn, 3 stopped, 4 expired."""
        assert isinstance(granted.message, Grant)
        reference = granted.message.subject + terms_hash(granted.message.terms)
        call = keccak(b"status((bytes32,bytes32)[])")[:4] + word(32) + word(1) + reference
        query = {"to": self.deployment.contract, "data": "0x" + call.hex()}
        return int(Rpc(self.endpoint).call("eth_call", query, "latest")[-1], 16)


LOG = re.compile(rb'\{"address":[^{}]*\},?')


def make_town(folder: Path, endpoint: str, now_s: float) -> Town:
    """Return a town with a fresh database and a fresh contract."""
    folder.mkdir(parents=True, exist_ok=True)
    return Town(f"sqlite:///{folder / 'town.db'}", endpoint, Clock(now_s))


def make_ledger(town: Town) -> ConsentLedger:
    own = OwnAccounts.single(town.account)
    return ConsentLedger(town.engine, town.chain, own, town.deployment, town.clock)


def ask(patient: Patient, **changed: str) -> DecisionRequest:
    values = {"party": STUDY, "purpose": "HRESCH", "category": "laboratory"}
    query = {**values, "record_id": RECORD, "recorded_on": "2026-01-02", **changed}
    return DecisionRequest(subject=patient.subject, **query)


def some_history(town: Town) -> tuple[Patient, list[Signed]]:
    patient = town.patient()
    granted = [patient.grants(town.now_s()) for _ in range(3)]
    town.bring(*granted)
    town.bring(patient.withdraws(granted[0]))
    town.bring(patient.stops(town.now_s() - 60))
    return patient, granted


def refusal(mirror: Mirror) -> str:
    with pytest.raises((LedgerUnavailable, LedgerBroken)) as raised:
        mirror.sync()
    return str(raised.value)
