"""Installations whose accounts are exchanged on a real chain, and killed at any step."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faults import FaultProxy
from township import RELAYER, Clock, Patient, Town

from consent import accounts as accounts_module
from consent.chain import Chain, Finality
from consent.consent_ledger import ConsentLedger
from consent.deployment import deploy, load
from consent.outbox import Outbox
from consent.own_accounts import OwnAccounts
from consent.raw_transactions import RelayerAccount
from consent.signatures import SigningKey
from consent.tables import METADATA
from consent.terms import Enrolment, Signed
from deploy.database import make_engine

ADMIN = RelayerAccount(b"\x31" * 32)


class Keys:
    """The key files of an installation, in memory."""

    def __init__(self) -> None:
        self.everyday = RelayerAccount(RELAYER)
        self.former: list[RelayerAccount] = []
        self.next: RelayerAccount | None = None

    def make_next(self) -> RelayerAccount:
        self.next = self.next or RelayerAccount(secrets.token_bytes(32))
        return self.next

    def switch(self) -> None:
        assert self.next is not None
        self.former.append(self.everyday)
        self.everyday, self.next = self.next, None

    def own(self) -> OwnAccounts:
        return OwnAccounts.single(self.everyday, *self.former)


class SeparateKeys(Keys):
    """The key files of an installation with an account for each task."""

    def __init__(self) -> None:
        super().__init__()
        self.relayer, self.anchor = Keys(), Keys()

    def own(self) -> OwnAccounts:
        return OwnAccounts(
            self.everyday, self.relayer.everyday, self.anchor.everyday, tuple(self.former)
        )

    def addresses(self) -> list[str]:
        return [each.everyday.address for each in (self.relayer, self, self.anchor)]


def start(town: Town, keys: Keys) -> ConsentLedger:
    """Return what a process that starts now holds."""
    ledger = ConsentLedger(town.engine, town.chain, keys.own(), town.deployment, town.clock)
    ledger.recover()
    return ledger


def separated(town: Town) -> tuple[SeparateKeys, ConsentLedger, ConsentLedger]:
    """Return the keys, a process from before the accounts were separate, and one from after."""
    keys = SeparateKeys()
    before = start(town, keys)
    before.accounts.separate(ADMIN, relayer=keys.relayer, anchor=keys.anchor)
    return keys, before, start(town, keys)


def patient_of(ledger: ConsentLedger) -> Patient:
    return Patient(ledger.domain(), ledger.custodian())


def enrolled(ledger: ConsentLedger) -> Patient:
    patient = patient_of(ledger)
    assert ledger.enrol([patient.enrols()])[0].ok
    assert ledger.is_enrolled(patient.subject)
    return patient


def proposal(patient: Patient, custodian: bytes) -> Signed:
    key = SigningKey(secrets.token_bytes(32))
    new = Patient(patient.domain, custodian, patient.subject, key)
    return new.sign(Enrolment(patient.subject, custodian, key.address))


def uses(ledger: ConsentLedger) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {each.address: (each.use, each.roles) for each in ledger.accounts.list()}


@contextmanager
def bft_chain(endpoint: str, folder: Path) -> Iterator[str]:
    """Yield the endpoint of a chain whose newest block is final, as with several validators."""
    proxy = FaultProxy(endpoint, folder / "bft.ipc")
    proxy.rewrite = lambda question: question.replace(b'"finalized"', b'"latest"')
    yield proxy.endpoint
    proxy.close()


def new_town(endpoint: str, folder: Path, finality: Finality = "single") -> Town:
    """Return a town whose contract has an admin of its own, and whose clock is the chain's."""
    url = f"sqlite:///{folder / 'separate.db'}"
    engine, chain = make_engine(url), Chain(endpoint)
    METADATA.create_all(engine)
    outbox = Outbox(engine, chain, RelayerAccount(RELAYER))
    made = deploy(chain, outbox, finality, admin=ADMIN.address)
    assert deploy(chain, outbox, finality, admin=ADMIN.address) == made
    assert (made.founder, made.admin) == (outbox.address, ADMIN.address)
    made.save(folder / "ledger.json")
    assert load(folder / "ledger.json") == made
    chain_s = chain.block_times([chain.look(made.contract, "single", 0).latest.number])[0] or 0
    return Town(url, endpoint, Clock(max(time.time(), chain_s)), made)


class Killed(BaseException):
    """What a process that is killed does next: nothing."""


def kill_after_each(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> list[str]:
    """End the work after each durable step that was never taken before; return these steps."""
    steps: list[str] = []
    seen: set[object] = set()

    def counted(owner: object, name: str, key_of: Callable[..., object]) -> None:
        run = getattr(owner, name)

        def wrapped(*args: Any) -> object:
            result = run(*args)
            if (key := (name, key_of(*args))) in seen:
                return result
            seen.add(key)
            steps.append(name)
            raise Killed

        monkeypatch.setattr(owner, name, wrapped)

    counted(Outbox, "write", lambda _, intents: (intents[0].payload.to, intents[0].payload.data))
    counted(accounts_module, "set_purpose", lambda *args: args[1:])
    counted(keys, "make_next", lambda: None)
    counted(keys, "switch", lambda: None)
    return steps
