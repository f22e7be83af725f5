"""What a patient signs on a page: the form, the check, once, and what becomes of it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from passkeys import Passkey

from consent import (
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    RecoveryVeto,
    Stop,
    Wallet,
    Withdrawal,
    digest,
    passkey_signer,
    terms_hash,
)
from services.accounts import (
    AlreadySigned,
    Invitee,
    ProofInvalid,
    SignatureExpired,
    SignInFailed,
)
from services.accounts.accounts import new_id
from services.accounts.challenges import MAKE, SIGN_IN
from services.accounts.signature_requests import KEPT_S, VALID_S, message_from, message_to
from services.statement import RequestedTerms, terms_for
from services.words import Words
from web.pages.signing import signed_form

HOSPITAL = "organisation:this-hospital"
node = pytest.mark.node


@pytest.fixture
def identity(hospital):
    return hospital.platform.identity


@pytest.fixture
def patient(hospital, identity):
    """A patient with a passkey and an account."""
    passkey, subject = Passkey(identity.site.origin, identity.site.rp_id), secrets.token_bytes(32)
    secret = identity.invite(Invitee("patient", "", "", subject)).rsplit("/", 1)[1]
    query = identity.registrations.begin(secret)
    then = identity.registrations.add_passkey(
        secret, query.challenge, passkey.answer(query.options)
    )
    account = identity.registrations.finish(secret, then.challenge, passkey.answer(then.options))

    return SimpleNamespace(passkey=passkey, account=account, subject=subject)


def permit(hospital, subject):
    now_s = int(hospital.platform.installation.clock())
    return Grant(
        subject,
        terms_for(RequestedTerms("permit", HOSPITAL, ("TREATDS",)), "I allow it."),
        now_s,
        now_s + 9_999,
    )


def sign(hospital, patient, message):
    """Return the id of a message and the credential of the patient's passkey for it."""
    signatures = hospital.services.patient.signatures
    prepared = signatures.prepare(patient.account, message, about="r")
    return prepared.id, patient.passkey.answer(prepared.options)


def submit(hospital, patient, form):
    return hospital.services.patient.signatures.submit(patient.account, *form)


def sign_and_submit(hospital, patient, message):
    return submit(hospital, patient, sign(hospital, patient, message))


@node
def test_a_permission_is_signed_withdrawn_and_everything_stopped_by_forms_alone(
    hospital, patient
) -> None:
    ledger, grant = hospital.platform.ledger, permit(hospital, patient.subject)
    done = sign_and_submit(hospital, patient, grant)
    assert done.outcome.ok
    assert done.is_in_force
    assert done.request.context == {"about": "r"}
    withdrawal = Withdrawal(patient.subject, terms_hash(grant.terms))
    assert sign_and_submit(hospital, patient, withdrawal).is_in_force
    assert [consent.state for consent in ledger.consents_of(patient.subject)] == ["withdrawn"]
    assert sign_and_submit(hospital, patient, permit(hospital, patient.subject)).outcome.ok
    now_s = int(hospital.platform.installation.clock())
    assert sign_and_submit(hospital, patient, Stop(patient.subject, now_s)).is_in_force
    assert "active" not in {consent.state for consent in ledger.consents_of(patient.subject)}


@node
def test_a_stop_ends_what_was_signed_up_to_two_minutes_ahead(hospital, patient) -> None:
    platform, withdrawals = hospital.platform, hospital.services.patient.withdrawals
    ahead = replace(permit(hospital, patient.subject), signed_at_s=_now_s(hospital) + 100)
    granted = sign_and_submit(hospital, patient, ahead).outcome
    assert granted.ok
    review = withdrawals.prepare_stop(patient.account, Words("en"))
    form = review.signature.id, patient.passkey.answer(review.signature.options)
    assert withdrawals.stop(patient.account, *form).submitted.is_in_force
    assert platform.ledger.find_ended([granted.consent_id]) == [granted.consent_id]


@node
def test_a_stop_that_would_miss_a_newer_permission_is_to_be_signed_again(hospital, patient) -> None:
    early = Stop(patient.subject, _now_s(hospital) - 60)
    form = sign(hospital, patient, early)
    assert sign_and_submit(hospital, patient, permit(hospital, patient.subject)).outcome.ok
    with pytest.raises(SignatureExpired):
        submit(hospital, patient, form)


def _now_s(hospital) -> int:
    return int(hospital.platform.installation.clock())


def rekeyed(hospital, subject) -> list[str]:
    jobs = hospital.platform.jobs.newest(kind="rekey", limit=1_000)
    return [job.arguments["why"] for job in jobs if job.arguments["subjects"] == [subject.hex()]]


@node
def test_a_withdrawal_queues_one_rekeying_that_a_stop_soon_after_shares(hospital, patient) -> None:
    grant = permit(hospital, patient.subject)
    sign_and_submit(hospital, patient, grant)
    assert rekeyed(hospital, patient.subject) == []
    withdrawal = Withdrawal(patient.subject, terms_hash(grant.terms))
    form = sign(hospital, patient, withdrawal)
    for _ in range(2):
        submit(hospital, patient, form)
    assert rekeyed(hospital, patient.subject) == ["withdrawal"]
    now_s = int(hospital.platform.installation.clock())
    sign_and_submit(hospital, patient, Stop(patient.subject, now_s))
    assert rekeyed(hospital, patient.subject) == ["withdrawal"]  # it has not begun yet


@node
def test_a_stop_that_another_patients_key_signed_queues_no_rekeying(hospital, patient) -> None:
    theirs = hospital.new_patient()
    message = Stop(patient.subject, int(hospital.platform.installation.clock()))
    prepared = hospital.services.patient.signatures.prepare(patient.account, message)
    forged = hospital.wallet.sign(
        hospital.platform.ledger.domain(), Stop(theirs, message.issued_at_s)
    )
    sent = {"wallet": "0x" + forged.signer.hex(), "signature": "0x" + forged.signature.hex()}
    assert not submit(hospital, patient, (prepared.id, sent)).is_in_force
    assert rekeyed(hospital, patient.subject) == []


@node
def test_submitting_twice_returns_the_first_result(hospital, identity, patient) -> None:
    form = sign(hospital, patient, permit(hospital, patient.subject))
    first, second = submit(hospital, patient, form), submit(hospital, patient, form)
    assert not first.is_repeated
    assert second.is_repeated
    assert second.outcome == first.outcome
    assert len(hospital.platform.ledger.consents_of(patient.subject)) == 1
    with pytest.raises(AlreadySigned):
        identity.signatures.finish(patient.account, first.request.id, {})
    other = first.outcome.__class__(False, "paused", None, "")
    saved = identity.signatures.record_outcome(patient.account, first.request.id, other)
    assert saved == first.outcome


@node
def test_a_crash_before_the_result_is_stored_does_not_lose_it(hospital, identity, patient) -> None:
    form = sign(hospital, patient, permit(hospital, patient.subject))
    signed = identity.signatures.finish(patient.account, *form)
    assert hospital.platform.ledger.grant([signed])[0].ok
    done = submit(hospital, patient, form)
    assert done.is_in_force
    assert [consent.state for consent in hospital.platform.ledger.consents_of(patient.subject)] == [
        "active"
    ]


@node
def test_a_signature_request_expires_after_ten_minutes(hospital, identity, patient) -> None:
    form = sign(hospital, patient, permit(hospital, patient.subject))
    signings, real = identity.signatures, identity.signatures._clock
    try:
        signings._clock = lambda: real() + VALID_S
        with pytest.raises(SignatureExpired):
            submit(hospital, patient, form)
    finally:
        signings._clock = real
    assert hospital.platform.ledger.consents_of(patient.subject) == []


@node
def test_a_message_that_nobody_signs_is_deleted_and_one_that_was_signed_is_kept(
    hospital, identity, patient
) -> None:
    signed, unsigned = (
        sign(hospital, patient, permit(hospital, patient.subject)) for _ in range(2)
    )
    assert submit(hospital, patient, signed).is_in_force
    signings, real = identity.signatures, identity.signatures._clock
    try:
        signings.delete_expired()
        assert signings.get(patient.account, unsigned[0])
        signings._clock = lambda: real() + KEPT_S + 1
        assert signings.delete_expired() >= 1
        assert signings.delete_expired() == 0
    finally:
        signings._clock = real
    assert submit(hospital, patient, signed).is_repeated
    with pytest.raises(SignatureExpired, match="Unknown"):
        submit(hospital, patient, unsigned)


@node
@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '{"rawId": "AAAA"}',
        '{"wallet": "0x", "signature": "0x"}',
        '{"wallet": null, "signature": {}}',
        '{"wallet": "zz", "signature": "zz"}',
        '{"wallet": "0x' + "00" * 19 + '", "signature": "0x' + "00" * 65 + '"}',
        '{"rawId": "' + "A" * 20_000 + '"}',
    ],
)
def test_a_malformed_credential_signs_nothing(hospital, patient, credential) -> None:
    message_id, _ = sign(hospital, patient, permit(hospital, patient.subject))
    for signing, error in (
        (message_id, ProofInvalid),
        ("0" * 32, (SignatureExpired, ProofInvalid)),
    ):
        sent = {"signing": signing, "credential": credential}
        with (
            hospital.app.test_request_context(method="POST", data=sent),
            pytest.raises(error),
        ):
            submit(hospital, patient, signed_form())
    assert hospital.platform.ledger.consents_of(patient.subject) == []


def with_another(hospital, identity, patient):
    """Make a second passkey for a patient, prove it, and have the first say yes."""
    new = Passkey(identity.site.origin, identity.site.rp_id)
    query = identity.passkey_changes.begin(patient.account)
    then = identity.passkey_changes.add_passkey(
        patient.account, query.challenge, new.answer(query.options), "Telephone"
    )
    identity.passkey_changes.prove_passkey(
        patient.account, then.challenge, new.answer(then.options)
    )
    prepared = identity.signatures.get(patient.account, then.challenge)
    form = prepared.id, patient.passkey.answer(prepared.options)
    assert submit(hospital, patient, form).is_in_force
    return new


@node
def test_another_passkey_is_added_by_an_existing_one_and_then_signs(
    hospital, identity, patient
) -> None:
    new = with_another(hospital, identity, patient)
    stored = identity.passkeys.of(patient.account.id)
    assert {item.id for item in stored} == {new.id, patient.passkey.id}
    assert [item.label for item in stored if item.id == new.id] == ["Telephone"]
    query = identity.begin_sign_in()
    assert identity.sign_in(query.challenge, new.answer(query.options)) == patient.account
    patient.passkey = new
    assert sign_and_submit(hospital, patient, permit(hospital, patient.subject)).outcome.ok


@node
def test_a_removed_passkey_neither_signs_in_nor_signs(hospital, identity, patient) -> None:
    new = with_another(hospital, identity, patient)
    thief = identity.sessions.begin(patient.account.id)
    signer = passkey_signer(hospital.platform.ledger.passkey_verifier(), *new.point)
    done = sign_and_submit(hospital, patient, KeyRemoval(patient.subject, signer))
    assert done.is_in_force
    assert identity.find_signed_in(thief) is None
    query = identity.begin_sign_in()
    with pytest.raises(SignInFailed):
        identity.sign_in(query.challenge, new.answer(query.options))
    patient.passkey = new
    with pytest.raises(ProofInvalid):
        sign_and_submit(hospital, patient, permit(hospital, patient.subject))


@node
def test_a_passkey_without_proof_or_of_another_account_is_not_added(
    hospital, identity, patient
) -> None:
    new, other = (Passkey(identity.site.origin, identity.site.rp_id) for _ in range(2))
    query = identity.passkey_changes.begin(patient.account)
    excluded = [option["id"] for option in query.options["excludeCredentials"]]
    assert excluded == [patient.passkey.answer(query.options)["id"]]
    then = identity.passkey_changes.add_passkey(
        patient.account, query.challenge, new.answer(query.options)
    )
    with pytest.raises(ProofInvalid):
        identity.passkey_changes.prove_passkey(
            patient.account, then.challenge, other.answer(then.options)
        )
    prepared = identity.signatures.get(patient.account, then.challenge)
    with pytest.raises(ProofInvalid):
        identity.signatures.finish(patient.account, prepared.id, new.answer(then.options))
    with pytest.raises(ProofInvalid):
        submit(hospital, patient, (prepared.id, patient.passkey.answer(prepared.options)))
    query = identity.passkey_changes.begin(patient.account)
    with pytest.raises(ProofInvalid):
        known = patient.passkey.answer(query.options)
        identity.passkey_changes.add_passkey(patient.account, query.challenge, known)
    assert len(identity.passkeys.of(patient.account.id)) == 1


@node
def test_a_wallet_that_is_not_a_key_of_the_subject_cannot_sign(hospital, patient, tmp_path) -> None:
    ledger, wallet = hospital.platform.ledger, Wallet.create(tmp_path / "wallet")
    theirs = wallet.new_subjects(["x"]).popitem()[1]
    grant = permit(hospital, patient.subject)
    prepared = hospital.services.patient.signatures.prepare(patient.account, grant)
    by = wallet.sign(ledger.domain(), Enrolment(theirs, ledger.custodian(), wallet.address(theirs)))
    reply = {"wallet": "0x" + by.signer.hex(), "signature": "0x" + by.signature.hex()}
    done = submit(hospital, patient, (prepared.id, reply))
    assert not done.is_in_force
    assert ledger.consents_of(patient.subject) == []


@node
def test_the_patients_own_wallet_can_sign(hospital, identity, patient) -> None:
    subject = hospital.new_patient()
    account = patient.account.__class__(new_id(), "patient", "", "", subject, "en", 0)
    with hospital.platform.engine.begin() as connection:
        identity.accounts.add(connection, account)
    grant = permit(hospital, subject)
    prepared = identity.signatures.prepare(account, grant, {})
    by = hospital.wallet.sign(hospital.platform.ledger.domain(), grant)
    signed = identity.signatures.finish_with_wallet(account, prepared.id, by.signer, by.signature)
    assert hospital.platform.ledger.grant([signed])[0].ok


@node
def test_a_challenge_for_creating_a_passkey_cannot_sign_in_and_the_reverse(identity) -> None:
    challenges = identity._challenges
    made, used = challenges.new(MAKE, "a"), challenges.new(SIGN_IN)
    assert challenges.take(made.id, SIGN_IN) is None
    assert challenges.take(made.id, MAKE, "a") is None, "a wrong try uses it up"
    assert challenges.take(used.id, MAKE) is None
    about = challenges.new(SIGN_IN, "somebody")
    assert challenges.take(about.id, SIGN_IN, "somebody else") is None


@node
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([MAKE, SIGN_IN]),
    st.sampled_from(["", "a", "b"]),
    st.lists(
        st.tuples(st.sampled_from([MAKE, SIGN_IN]), st.sampled_from(["", "a", "b"])), max_size=4
    ),
)
def test_a_challenge_can_be_used_once_and_only_for_its_purpose(
    identity, purpose, about, tries
) -> None:
    challenges = identity._challenges
    made = challenges.new(purpose, about)
    assert len(made.value) == 64
    taken = [challenges.take(made.id, *item) for item in tries]
    assert taken[1:] == [None] * len(taken[1:])
    if tries:
        assert taken[0] == (made.value if tries[0] == (purpose, about) else None)


words = st.binary(min_size=32, max_size=32)
signers = st.sampled_from([20, 84]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
times = st.integers(0, 2**40 - 1)
MESSAGES = st.one_of(
    st.builds(
        Grant,
        words,
        st.builds(
            lambda name: replace(
                terms_for(RequestedTerms("permit", HOSPITAL, ("TREATDS", "HRESCH")), name),
                statement=name,
            ),
            st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=9),
        ),
        times,
        times,
    ),
    st.builds(Withdrawal, words, words),
    st.builds(Stop, words, times),
    st.builds(Enrolment, words, st.binary(min_size=20, max_size=20), signers),
    st.builds(KeyAddition, words, signers, st.integers(0, 2), times),
    st.builds(KeyRemoval, words, signers),
    st.builds(RecoveryVeto, words, signers),
)


@settings(max_examples=200, deadline=None)
@given(MESSAGES)
def test_a_stored_message_is_read_back_unchanged(message) -> None:
    from consent import Domain

    domain = Domain(8686, "0x" + "11" * 20)
    again = message_from(*message_to(message))
    assert again == message
    assert digest(domain, again) == digest(domain, message)
