"""A change of keys that the ledger does not show yet: no page says that it is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from consent import DAY_S, PENDING, KeyAddition, KeyRemoval, Outcome, RecoveryVeto, keccak
from consent.typed_data import Domain
from services.accounts import Site
from services.accounts.accounts import PATIENT, Account, Accounts
from services.accounts.challenges import Challenges
from services.accounts.invitations import Invitations
from services.accounts.passkey_changes import PasskeyChanges
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.recovered_keys import RecoveredKeys
from services.accounts.sessions import Sessions
from services.accounts.signature_requests import SignatureRequests
from services.accounts.wallets import Wallets
from services.accounts.webauthn import NewPasskey
from services.patient.acts import PatientActs
from services.patient.keys import PatientKeys
from services.patient.signatures import SubmittedSignature
from services.patient.waiting_keys import MAX_WAIT_S, WaitingKeys
from services.tables import METADATA

NOW_S = 1_800_000_000
ANNA = b"a" * 32
VERIFIER = b"v" * 20
OLD, NEW = (NewPasskey(bytes([at]) * 16, bytes([at]) * 32, bytes([at]) * 32) for at in (1, 2))


def signer_of(passkey: NewPasskey) -> bytes:
    return VERIFIER + passkey.qx + passkey.qy


class Bench:
    """A patient with one passkey, over a ledger that shows what a test says."""

    def __init__(self, folder: Path) -> None:
        self.engine = sa.create_engine(f"sqlite:///{folder}/test.db")
        METADATA.create_all(self.engine)
        self.now_s = NOW_S
        site, clock = Site.at("http://localhost:8000", "localhost"), lambda: self.now_s
        self.keys: list[Any] = []
        self.recoveries: list[Any] = []
        ledger: Any = SimpleNamespace(
            domain=lambda: Domain(1, "0x" + "11" * 20),
            keys=SimpleNamespace(
                of_subject=lambda _: self.keys, recoveries_of=lambda _: self.recoveries
            ),
        )
        accounts, self.passkeys = Accounts(self.engine), Passkeys(self.engine, clock)
        self.account = Account("anna", PATIENT, "", "", ANNA, "", NOW_S)
        with self.engine.begin() as connection:
            accounts.add(connection, self.account)
        self.passkeys.add("anna", OLD, label="")
        self.signatures = SignatureRequests(
            site=site, passkeys=self.passkeys, ledger=ledger, engine=self.engine, clock=clock
        )
        challenges, sessions = Challenges(self.engine, clock), Sessions(self.engine, clock)
        self.recovered = RecoveredKeys(
            engine=self.engine,
            clock=clock,
            accounts=accounts,
            passkeys=self.passkeys,
            wallets=Wallets(self.engine, clock, site, challenges),
            invitations=Invitations(self.engine, clock),
            sessions=sessions,
        )
        changes = PasskeyChanges(
            ledger=ledger,
            creation=PasskeyCreation(site=site, challenges=challenges, passkeys=self.passkeys),
            passkeys=self.passkeys,
            sessions=sessions,
            signatures=self.signatures,
            recovered=self.recovered,
        )
        identity: Any = SimpleNamespace(
            signatures=self.signatures,
            accounts=accounts,
            passkey_changes=changes,
            passkeys=self.passkeys,
        )
        signing: Any = None
        self.page = PatientKeys(identity=identity, ledger=ledger, signatures=signing)
        self.acts = PatientActs(self.engine, clock)
        self.waiting = WaitingKeys(identity=identity, ledger=ledger, acts=self.acts, clock=clock)

    def send(self, message: Any) -> SubmittedSignature:
        """Sign a message whose outcome the ledger leaves open."""
        context = {
            "passkey": NEW.credential_id.hex(),
            "qx": NEW.qx.hex(),
            "qy": NEW.qy.hex(),
            "label": "Telephone",
        }
        prepared = self.signatures.prepare(self.account, message, context)
        outcome = Outcome(False, PENDING, None, "0xab")
        self.signatures.record_outcome(self.account, prepared.id, outcome)
        return SubmittedSignature(self.signatures.get(self.account, prepared.id), outcome, False)

    def show(self, passkey: NewPasskey, *, is_removed: bool = False) -> None:
        key_hash = keccak(signer_of(passkey))
        self.keys = [SimpleNamespace(key_hash=key_hash, is_removed=is_removed)]

    def known(self) -> set[bytes]:
        return {passkey.id for passkey in self.passkeys.of("anna")}

    def done(self) -> list[str]:
        return [act.kind for act in self.acts.list_between(ANNA, 0, 2 * NOW_S)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_an_added_passkey_signs_in_only_once_the_ledger_shows_it(bench: Bench) -> None:
    submitted = bench.send(KeyAddition(ANNA, signer_of(NEW), 0, 0))
    assert (submitted.is_in_force, submitted.is_pending, submitted.ends_sessions) == (
        False,
        True,
        False,
    )
    assert (bench.waiting.complete(), bench.known(), bench.done()) == (
        0,
        {OLD.credential_id},
        [],
    )
    bench.show(NEW)
    assert bench.waiting.complete() == 1
    assert bench.known() == {OLD.credential_id, NEW.credential_id}
    assert bench.done() == ["key-added"]
    assert bench.waiting.complete() == 0
    assert bench.signatures.get(bench.account, submitted.request.id).outcome == Outcome(
        True, "", None, "0xab"
    )


def test_a_passkey_is_removed_only_once_the_ledger_shows_it(bench: Bench) -> None:
    bench.send(KeyRemoval(ANNA, signer_of(OLD)))
    bench.show(OLD)
    assert (bench.waiting.complete(), bench.known()) == (0, {OLD.credential_id})
    bench.show(OLD, is_removed=True)
    assert (bench.waiting.complete(), bench.known(), bench.done()) == (1, set(), ["key-removed"])


def test_the_list_of_keys_says_that_a_change_waits_until_the_ledger_shows_it(
    bench: Bench,
) -> None:
    assert not bench.page.list_all(bench.account).is_waiting
    bench.send(KeyRemoval(ANNA, signer_of(OLD)))
    assert bench.page.list_all(bench.account).is_waiting
    assert not bench.page.list_all(replace(bench.account, id="ben")).is_waiting
    bench.keys = [SimpleNamespace(key_hash=keccak(signer_of(OLD)), is_removed=True, role=0)]
    bench.waiting.complete()
    assert not bench.page.list_all(bench.account).is_waiting


def test_a_refused_key_is_in_the_history_only_once_the_ledger_shows_it(bench: Bench) -> None:
    bench.recovered.add(subject=ANNA, signer=signer_of(NEW), credential_id=NEW.credential_id)
    bench.recovered.mark_proposed(signer_of(NEW))
    bench.send(RecoveryVeto(ANNA, signer_of(NEW)))
    bench.recoveries = [SimpleNamespace(signer=signer_of(NEW), state="waiting")]
    assert (bench.waiting.complete(), bench.done()) == (0, [])
    assert bench.recovered.has_open(ANNA)
    bench.recoveries = [SimpleNamespace(signer=signer_of(NEW), state="vetoed")]
    assert (bench.waiting.complete(), bench.done()) == (1, ["key-refused"])
    assert not bench.recovered.has_open(ANNA)  # no page asks about it again


def test_a_change_that_the_ledger_never_shows_is_given_up_after_thirty_days(bench: Bench) -> None:
    bench.send(KeyRemoval(ANNA, signer_of(OLD)))
    bench.now_s = NOW_S + MAX_WAIT_S + DAY_S
    assert bench.waiting.complete() == 0
    bench.show(OLD, is_removed=True)
    assert (bench.waiting.complete(), bench.known()) == (0, {OLD.credential_id})
