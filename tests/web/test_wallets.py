"""A patient's own wallet joins, signs in and signs; nothing it signs is two things at once."""

from __future__ import annotations

import secrets

import pytest

from consent import Enrolment, KeyAddition, KeyRemoval, Signed, digest, keccak
from consent.signatures import SigningKey
from services.accounts import BadlyProven, Invited, NotSignedIn
from services.accounts.wallets import address_of, checksummed

pytestmark = pytest.mark.node


@pytest.fixture
def people(hospital):
    return hospital.platform.people


def joined(hospital, key: SigningKey, subject: bytes):
    people, ledger = hospital.platform.people, hospital.platform.ledger
    secret = people.invite(Invited("patient", "", "", subject)).rsplit("/", 1)[1]
    told = people.joining.typed_for(secret, key.address)["typed_data"]
    assert told["primaryType"] == "Enrolment"
    message = Enrolment(subject, ledger.custodian(), key.address)
    signature = key.sign(digest(ledger.domain(), message)).hex()
    return people.joining.join_by_wallet(secret, key.address, signature)


def signed(key: SigningKey, text: str) -> str:
    told = text.encode()
    mark = f"\x19Ethereum Signed Message:\n{len(told)}".encode()
    return "0x" + key.sign(keccak(mark + told)).hex()


def answer(key: SigningKey, options: dict) -> dict[str, str]:
    told = {name: str(options[name]) for name in ("challenge", "chain_id", "issued_s")}
    return told | {"signature": signed(key, options["message"])}


def test_a_wallet_joins_and_signs_in(hospital, people) -> None:
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    account = joined(hospital, key, subject)
    assert account.subject == subject
    assert hospital.platform.ledger.is_enrolled(subject)
    options = people.wallet_options(key.address)
    first, second = options["message"].split("\n")[:2]
    host = people.site.origin.removeprefix("http://")
    assert first == f"{host} wants you to sign in with your Ethereum account:"
    assert second == checksummed(key.address)
    sent = answer(key, options)
    assert people.sign_in_by_wallet(key.address, sent) == account
    with pytest.raises(NotSignedIn):
        people.sign_in_by_wallet(key.address, sent)


def test_a_patient_whose_wallet_is_enrolled_already_joins_with_it_alone(hospital, people) -> None:
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    joined(hospital, key, subject)
    other = hospital.new_patient()
    with pytest.raises(NotSignedIn):
        joined(hospital, SigningKey(secrets.token_bytes(32)), other)
    assert people.accounts.of_subject(other) is None


def test_another_wallets_signature_neither_joins_nor_signs_in(hospital, people) -> None:
    key, thief = SigningKey(secrets.token_bytes(32)), SigningKey(secrets.token_bytes(32))
    secret = people.invite(Invited("patient", "", "", secrets.token_bytes(32))).rsplit("/", 1)[1]
    for signature in ("", "0x", "zz", "00" * 65, thief.sign(bytes(32)).hex()):
        with pytest.raises(BadlyProven):
            people.joining.join_by_wallet(secret, key.address, signature)
    joined(hospital, key, secrets.token_bytes(32))
    options = people.wallet_options(key.address)
    with pytest.raises(NotSignedIn):
        people.sign_in_by_wallet(key.address, answer(thief, options))
    options = people.wallet_options(thief.address)
    with pytest.raises(NotSignedIn):
        people.sign_in_by_wallet(thief.address, answer(thief, options))
    for odd in ({}, {"challenge": "x"}, answer(key, options) | {"issued_s": "x"}):
        with pytest.raises(NotSignedIn):
            people.sign_in_by_wallet(key.address, odd)


def test_an_account_is_written_as_eip_55_does() -> None:
    known = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert checksummed(address_of(known)) == known
    for wrong in ("", "0x", "zz", known + "00"):
        with pytest.raises(BadlyProven):
            address_of(wrong)


def test_a_wallet_that_the_patient_took_away_signs_in_no_more(hospital, people) -> None:
    key, subject = SigningKey(secrets.token_bytes(32)), secrets.token_bytes(32)
    joined(hospital, key, subject)
    ledger = hospital.platform.ledger
    new = SigningKey(secrets.token_bytes(32))
    message = KeyAddition(subject, new.address, 0, 0)
    hashed = digest(ledger.domain(), message)
    added = Signed(message, key.address, key.sign(hashed), new.sign(hashed))
    assert ledger.keys.add([added])[0].ok
    assert people.sign_in_by_wallet(key.address, answer(key, people.wallet_options(key.address)))
    gone = KeyRemoval(subject, key.address)
    signature = new.sign(digest(ledger.domain(), gone))
    assert ledger.keys.remove([Signed(gone, new.address, signature)])[0].ok
    with pytest.raises(NotSignedIn):
        people.sign_in_by_wallet(key.address, answer(key, people.wallet_options(key.address)))
