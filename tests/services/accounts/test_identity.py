"""Who may come in, with what, and what their devices sign."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from passkeys import Passkey, unb64

from consent import Grant, Stop, SubjectKeys, digest, passkey_signer
from services.accounts import (
    AccountExists,
    InvitationExpired,
    Invitee,
    ProofInvalid,
    SignatureExpired,
    SignInFailed,
)
from services.accounts.challenges import VALID_S, Challenges
from services.accounts.invitations import DAY_S, VALID_DAYS, Invitations
from services.accounts.sessions import IDLE_S, MAX_AGE_S, Sessions
from services.statement import RequestedTerms, terms_for

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


@pytest.fixture
def identity(hospital):
    return hospital.platform.identity


def device(identity) -> Passkey:
    return Passkey(identity.site.origin, identity.site.rp_id)


def join(identity, link: str, passkey: Passkey):
    """Go the whole way in, as the page's script does."""
    secret = link.rsplit("/", 1)[1]
    query = identity.registrations.begin(secret)
    then = identity.registrations.add_passkey(
        secret, query.challenge, passkey.answer(query.options)
    )
    return identity.registrations.finish(secret, then.challenge, passkey.answer(then.options))


def new_patient(identity, passkey: Passkey):
    subject = secrets.token_bytes(32)
    return join(identity, identity.invite(Invitee("patient", "", "", subject)), passkey)


def test_an_invited_patients_passkey_enrols_the_subject_and_signs_in(hospital, identity) -> None:
    passkey = device(identity)
    account = new_patient(identity, passkey)
    assert hospital.platform.ledger.is_enrolled(account.subject)
    query = identity.begin_sign_in()
    assert identity.sign_in(query.challenge, passkey.answer(query.options)) == account


def test_a_passkey_whose_removal_another_key_signed_here_no_longer_signs_in(
    identity, monkeypatch
) -> None:
    passkey = device(identity)
    account = new_patient(identity, passkey)
    verifier = identity._ledger.passkey_verifier()
    removed = (account.subject, passkey_signer(verifier, *passkey.public))
    monkeypatch.setattr(SubjectKeys, "is_removal_signed", lambda _, *name: name == removed)
    query = identity.begin_sign_in()
    with pytest.raises(SignInFailed):
        identity.sign_in(query.challenge, passkey.answer(query.options))


@pytest.mark.parametrize("role", ["clinician", "researcher", "custodian", "auditor"])
def test_an_invited_colleague_joins_with_a_passkey_and_no_ledger(identity, role) -> None:
    passkey = device(identity)
    account = join(identity, identity.invite(Invitee(role, HOSPITAL, "Dr A")), passkey)
    assert (account.role, account.party, account.subject) == (role, HOSPITAL, None)
    query = identity.begin_sign_in()
    assert identity.sign_in(query.challenge, passkey.answer(query.options)) == account


def test_an_invitation_works_once_within_seven_days(hospital, identity) -> None:
    link = identity.invite(Invitee("auditor", HOSPITAL, "A"))
    join(identity, link, device(identity))
    with pytest.raises(InvitationExpired):
        join(identity, link, device(identity))
    now = [1_000_000.0]
    invitations = Invitations(hospital.platform.engine, lambda: now[0])
    secret = invitations.add(Invitee("auditor", HOSPITAL, "A"))
    now[0] += VALID_DAYS * DAY_S - 1
    assert invitations.find(secret) is not None
    now[0] += 1
    assert invitations.find(secret) is None


def test_a_patient_with_an_account_cannot_be_taken_over_by_another_invitation(identity) -> None:
    subject = secrets.token_bytes(32)
    first, second = (identity.invite(Invitee("patient", "", "", subject)) for _ in range(2))
    with pytest.raises(InvitationExpired):
        join(identity, first, device(identity))  # the second link ended it
    join(identity, second, device(identity))
    with pytest.raises(AccountExists):
        identity.invite(Invitee("patient", "", "", subject))


def test_a_patient_whose_own_key_is_enrolled_cannot_be_taken_over_by_an_invitation(
    hospital, identity
) -> None:
    subject = hospital.new_patient()
    with pytest.raises(SignInFailed):
        join(identity, identity.invite(Invitee("patient", "", "", subject)), device(identity))
    assert identity.accounts.of_subject(subject) is None


def test_after_enrolment_the_same_invitation_accepts_no_other_passkey(identity) -> None:
    passkey, subject = device(identity), secrets.token_bytes(32)
    secret = identity.invite(Invitee("patient", "", "", subject)).rsplit("/", 1)[1]
    query = identity.registrations.begin(secret)
    then = identity.registrations.add_passkey(
        secret, query.challenge, passkey.answer(query.options)
    )
    again = identity.registrations.begin(secret)
    invitation = identity.registrations.find_invitation(secret)
    made = identity.registrations._pending.find(invitation).passkey
    identity.registrations._enrol(invitation, made, passkey.answer(then.options))
    other = device(identity)
    with pytest.raises(ProofInvalid):
        identity.registrations.add_passkey(secret, again.challenge, other.answer(again.options))


def test_joining_continues_with_the_same_passkey_after_a_crash_before_the_account(identity) -> None:
    passkey, subject = device(identity), secrets.token_bytes(32)
    secret = identity.invite(Invitee("patient", "", "", subject)).rsplit("/", 1)[1]
    query = identity.registrations.begin(secret)
    then = identity.registrations.add_passkey(
        secret, query.challenge, passkey.answer(query.options)
    )
    invitation = identity.registrations.find_invitation(secret)
    made = identity.registrations._pending.find(invitation).passkey
    identity.registrations._enrol(
        invitation, made, passkey.answer(then.options)
    )  # and here it dies
    again = identity.registrations.begin(secret)
    assert again.step == "prove"
    other = device(identity)
    with pytest.raises(ProofInvalid):
        identity.registrations.finish(secret, again.challenge, other.answer(again.options))
    again = identity.registrations.begin(secret)
    account = identity.registrations.finish(secret, again.challenge, passkey.answer(again.options))
    assert account.subject == subject


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://elsewhere.example"},
        {"rp_id": "elsewhere.example"},
        {"flags": 0x01},
        {"flags": 0x04},
        {"cross_origin": True},
        {"alg": -257},
    ],
)
def test_a_passkey_created_elsewhere_or_without_user_verification_is_rejected(
    identity, changed
) -> None:
    secret = identity.invite(Invitee("auditor", HOSPITAL, "A")).rsplit("/", 1)[1]
    query, passkey = identity.registrations.begin(secret), device(identity)
    with pytest.raises(ProofInvalid):
        identity.registrations.add_passkey(
            secret, query.challenge, passkey.answer(query.options, **changed)
        )


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "http://localhost:8000.evil.example"},
        {"rp_id": "elsewhere.example"},
        {"flags": 0x01},
        {"flags": 0x04},
        {"flags": 0x15},
        {"cross_origin": True},
        {"type": "webauthn.create"},
    ],
)
def test_an_assertion_from_elsewhere_or_without_user_verification_is_rejected(
    identity, changed
) -> None:
    passkey = device(identity)
    join(identity, identity.invite(Invitee("auditor", HOSPITAL, "A")), passkey)
    query = identity.begin_sign_in()
    with pytest.raises(SignInFailed):
        identity.sign_in(query.challenge, passkey.answer(query.options, **changed))


def test_a_sign_in_challenge_works_once_within_five_minutes(hospital, identity) -> None:
    passkey = device(identity)
    join(identity, identity.invite(Invitee("auditor", HOSPITAL, "A")), passkey)
    query = identity.begin_sign_in()
    answer = passkey.answer(query.options)
    identity.sign_in(query.challenge, answer)
    with pytest.raises(SignInFailed):
        identity.sign_in(query.challenge, answer)
    now = [1_000_000.0]
    challenges = Challenges(hospital.platform.engine, lambda: now[0])
    made = challenges.new("sign-in")
    now[0] += VALID_S
    assert challenges.take(made.id, "sign-in") is None


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"rawId": "!"}, {"rawId": "AAAA"}])
def test_a_malformed_credential_signs_nobody_in(identity, odd) -> None:
    with pytest.raises(SignInFailed):
        identity.sign_in(identity.begin_sign_in().challenge, odd)


def a_grant(hospital, subject: bytes) -> Grant:
    now_s = int(hospital.platform.installation.clock())
    return Grant(
        subject,
        terms_for(RequestedTerms("permit", HOSPITAL, ("TREATDS",)), "I allow it."),
        now_s,
        now_s + 9_999,
    )


def test_the_ledger_accepts_a_grant_signed_with_a_passkey(hospital, identity) -> None:
    passkey = device(identity)
    account = new_patient(identity, passkey)
    grant = a_grant(hospital, account.subject)
    prepared = identity.signatures.prepare(account, grant, {"request": "r"})
    assert prepared.digest == digest(hospital.platform.ledger.domain(), grant)
    assert unb64(prepared.options["challenge"]) == prepared.digest
    signed = identity.signatures.finish(account, prepared.id, passkey.answer(prepared.options))
    assert signed.message == grant
    outcome = hospital.platform.ledger.grant([signed])[0]
    assert outcome.ok
    assert [c.state for c in hospital.platform.ledger.consents_of(account.subject)] == ["active"]
    identity.signatures.record_outcome(account, prepared.id, outcome)
    assert identity.signatures.get(account, prepared.id).outcome == outcome


def test_a_sign_in_is_never_a_consent_and_a_consent_never_a_sign_in(hospital, identity) -> None:
    passkey = device(identity)
    account = new_patient(identity, passkey)
    prepared = identity.signatures.prepare(account, Stop(account.subject, 1), {})
    query = identity.begin_sign_in()
    for_sign_in = passkey.answer(query.options)
    with pytest.raises(ProofInvalid):
        identity.signatures.finish(account, prepared.id, for_sign_in)
    for_consent = passkey.answer(prepared.options)
    with pytest.raises(SignInFailed):
        identity.sign_in(query.challenge, for_consent)
    assert len(unb64(query.options["challenge"])) == 64
    assert len(prepared.digest) == 32


def test_only_the_accounts_own_passkey_can_sign_and_only_the_stored_message(
    hospital, identity
) -> None:
    mine, theirs = device(identity), device(identity)
    account, other = new_patient(identity, mine), new_patient(identity, theirs)
    prepared = identity.signatures.prepare(account, a_grant(hospital, account.subject), {})
    with pytest.raises(ProofInvalid):
        identity.signatures.finish(account, prepared.id, theirs.answer(prepared.options))
    with pytest.raises(SignatureExpired):
        identity.signatures.finish(other, prepared.id, theirs.answer(prepared.options))
    wrong = dict(prepared.options) | {"challenge": "A" * 43}
    with pytest.raises(ProofInvalid):
        identity.signatures.finish(account, prepared.id, mine.answer(wrong))


def test_a_session_ends_when_idle_at_its_maximum_age_and_on_request(hospital, identity) -> None:
    account = new_patient(identity, device(identity))
    now = [1_000_000.0]
    sessions = Sessions(hospital.platform.engine, lambda: now[0])
    secret = sessions.begin(account.id)
    now[0] += IDLE_S - 1
    assert sessions.find(secret) is not None
    now[0] += IDLE_S
    assert sessions.find(secret) is None
    secret, ended = sessions.begin(account.id), now[0] + MAX_AGE_S
    while now[0] + IDLE_S - 1 < ended:
        now[0] += IDLE_S - 1
        assert sessions.find(secret) is not None
    now[0] = ended
    assert sessions.find(secret) is None
    first = sessions.begin(account.id)
    second = sessions.begin(account.id, instead_of=first)
    assert sessions.find(first) is None
    assert [session.id for session in sessions.of(account.id)] == [sessions.find(second).id]
    sessions.end_all(account.id)
    assert sessions.find(second) is None


def test_a_disabled_account_neither_signs_in_nor_stays_signed_in(identity) -> None:
    passkey = device(identity)
    account = join(identity, identity.invite(Invitee("auditor", HOSPITAL, "A")), passkey)
    secret = identity.sessions.begin(account.id)
    assert identity.find_signed_in(secret) == account
    identity.accounts.disable(account.id)
    assert identity.find_signed_in(secret) is None
    query = identity.begin_sign_in()
    with pytest.raises(SignInFailed):
        identity.sign_in(query.challenge, passkey.answer(query.options))
    assert replace(account, is_disabled=True) == identity.accounts.find(account.id)
