"""From a lost phone to the next withdrawal: link, new passkey, delay, sign-in, signature."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from geth import Geth, find_geth
from passkeys import Passkey
from township import RELAYER, Clock, Town, make_ledger, make_terms

from consent import ConsentLedger, Grant, RecoveryVeto, Withdrawal, keccak, terms_hash
from consent.chain import Chain
from consent.deployment import deploy
from consent.outbox import Outbox
from consent.raw_transactions import RelayerAccount
from consent.tables import METADATA as CONSENT_TABLES
from deploy.database import make_engine, metadatas
from services.accounts import (
    Account,
    IdentityService,
    InvitationExpired,
    Invitee,
    SignInFailed,
    Site,
)
from services.custodian.identity_checks import IdentityChecks
from services.custodian.patient_journal import PatientJournal
from services.custodian.recoveries import REFUSED_LISTED_S, CustodianRecoveries
from services.errors import Invalid
from services.installation import Installation
from services.patient.acts import PatientActs
from services.requests import PatientDirectory
from services.words import Words
from storage import RecordStore

pytestmark = pytest.mark.node
DELAY_S = 2
NUMBER = "H-77"
SITE = Site.at("http://localhost:8000")
WORDS = Words("en")


@dataclass
class Clinic:
    """One custodian on a ledger whose recoveries wait two seconds, and one patient with a phone."""

    town: Town
    ledger: ConsentLedger
    identity: IdentityService
    recoveries: CustodianRecoveries
    store: RecordStore
    phone: Passkey
    account: Account

    @property
    def subject(self) -> bytes:
        assert self.account.subject is not None
        return self.account.subject

    def sign_in(self, passkey: Passkey) -> Account:
        request = self.identity.begin_sign_in()
        return self.identity.sign_in(request.challenge, passkey.answer(dict(request.options)))

    def signed(self, passkey: Passkey, message: Any) -> Any:
        """Return a message as the patient's page has it signed."""
        request = self.identity.signatures.prepare(self.account, message, {})
        answer = passkey.answer(dict(request.options))
        return self.identity.signatures.finish(self.account, request.id, answer)

    def create_key(self, link: str) -> Passkey:
        """Open a recovery link on a new device, as the page's script does."""
        secret, passkey = link.rsplit("/", 1)[1], Passkey(SITE.origin, SITE.rp_id)
        recoveries = self.identity.key_recoveries
        request = recoveries.begin(secret)
        proof = recoveries.add_passkey(
            secret, request.challenge, passkey.answer(dict(request.options)), "Firefox · Android"
        )
        assert recoveries.propose(secret, passkey.answer(dict(proof.options))).ok
        return passkey

    def state_of(self, link: str) -> str:
        """Return what the page of a recovery link shows."""
        link_now = self.identity.key_recoveries.find(link.rsplit("/", 1)[1])
        return link_now.state if link_now else "none"

    def end_delay(self) -> None:
        """Move the chain and the host past the delay."""
        [recovery] = self.ledger.keys.open_recoveries()
        assert recovery.ready_at_s is not None
        self.town.advance_chain(recovery.ready_at_s)
        self.town.clock.now_s = recovery.ready_at_s + 1


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    assert find_geth() is not None, "no geth is built: run make nodes"
    relayer = RelayerAccount(RELAYER)
    geth = Geth(tmp_path / "geth", relayer.address).start()
    url = f"sqlite:///{tmp_path / 'clinic.db'}"
    engine, clock = make_engine(url), Clock(time.time())
    for metadata in (CONSENT_TABLES, *metadatas()):
        metadata.create_all(engine)
    chain = Chain(geth.endpoint)
    made = deploy(chain, Outbox(engine, chain, relayer), "single", DELAY_S)
    town = Town(url, geth.endpoint, clock, made)
    ledger = make_ledger(town)
    no_node: Any = None
    store = RecordStore(engine, no_node, ledger, tmp_path / "home", clock)
    store.unseal("passphrase")
    identity = IdentityService(engine=engine, clock=clock, site=SITE, ledger=ledger)
    installation = Installation(
        organisation="organisation:clinic",
        site=SITE,
        home=tmp_path,
        clock=clock,
        is_development=True,
        version="0",
    )
    directory = PatientDirectory(engine, store, clock)
    recoveries = CustodianRecoveries(
        ledger=ledger,
        directory=directory,
        key_recoveries=identity.key_recoveries,
        checks=IdentityChecks(
            PatientJournal(ledger=ledger, store=store, installation=installation)
        ),
        acts=PatientActs(engine, clock),
        installation=installation,
    )
    phone = Passkey(SITE.origin, SITE.rp_id)
    account = join(identity, directory.get_or_add([NUMBER])[NUMBER], phone)
    yield Clinic(town, ledger, identity, recoveries, store, phone, account)
    engine.dispose()
    geth.kill()


def join(identity: IdentityService, subject: bytes, phone: Passkey) -> Account:
    """Follow an invitation on a phone."""
    secret = identity.invite(Invitee("patient", "", "", subject)).rsplit("/", 1)[1]
    request = identity.registrations.begin(secret)
    answer = phone.answer(dict(request.options))
    proof = identity.registrations.add_passkey(secret, request.challenge, answer)
    answer = phone.answer(dict(proof.options))
    return identity.registrations.finish(secret, proof.challenge, answer)


def test_a_patient_with_a_lost_phone_signs_the_next_withdrawal_with_a_new_key(
    clinic: Clinic,
) -> None:
    now_s, terms = clinic.town.now_s(), make_terms()
    grant = clinic.signed(clinic.phone, Grant(clinic.subject, terms, now_s, now_s + 9_999))
    assert clinic.ledger.grant([grant])[0].ok
    session = clinic.identity.sessions.begin(clinic.account.id)

    link = clinic.recoveries.issue_link(WORDS, NUMBER, "card", by="keeper").link
    passkey = clinic.create_key(link)
    clinic.end_delay()
    assert clinic.recoveries.complete_due() == 1
    assert clinic.sign_in(passkey).id == clinic.account.id
    assert clinic.identity.find_signed_in(session) is None  # the lost phone may be signed in

    message = Withdrawal(clinic.subject, terms_hash(terms))
    assert clinic.ledger.withdraw([clinic.signed(passkey, message)])[0].ok
    [consent] = clinic.ledger.consents_of(clinic.subject)
    assert consent.state == "withdrawn"


def test_a_new_key_is_shown_everywhere_and_works_only_after_the_delay(clinic: Clinic) -> None:
    recoveries = clinic.identity.key_recoveries
    link = clinic.recoveries.issue_link(WORDS, NUMBER, "card", by="keeper").link
    secret = link.rsplit("/", 1)[1]
    assert clinic.state_of(link) == "new"
    assert not recoveries.has_open(clinic.subject)  # nothing is proposed yet
    passkey = clinic.create_key(link)
    assert recoveries.has_open(clinic.subject)  # every page of the patient shows it
    assert clinic.state_of(link) == "waiting"
    with pytest.raises(SignInFailed):
        clinic.sign_in(passkey)
    assert clinic.recoveries.complete_due() == 0
    with pytest.raises(InvitationExpired):
        recoveries.begin(secret)
    clinic.end_delay()
    assert clinic.recoveries.complete_due() == 1
    assert clinic.recoveries.complete_due() == 0
    assert clinic.state_of(link) == "finished"
    assert not recoveries.has_open(clinic.subject)
    labels = [each.label for each in clinic.identity.passkeys.of(clinic.account.id)]
    assert "Firefox · Android" in labels


def test_a_key_that_was_refused_by_the_patients_phone_never_signs_in(clinic: Clinic) -> None:
    link = clinic.recoveries.issue_link(WORDS, NUMBER, "video", by="keeper").link
    passkey = clinic.create_key(link)
    [recovery] = clinic.ledger.keys.open_recoveries()
    veto = clinic.signed(clinic.phone, RecoveryVeto(clinic.subject, recovery.signer))
    assert clinic.ledger.keys.veto_recovery([veto])[0].ok
    assert [(each.number, each.state) for each in clinic.recoveries.list_pending()] == [
        (NUMBER, "refused")
    ]
    clinic.town.clock.now_s += DELAY_S + 1
    assert clinic.recoveries.complete_due() == 0
    assert not clinic.identity.key_recoveries.has_open(clinic.subject)
    assert clinic.state_of(link) == "vetoed"
    with pytest.raises(SignInFailed):
        clinic.sign_in(passkey)
    assert all(
        key.key_hash != keccak(recovery.signer)
        for key in clinic.ledger.keys.of_subject(clinic.subject)
    )
    clinic.town.clock.now_s += REFUSED_LISTED_S
    assert clinic.recoveries.list_pending() == []


def test_an_identity_check_is_in_the_patients_journal_before_the_link_leaves(
    clinic: Clinic,
) -> None:
    with pytest.raises(Invalid):
        clinic.recoveries.issue_link(WORDS, NUMBER, "", by="keeper")
    with pytest.raises(Invalid):
        clinic.recoveries.issue_link(WORDS, f"p{secrets.token_hex(4)}", "card", by="keeper")
    assert clinic.store.journal.of_subject(clinic.subject) == []
    first = clinic.recoveries.issue_link(WORDS, NUMBER, "card", by="keeper").link
    [row] = clinic.store.journal.of_subject(clinic.subject)
    use = clinic.store.journal.use(row.use)
    assert row.answer.outcome == "identity-checked"
    assert (use["actor"], use["purpose"], use["why"]) == ("keeper", "recover", "card")
    clinic.recoveries.issue_link(WORDS, NUMBER, "card", by="keeper")
    assert clinic.state_of(first) == "none"


def test_a_recovery_link_opens_no_account_and_an_invitation_recovers_none(clinic: Clinic) -> None:
    link = clinic.recoveries.issue_link(WORDS, NUMBER, "card", by="keeper").link
    with pytest.raises(InvitationExpired):
        clinic.identity.registrations.begin(link.rsplit("/", 1)[1])
    invitation = clinic.identity.invite(Invitee("auditor", "organisation:clinic", "A"))
    with pytest.raises(InvitationExpired):
        clinic.identity.key_recoveries.begin(invitation.rsplit("/", 1)[1])
