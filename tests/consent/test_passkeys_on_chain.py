from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest
from devices import Device, device
from passkeys import ORDER, UP, UV, b64
from township import Town, ask, make_ledger

from consent import ConsentLedger, Grant, LedgerBroken, Signed, abi, digest
from consent.abi import word
from consent.deployment import require_p256
from consent.outbox import Intent
from consent.passkeys import is_passkey_signature
from consent.raw_transactions import Payload
from consent.transactions import KINDS, Batch, Outcome, encode_checked, read_outcomes
from consent.typed_data import keccak

pytestmark = pytest.mark.node

FIXED = 6 * 32


@pytest.fixture
def ledger(town: Town) -> ConsentLedger:
    return make_ledger(town)


def straight(town: Town, signed: list[Signed]) -> list[Outcome]:
    """Bring grants to the contract itself, past every check of ours."""
    entries = tuple(
        encode_checked(KINDS[Grant], i, item, alone=False) for i, item in enumerate(signed)
    )
    batch = Batch(KINDS[Grant], entries)
    sent = town.outbox.write(
        [
            Intent(
                "grant",
                Payload(to=town.deployment.contract, data=batch.calldata(), gas=batch.gas()),
            )
        ]
    )
    town.outbox.send(sent)
    receipt = town.outbox.settle(sent, 20)[0]
    town.outbox.record(sent, [receipt])
    assert receipt.ok
    return read_outcomes(batch, receipt.changes, "0x" + sent[0].hash.hex())


def at(signature: bytes, place: int, value: int) -> bytes:
    return signature[: 32 * place] + word(value) + signature[32 * (place + 1) :]


def number(signature: bytes, place: int) -> int:
    return int.from_bytes(signature[32 * place : 32 * place + 32], "big")


def flipped(signature: bytes, place: int) -> bytes:
    return signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]


Damage = Callable[[Device, Signed, bytes], Signed]
"""From the patient, a good signed grant and its digest: a bad one."""


def again(how: Callable[[bytes], bytes]) -> Damage:
    return lambda _, good, __: replace(good, signature=how(good.signature))


def other(**changed: object) -> Damage:
    return lambda item, good, hashed: replace(good, signature=item.signature(hashed, **changed))


def by_other_key(device: Device, good: Signed, hashed: bytes) -> Signed:
    return replace(
        good,
        signature=Device(device.domain, device.custodian).signature(hashed),
    )


def with_length(length: int) -> Damage:
    return lambda item, good, hashed: replace(
        good, signature=item.signature((hashed + hashed)[:length])
    )


def created(device: Device, good: Signed, hashed: bytes) -> Signed:
    """A client's `webauthn.create` where the verifier wants `webauthn.get`."""
    at_type = good.signature.index(b"webauthn.get")
    return replace(
        good, signature=good.signature[:at_type] + b"webauthn.gut" + good.signature[at_type + 12 :]
    )


BAD: dict[str, Damage] = {
    "r zero": again(lambda s: at(s, 0, 0)),
    "s zero": again(lambda s: at(s, 1, 0)),
    "r altered": again(lambda s: flipped(s, 31)),
    "s altered": again(lambda s: flipped(s, 63)),
    "r of the order": again(lambda s: at(s, 0, ORDER)),
    "s high": again(lambda s: at(s, 1, ORDER - number(s, 1))),
    "challenge elsewhere": again(lambda s: at(s, 2, number(s, 2) + 1)),
    "type elsewhere": again(lambda s: at(s, 3, number(s, 3) + 1)),
    "challenge far away": again(lambda s: at(s, 2, 10_000)),
    "type far away": again(lambda s: at(s, 3, 2**255)),
    "offset far away": again(lambda s: at(s, 4, 2**200)),
    "authenticator data altered": again(lambda s: flipped(s, FIXED + 32 + 5)),
    "flags altered": again(lambda s: flipped(s, FIXED + 32 + 32)),
    "client data altered": again(lambda s: flipped(s, s.index(b'"origin"') + 12)),
    "truncated": again(lambda s: s[:-64]),
    "no bytes": again(lambda _: b""),
    "a leading offset": again(lambda s: word(32) + s),
    "raw der": again(lambda s: b"\x30\x44" + s[:64]),
    "an account's form": again(lambda s: s[:64] + b"\x1b"),
    "no verification": other(flags=UP),
    "no presence": other(flags=UV),
    "backed up but not eligible": other(flags=UP | UV | 0x10),
    "another key": by_other_key,
    "another type": created,
    "64 bytes, as a sign-in asks": with_length(64),
    "31 bytes": with_length(31),
    "33 bytes": with_length(33),
    "another digest": lambda item, good, hashed: replace(
        good, signature=item.signature(hashlib.sha256(hashed).digest())
    ),
    "an open verifier": lambda _, good, __: replace(good, signer=word(4)[12:] + good.signer[20:]),
    "a longer signer": lambda _, good, __: replace(good, signer=good.signer + b"\0"),
}


def test_no_bad_signature_of_any_kind_is_taken_by_us_or_by_the_contract(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = device(ledger)
    good = [patient.grants(town.now_s()) for _ in BAD]
    bad = [
        damage(patient, item, digest(patient.domain, item.message))
        for item, damage in zip(good, BAD.values(), strict=True)
    ]
    refused = dict(zip(BAD, (o.reason for o in ledger.grant(bad)), strict=True))
    on_chain = dict(zip(BAD, (o.reason for o in straight(town, bad)), strict=True))
    for name in ("an open verifier", "a longer signer"):
        assert refused.pop(name) == "signer-malformed"
        assert on_chain.pop(name) == "key-unknown"
    assert set(refused.values()) == set(on_chain.values()) == {"badly-signed"}
    assert not ledger.decide(ask(patient)).permitted
    assert [o.reason for o in straight(town, good)] == [""] * len(BAD)


def test_a_malformed_signer_cannot_even_enrol(town: Town, ledger: ConsentLedger) -> None:
    item = device(ledger, enrolled=False)
    for signer in (word(4)[12:] + item.signer[20:], item.signer[:83], b"\1" * 32):
        enrolment = item.enrols()
        message = replace(enrolment.message, signer=signer)  # type: ignore[type-var]
        outcome = ledger.enrol([replace(enrolment, message=message, signer=signer)])[0]
        assert outcome.reason == "signer-malformed"


def test_forty_signatures_with_what_browsers_add_are_all_taken(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = device(ledger)
    now_s = town.now_s()
    assert {o.reason for o in ledger.grant([patient.grants(now_s) for _ in range(40)])} == {""}


def test_a_challenge_for_signing_in_never_verifies_as_any_consent(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = device(ledger)
    for _ in range(8):
        granted = patient.grants(town.now_s())
        hashed = digest(patient.domain, granted.message)
        for challenge in (
            hashed + secrets.token_bytes(32),
            secrets.token_bytes(32) + hashed,
            b64(hashed).encode() + bytes(21),
        ):
            assert len(challenge) == 64
            signature = patient.signature(challenge)
            assert not accepted_by_both(town, patient.signer, hashed, signature)
    assert accepted_by_both(town, patient.signer, hashed, patient.signature(hashed))


def accepted_by_both(town: Town, signer: bytes, hashed: bytes, signature: bytes) -> bool:
    """Ask the verifier contract and our own verification, which must agree."""
    call = abi.encode_call("verify(bytes,bytes32,bytes)", signer[20:], hashed, signature)
    answer = town.chain.answers("0x" + signer[:20].hex(), [call])[0] or b""
    by_contract = answer[:4] == keccak(b"verify(bytes,bytes32,bytes)")[:4]
    assert is_passkey_signature(signer, hashed, signature) == by_contract
    return by_contract


def test_our_verification_of_passkeys_and_the_contracts_agree_on_every_damage(
    town: Town, ledger: ConsentLedger
) -> None:
    patient, dice = device(ledger, enrolled=False), random.Random(5)
    hashed = secrets.token_bytes(32)
    good = patient.signature(hashed)
    assert accepted_by_both(town, patient.signer, hashed, good)
    for flags in (0x01, 0x04, 0x15, 0x1D, 0x0D):
        accepted_by_both(town, patient.signer, hashed, patient.signature(hashed, flags=flags))
    for _ in range(60):
        bad = bytearray(good)
        bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        accepted_by_both(town, patient.signer, hashed, bytes(bad))
        accepted_by_both(town, patient.signer, hashed, good[: dice.randrange(len(good))])
    assert not accepted_by_both(town, patient.signer[:20] + bytes(64), hashed, good)


def test_a_chain_without_the_precompile_is_refused_with_a_sentence(
    town: Town, ledger: ConsentLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_p256(town.chain)
    for answers in ([b"", b""], [word(1), word(1)], [None, None], [word(0), b""]):
        monkeypatch.setattr("consent.chain.Chain.answers", lambda *_, a=answers: a)
        with pytest.raises(LedgerBroken, match="0x100"):
            require_p256(town.chain)
        with pytest.raises(LedgerBroken, match="make nodes"):
            ledger.recover()
        assert any("0x100" in finding.message for finding in ledger.check())
