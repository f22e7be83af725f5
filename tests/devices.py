"""Patients whose key is a passkey: they sign what a browser's authenticator would."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from passkeys import Passkey, unb64
from township import Patient

from consent import (
    ConsentLedger,
    Enrolment,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Signed,
    digest,
    passkey_signature,
    passkey_signer,
)
from consent.signatures import SigningKey

ORIGIN, RP_ID = "https://consent.example.org", "consent.example.org"


@dataclass
class Device(Patient):
    """A patient whose key is a passkey."""

    verifier: bytes = b""
    passkey: Passkey = field(default_factory=lambda: Passkey.create(ORIGIN, RP_ID))

    @property
    def signer(self) -> bytes:
        return passkey_signer(self.verifier, *self.passkey.public)

    def signature(self, hashed: bytes, **changed: Any) -> bytes:
        """Return a signature of these bytes; `changed` as `Passkey.used` takes it."""
        reply = self.passkey.used(hashed, **changed)["response"]
        parts = (reply["authenticatorData"], reply["clientDataJSON"], reply["signature"])
        return passkey_signature(*map(unb64, parts))

    def sign(self, message: Message) -> Signed:
        return Signed(message, self.signer, self.signature(digest(self.domain, message)))

    def enrols(self) -> Signed:
        return self.sign(Enrolment(self.subject, self.custodian, self.signer))

    def adds(self, other: Device | SigningKey, role: int = 0, until_s: int = 0) -> Signed:
        signer = other.signer if isinstance(other, Device) else other.address
        message = KeyAddition(self.subject, signer, role, until_s)
        hashed = digest(self.domain, message)
        proof = other.signature(hashed) if isinstance(other, Device) else other.sign(hashed)
        return replace(self.sign(message), proof=proof)

    def removes(self, signer: bytes) -> Signed:
        return self.sign(KeyRemoval(self.subject, signer))

    def vetoes(self, signer: bytes) -> Signed:
        return self.sign(RecoveryVeto(self.subject, signer))


def device(ledger: ConsentLedger, subject: bytes = b"", *, enrolled: bool = True) -> Device:
    made = Device(
        ledger.domain(),
        ledger.custodian(),
        subject or secrets.token_bytes(32),
        verifier=ledger.passkey_verifier(),
    )
    if enrolled:
        assert ledger.enrol([made.enrols()])[0].ok
    return made
