"""A recovered key that cannot sign in delays no other, and a false proposal replaces none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from consent import Enrolment, LedgerUnavailable, Recovery, Signed, digest
from consent.signatures import SigningKey
from consent.typed_data import Domain
from services.accounts import Site
from services.accounts.accounts import PATIENT, Account, Accounts
from services.accounts.challenges import Challenges
from services.accounts.errors import ProofInvalid
from services.accounts.invitations import RECOVER, Invitation, Invitations, Invitee
from services.accounts.key_recoveries import FINISHED, KeyRecoveries
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.recovered_keys import RecoveredKeys
from services.accounts.sessions import Sessions
from services.accounts.wallets import Wallets
from services.tables import METADATA
from services.tokens import Tokens

NOW_S = 1_800_000_000
DOMAIN = Domain(1, "0x" + "11" * 20)
ANNA, BERT = b"a" * 32, b"b" * 32
FIRST, SECOND = SigningKey(b"\1" * 32), SigningKey(b"\2" * 32)


class Bench:
    """The recoveries of a custodian whose ledger accepts every proposal at once."""

    def __init__(self, folder: Path) -> None:
        self.now_s = NOW_S
        self.engine = sa.create_engine(f"sqlite:///{folder}/test.db")
        METADATA.create_all(self.engine)
        site, challenges = Site.at("http://localhost:8000", "localhost"), self._of(Challenges)
        self.accounts = Accounts(self.engine)
        self.wallets = Wallets(self.engine, lambda: NOW_S, site, challenges)
        self.tokens = Tokens(self.engine, lambda: NOW_S)
        self.proposed: list[Recovery] = []
        self.while_sending: Callable[[], None] = lambda: None
        self.outcome = SimpleNamespace(ok=True, reason="")
        self.refused: set[tuple[bytes, bytes]] = set()
        ports: dict[str, Any] = {
            "accounts": self.accounts,
            "passkeys": self._of(Passkeys),
            "invitations": self._of(Invitations),
        }
        self.invitations = ports["invitations"]
        self.keys = RecoveredKeys(
            **ports,
            engine=self.engine,
            clock=lambda: self.now_s,
            wallets=self.wallets,
            sessions=self._of(Sessions),
        )
        ledger: Any = SimpleNamespace(
            domain=lambda: DOMAIN,
            keys=SimpleNamespace(
                propose_recovery=self._propose,
                recoveries_of=lambda subject: [r for r in self.proposed if r.subject == subject],
                is_refused=lambda subject, signer: (subject, signer) in self.refused,
            ),
        )
        self.recoveries = KeyRecoveries(
            **ports,
            site=site,
            ledger=ledger,
            creation=PasskeyCreation(site=site, challenges=challenges, passkeys=ports["passkeys"]),
            keys=self.keys,
            tokens=self.tokens,
        )

    def _of(self, store: Any) -> Any:
        return store(self.engine, lambda: NOW_S)

    def _propose(self, signed: Signed) -> Any:
        self.while_sending()
        if self.outcome.ok:
            self.proposed.append(Recovery(signed.message.subject, signed.signer, FINISHED, None, 1))
        return self.outcome

    def link(self) -> tuple[str, Invitation]:
        """Return the secret of a recovery link for Anna, and the link."""
        secret = self.invitations.add(Invitee(PATIENT, "", "", ANNA), RECOVER, "keeper")
        return secret, self.invitations.find(secret, RECOVER)

    def create(self, invitation: Invitation, signer: bytes) -> None:
        """Store a key that a tab created with a link."""
        self.keys.add(subject=ANNA, signer=signer, credential_id=signer[:8], invitation=invitation)

    def send(self, key: SigningKey) -> Any:
        """Propose a key that is stored, as the page of its link does."""
        return self.recoveries._propose(enrolment(ANNA, key))

    def register(self, address: bytes) -> None:
        """Give a wallet to somebody else's account."""
        with self.engine.begin() as connection:
            self.accounts.add(connection, Account("else", PATIENT, "", "", b"e" * 32, "", NOW_S))
            self.wallets.add(connection, address, "else")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def enrolment(subject: bytes, key: SigningKey) -> Signed:
    message = Enrolment(subject, b"c" * 20, key.address)
    return Signed(message, key.address, key.sign(digest(DOMAIN, message)))


def test_a_key_that_signs_in_already_delays_no_other(bench: Bench) -> None:
    bench.recoveries.propose_signed(enrolment(ANNA, FIRST), "keeper")
    bench.recoveries.propose_signed(enrolment(BERT, SECOND), "keeper")
    bench.register(FIRST.address)
    assert bench.recoveries.admit_recovered() == [BERT]
    assert bench.keys.list_open() == []
    assert bench.wallets.find_account(FIRST.address) == "else"


def test_a_wallet_that_is_registered_already_is_not_proposed(bench: Bench) -> None:
    bench.register(FIRST.address)
    with pytest.raises(ProofInvalid, match="registered already"):
        bench.recoveries.propose_signed(enrolment(ANNA, FIRST), "keeper")
    assert bench.proposed == bench.keys.list_open() == []


def test_a_false_proposal_replaces_nobodys_pending_key(bench: Bench) -> None:
    signer = b"p" * 84
    bench.keys.add(subject=ANNA, signer=signer, credential_id=b"x")
    right, message = enrolment(BERT, FIRST), Enrolment(BERT, b"c" * 20, signer)
    for wrong in (
        Signed(message, signer, b"s" * 65),
        replace(right, signature=b"s" * 65),
        replace(right, signature=enrolment(BERT, SECOND).signature),
        replace(right, signer=SECOND.address),
    ):
        with pytest.raises(ProofInvalid):
            bench.recoveries.propose_signed(wrong, "keeper")
    assert [(key.signer, key.subject) for key in bench.keys.list_open()] == [(signer, ANNA)]
    assert bench.proposed == []


def test_a_key_that_is_pending_for_another_patient_or_proposed_is_refused(bench: Bench) -> None:
    bench.keys.add(subject=ANNA, signer=FIRST.address)
    with pytest.raises(ProofInvalid, match="proposed already"):
        bench.recoveries.propose_signed(enrolment(BERT, FIRST), "keeper")
    bench.recoveries.propose_signed(enrolment(ANNA, FIRST), "keeper")
    with pytest.raises(ProofInvalid, match="proposed already"):
        bench.recoveries.propose_signed(enrolment(ANNA, FIRST), "keeper")
    assert [key.subject for key in bench.keys.list_open()] == [ANNA]


def test_a_key_that_a_disabled_account_proposed_is_on_hold(bench: Bench) -> None:
    with bench.engine.begin() as connection:
        keeper = Account("keeper", "custodian", "organisation:h", "K", None, "", NOW_S)
        bench.accounts.add(connection, keeper)
    bench.recoveries.propose_signed(enrolment(ANNA, FIRST), "keeper")
    bench.recoveries.propose_signed(enrolment(BERT, SECOND), "another")
    assert not bench.recoveries.is_on_hold(ANNA, FIRST.address)
    bench.accounts.disable("keeper")
    assert bench.recoveries.is_on_hold(ANNA, FIRST.address)
    assert not bench.recoveries.is_on_hold(BERT, SECOND.address)
    assert bench.recoveries.admit_recovered() == [BERT]
    assert bench.wallets.find_account(FIRST.address) is None


def test_a_key_that_was_proposed_with_a_token_that_is_revoked_is_on_hold(bench: Bench) -> None:
    stolen, _ = bench.tokens.create("custodian", "organisation:h", 1)
    other, _ = bench.tokens.create("custodian", "organisation:h", 1)
    bench.recoveries.propose_signed(enrolment(ANNA, FIRST), stolen.id)
    bench.recoveries.propose_signed(enrolment(BERT, SECOND), other.id)
    assert not bench.recoveries.is_on_hold(ANNA, FIRST.address)
    bench.tokens.revoke(stolen.id)
    assert bench.recoveries.is_on_hold(ANNA, FIRST.address)
    assert bench.recoveries.admit_recovered() == [BERT]
    assert bench.wallets.find_account(FIRST.address) is None


def test_a_key_that_the_patient_refused_here_is_never_admitted(bench: Bench) -> None:
    bench.recoveries.propose_signed(enrolment(ANNA, FIRST), "keeper")
    bench.refused.add((ANNA, FIRST.address))
    assert bench.recoveries.is_on_hold(ANNA, FIRST.address)
    assert bench.recoveries.admit_recovered() == []
    assert bench.wallets.find_account(FIRST.address) is None


def test_a_credential_on_its_way_is_known(bench: Bench) -> None:
    bench.keys.add(subject=ANNA, signer=b"p" * 84, credential_id=b"x")
    assert bench.keys.has_credential(b"x")
    assert not bench.keys.has_credential(b"y")


def test_a_second_tab_replaces_no_key_while_it_is_sent_and_makes_no_other(bench: Bench) -> None:
    secret, invitation = bench.link()
    bench.create(invitation, FIRST.address)

    def open_second_tab() -> None:
        with pytest.raises(ProofInvalid, match="is being proposed"):
            bench.recoveries.begin(secret)
        with pytest.raises(ProofInvalid):
            bench.create(invitation, SECOND.address)

    bench.while_sending = open_second_tab
    bench.send(FIRST)
    assert [key.signer for key in bench.keys.list_open()] == [FIRST.address]
    assert bench.keys.list_open()[0].proposed_at_s == NOW_S
    assert bench.recoveries.admit_recovered() == [ANNA]


def test_a_key_that_a_second_tab_replaced_before_it_was_sent_is_not_sent(bench: Bench) -> None:
    _, invitation = bench.link()
    bench.create(invitation, FIRST.address)
    bench.create(invitation, SECOND.address)
    with pytest.raises(ProofInvalid, match="Another window"):
        bench.send(FIRST)
    assert bench.proposed == []
    bench.send(SECOND)
    assert [proposal.signer for proposal in bench.proposed] == [SECOND.address]


def test_a_link_makes_another_key_once_the_ledger_did_not_get_the_first(bench: Bench) -> None:
    secret, invitation = bench.link()
    bench.create(invitation, FIRST.address)
    bench.outcome = SimpleNamespace(ok=False, reason="key-in-use")
    assert not bench.send(FIRST).ok
    assert bench.recoveries.begin(secret).step == "make"
    bench.create(invitation, SECOND.address)

    def fail() -> None:
        raise LedgerUnavailable("no answer")

    bench.while_sending = fail
    with pytest.raises(LedgerUnavailable):
        bench.send(SECOND)
    bench.create(invitation, FIRST.address)
    assert [key.signer for key in bench.keys.list_open()] == [FIRST.address]


def test_a_process_that_ended_while_it_sent_a_key_blocks_its_link_for_ten_minutes(
    bench: Bench,
) -> None:
    secret, invitation = bench.link()
    bench.create(invitation, FIRST.address)
    bench.keys.begin_sending(FIRST.address)
    bench.now_s += 599
    with pytest.raises(ProofInvalid, match="is being proposed"):
        bench.recoveries.begin(secret)
    bench.now_s += 1
    assert bench.recoveries.begin(secret).step == "make"
    bench.create(invitation, SECOND.address)
    assert [key.signer for key in bench.keys.list_open()] == [SECOND.address]
