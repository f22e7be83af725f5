"""A passkey whose enrolment is on its way to the ledger is never replaced by another one."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from passkeys import Passkey as Device

from consent import PENDING, Enrolment, LedgerUnavailable, Outcome, Signed, keccak
from consent.typed_data import Domain
from services.accounts import Site
from services.accounts.accounts import PATIENT, Accounts
from services.accounts.challenges import Challenges
from services.accounts.errors import ProofInvalid, SignInFailed
from services.accounts.invitations import Invitations, Invitee
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.pending_registrations import PendingRegistrations
from services.accounts.registrations import Registrations
from services.accounts.wallets import Wallets
from services.tables import METADATA

NOW_S = 1_800_000_000
SITE = Site.at("http://localhost:8000", "localhost")


class SlowLedger:
    """A ledger that stores an enrolment at once and shows it when `mine` is called."""

    def __init__(self) -> None:
        self.coming: list[Signed] = []
        self.mined: list[Signed] = []
        self.failed: list[Signed] = []
        self.keys: Any = SimpleNamespace(
            is_enrolling=self._is_enrolling, was_sent=self._was_sent, of_subject=self._keys_of
        )

    def mine(self) -> None:
        self.mined += self.coming
        self.coming = []

    def fail(self) -> None:
        self.failed += self.coming
        self.coming = []

    def domain(self) -> Domain:
        return Domain(1, "0x" + "11" * 20)

    def custodian(self) -> bytes:
        return b"c" * 20

    def passkey_verifier(self) -> bytes:
        return b"v" * 20

    def enrol(self, signed: list[Signed]) -> list[Outcome]:
        self.coming += signed
        return [Outcome(False, PENDING, None, "0x")]

    def is_enrolled(self, subject: bytes) -> bool:
        return any(signed.message.subject == subject for signed in self.mined)

    def _is_enrolling(self, subject: bytes, signer: bytes) -> bool:
        return (subject, signer) in [(each.message.subject, each.signer) for each in self.coming]

    def _was_sent(self, subject: bytes, signer: bytes) -> bool:
        sent = [(each.message.subject, each.signer) for each in self.coming + self.failed]
        return (subject, signer) in sent

    def _keys_of(self, subject: bytes) -> list[Any]:
        signers = [each.signer for each in self.mined if each.message.subject == subject]
        return [SimpleNamespace(key_hash=keccak(each), is_removed=False) for each in signers]


def door(tmp_path: Path, ledger: SlowLedger) -> tuple[Registrations, Invitations]:
    """Return the way to an account, where all happens within one second."""
    engine, clock = sa.create_engine(f"sqlite:///{tmp_path}/test.db"), lambda: NOW_S
    METADATA.create_all(engine)
    invitations, challenges = Invitations(engine, clock), Challenges(engine, clock)
    passkeys = Passkeys(engine, clock)
    join = Registrations(
        site=SITE,
        ledger=ledger,  # type: ignore[arg-type]
        challenges=challenges,
        creation=PasskeyCreation(site=SITE, challenges=challenges, passkeys=passkeys),
        passkeys=passkeys,
        wallets=Wallets(engine, clock, SITE, challenges),
        pending=PendingRegistrations(
            engine=engine, clock=clock, accounts=Accounts(engine), invitations=invitations
        ),
    )
    return join, invitations


@pytest.mark.parametrize("is_newer_link", [False, True])
def test_a_join_link_waits_for_the_passkey_that_was_sent_to_a_slow_ledger(
    tmp_path: Path, is_newer_link: bool
) -> None:
    ledger = SlowLedger()
    join, invitations = door(tmp_path, ledger)
    subject, device = secrets.token_bytes(32), Device(SITE.origin, SITE.rp_id)
    secret = invitations.add(Invitee(PATIENT, "", "", subject))
    request = join.begin(secret)
    proof = join.add_passkey(secret, request.challenge, device.answer(request.options))
    with pytest.raises(LedgerUnavailable):
        join.finish(secret, proof.challenge, device.answer(proof.options))
    if is_newer_link:  # the earlier one no longer works
        secret = invitations.add(Invitee(PATIENT, "", "", subject))
    again = join.begin(secret)
    assert again.step == "prove"
    with pytest.raises(ProofInvalid, match="Another passkey"):
        other = Device(SITE.origin, SITE.rp_id)
        join.add_passkey(secret, request.challenge, other.answer(request.options))
    with pytest.raises(LedgerUnavailable):
        join.finish(secret, again.challenge, device.answer(again.options))
    ledger.mine()
    last = join.begin(secret)
    account = join.finish(secret, last.challenge, device.answer(last.options))
    assert account.subject == subject


def test_of_several_links_within_a_second_the_newest_passkey_is_continued(tmp_path: Path) -> None:
    ledger = SlowLedger()
    join, invitations = door(tmp_path, ledger)
    for _ in range(8):  # links sort by chance
        invitee = Invitee(PATIENT, "", "", secrets.token_bytes(32))
        for device in [Device(SITE.origin, SITE.rp_id) for _ in range(2)]:
            secret = invitations.add(invitee)
            request = join.begin(secret)
            proof = join.add_passkey(secret, request.challenge, device.answer(request.options))
        with pytest.raises(LedgerUnavailable):
            join.finish(secret, proof.challenge, device.answer(proof.options))
        secret = invitations.add(invitee)
        last = join.begin(secret)
        assert last.step == "prove"
        with pytest.raises(LedgerUnavailable):  # the passkey is right; the ledger is slow
            join.finish(secret, last.challenge, device.answer(last.options))


def test_no_passkey_is_created_for_a_patient_whom_a_trial_wallet_enrolled(tmp_path: Path) -> None:
    ledger = SlowLedger()
    join, invitations = door(tmp_path, ledger)
    invitee = Invitee(PATIENT, "", "", secrets.token_bytes(32))
    early, device = invitations.add(invitee), Device(SITE.origin, SITE.rp_id)
    request = join.begin(early)
    proof = join.add_passkey(early, request.challenge, device.answer(request.options))
    ledger.enrol([Signed(Enrolment(invitee.subject or b"", b"c" * 20, b"w" * 20), b"w" * 20, b"")])
    ledger.mine()
    for is_newer in (False, True):
        secret = invitations.add(invitee) if is_newer else early
        invitation = join.find_invitation(secret)
        assert invitation is not None and join.has_other_key(invitation)
        with pytest.raises(SignInFailed, match="Another key"):
            join.begin(secret)
        with pytest.raises(ProofInvalid):
            join.add_passkey(secret, proof.challenge, device.answer(request.options))
    staff = invitations.add(Invitee("auditor", "organisation:a", "A"))
    invitation = join.find_invitation(staff)
    assert invitation is not None and not join.has_other_key(invitation)


def test_a_link_whose_own_passkey_is_on_the_ledger_goes_on(tmp_path: Path) -> None:
    ledger = SlowLedger()
    join, invitations = door(tmp_path, ledger)
    invitee = Invitee(PATIENT, "", "", secrets.token_bytes(32))
    secret, device = invitations.add(invitee), Device(SITE.origin, SITE.rp_id)
    request = join.begin(secret)
    proof = join.add_passkey(secret, request.challenge, device.answer(request.options))
    with pytest.raises(LedgerUnavailable):
        join.finish(secret, proof.challenge, device.answer(proof.options))
    ledger.mine()
    newer = invitations.add(invitee)
    invitation = join.find_invitation(newer)
    assert invitation is not None and not join.has_other_key(invitation)
    assert join.begin(newer).step == "prove"


@pytest.mark.parametrize("is_mined", [False, True])
def test_an_enrolment_that_was_sent_already_is_no_proof_of_its_passkey(
    tmp_path: Path, is_mined: bool
) -> None:
    ledger = SlowLedger()
    join, invitations = door(tmp_path, ledger)
    invitee = Invitee(PATIENT, "", "", secrets.token_bytes(32))
    secret, device = invitations.add(invitee), Device(SITE.origin, SITE.rp_id)
    request = join.begin(secret)
    proof = join.add_passkey(secret, request.challenge, device.answer(request.options))
    enrolment = device.answer(proof.options)  # everybody can read it on the ledger
    with pytest.raises(LedgerUnavailable):
        join.finish(secret, "", enrolment)
    if is_mined:
        ledger.mine()
    for is_newer in (False, True):  # which ends the earlier one
        link = invitations.add(invitee) if is_newer else secret
        join.begin(link)
        with pytest.raises(ProofInvalid, match="sent already"):
            join.finish(link, "", enrolment)
    assert len(ledger.coming + ledger.mined) == 1


def test_an_enrolment_whose_transaction_failed_is_no_proof_and_another_passkey_can_join(
    tmp_path: Path,
) -> None:
    ledger = SlowLedger()
    join, invitations = door(tmp_path, ledger)
    secret = invitations.add(Invitee(PATIENT, "", "", secrets.token_bytes(32)))
    device = Device(SITE.origin, SITE.rp_id)
    request = join.begin(secret)
    proof = join.add_passkey(secret, request.challenge, device.answer(request.options))
    enrolment = device.answer(proof.options)
    with pytest.raises(LedgerUnavailable):
        join.finish(secret, "", enrolment)
    ledger.fail()
    with pytest.raises(ProofInvalid, match="sent already"):
        join.finish(secret, "", enrolment)
    other = Device(SITE.origin, SITE.rp_id)
    request = join.begin(secret)
    assert request.step == "make"
    proof = join.add_passkey(secret, request.challenge, other.answer(request.options))
    with pytest.raises(LedgerUnavailable):
        join.finish(secret, "", other.answer(proof.options))
    ledger.mine()
    request = join.begin(secret)
    assert join.finish(secret, request.challenge, other.answer(request.options)).role == PATIENT
