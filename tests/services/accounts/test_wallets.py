"""A patient's own wallet joins, signs in and signs; nothing it signs is two things at once."""

from __future__ import annotations

import secrets

import pytest

from consent import Enrolment, KeyAddition, KeyRemoval, Signed, digest, keccak
from consent.signatures import SigningKey
from services.accounts import Invitee, ProofInvalid, SignInFailed
from services.accounts.wallets import address_of, checksummed

pytestmark = pytest.mark.node


@pytest.fixture
def identity(hospital):
    return hospital.platform.identity


def joined(hospital, key: SigningKey, subject: bytes):
    identity, ledger = hospital.platform.identity, hospital.platform.ledger
    secret = identity.invite(Invitee("patient", "", "", subject)).rsplit("/", 1)[1]
    reply = identity.registrations.begin_with_wallet(secret, key.address)
    assert reply["primaryType"] == "Enrolment"
    message = Enrolment(subject, ledger.custodian(), key.address)
    signature = key.sign(digest(ledger.domain(), message)).hex()
    return identity.registrations.finish_with_wallet(secret, key.address, signature)


def signed(key: SigningKey, text: str) -> str:
    reply = text.encode()
    mark = f"\x19Ethereum Signed Message:\n{len(reply)}".encode()
    return "0x" + key.sign(keccak(mark + reply)).hex()


def answer(key: SigningKey, options: dict) -> dict[str, str]:
    reply = {name: str(getattr(options, name)) for name in ("challenge", "chain_id", "issued_s")}
    return reply | {"signature": signed(key, options.message)}


def test_a_patient_can_join_and_sign_in_with_a_wallet(hospital, identity) -> None:
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    wallet_account = joined(hospital, key, subject)
    account = wallet_account.account
    assert account.subject == subject and wallet_account.is_proved
    assert hospital.platform.ledger.is_enrolled(subject)
    options = identity.begin_wallet_sign_in(key.address)
    first, second = options.message.split("\n")[:2]
    host = identity.site.origin.removeprefix("http://")
    assert first == f"{host} wants you to sign in with your Ethereum account:"
    assert second == checksummed(key.address)
    sent = answer(key, options)
    assert identity.sign_in_with_wallet(key.address, sent) == account
    with pytest.raises(SignInFailed):
        identity.sign_in_with_wallet(key.address, sent)


def test_a_patient_whose_wallet_is_enrolled_can_join_only_with_that_wallet(
    hospital, identity
) -> None:
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    joined(hospital, key, subject)
    other = hospital.new_patient()
    with pytest.raises(SignInFailed):
        joined(hospital, SigningKey(secrets.token_bytes(32)), other)
    assert identity.accounts.of_subject(other) is None


def test_a_wallet_that_signs_in_to_an_account_is_enrolled_for_nobody_else(
    hospital, identity
) -> None:
    key, other = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    joined(hospital, key, secrets.token_bytes(32))
    with pytest.raises(ProofInvalid, match="registered already"):
        joined(hospital, key, other)
    assert not hospital.platform.ledger.is_enrolled(other)
    assert joined(hospital, SigningKey(secrets.token_bytes(32)), other).account.subject == other


def test_an_enrolment_that_is_on_the_ledger_opens_an_account_and_signs_nobody_in(
    hospital, identity
) -> None:
    # Whoever has a link can copy the signature from the ledger, where everybody can read it.
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    ledger = hospital.platform.ledger
    message = Enrolment(subject, ledger.custodian(), key.address)
    signature = key.sign(digest(ledger.domain(), message))
    assert ledger.enrol([Signed(message, key.address, signature)])[0].ok
    secret = identity.invite(Invitee("patient", "", "", subject)).rsplit("/", 1)[1]
    copied = identity.registrations.finish_with_wallet(secret, key.address, signature.hex())
    assert not copied.is_proved
    options = identity.begin_wallet_sign_in(key.address)
    assert identity.sign_in_with_wallet(key.address, answer(key, options)) == copied.account


def test_another_wallets_signature_neither_joins_nor_signs_in(hospital, identity) -> None:
    key, thief = SigningKey(secrets.token_bytes(32)), SigningKey(secrets.token_bytes(32))
    secret = identity.invite(Invitee("patient", "", "", secrets.token_bytes(32))).rsplit("/", 1)[1]
    for signature in ("", "0x", "zz", "00" * 65, thief.sign(bytes(32)).hex()):
        with pytest.raises(ProofInvalid):
            identity.registrations.finish_with_wallet(secret, key.address, signature)
    joined(hospital, key, secrets.token_bytes(32))
    options = identity.begin_wallet_sign_in(key.address)
    with pytest.raises(SignInFailed):
        identity.sign_in_with_wallet(key.address, answer(thief, options))
    options = identity.begin_wallet_sign_in(thief.address)
    with pytest.raises(SignInFailed):
        identity.sign_in_with_wallet(thief.address, answer(thief, options))
    for odd in ({}, {"challenge": "x"}, answer(key, options) | {"issued_s": "x"}):
        with pytest.raises(SignInFailed):
            identity.sign_in_with_wallet(key.address, odd)


def test_an_address_is_written_with_the_checksum_of_eip_55() -> None:
    known = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert checksummed(address_of(known)) == known
    for wrong in ("", "0x", "zz", known + "00"):
        with pytest.raises(ProofInvalid):
            address_of(wrong)


def test_a_wallet_that_the_patient_removed_can_no_longer_sign_in(hospital, identity) -> None:
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    joined(hospital, key, subject)
    ledger = hospital.platform.ledger
    new = SigningKey(secrets.token_bytes(32))
    message = KeyAddition(subject, new.address, 0, 0)
    hashed = digest(ledger.domain(), message)
    added = Signed(message, key.address, key.sign(hashed), new.sign(hashed))
    assert ledger.keys.add([added])[0].ok
    assert identity.sign_in_with_wallet(
        key.address, answer(key, identity.begin_wallet_sign_in(key.address))
    )
    key_removal = KeyRemoval(subject, key.address)
    signature = new.sign(digest(ledger.domain(), key_removal))
    assert ledger.keys.remove([Signed(key_removal, new.address, signature)])[0].ok
    with pytest.raises(SignInFailed):
        identity.sign_in_with_wallet(
            key.address, answer(key, identity.begin_wallet_sign_in(key.address))
        )
