"""A passkey in software: makes and uses a P-256 key as a browser's authenticator does."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
UP, UV, AT = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Passkey:
    """One device's key for one site."""

    origin: str
    rp_id: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    counter: int = 0
    user: bytes = b""

    @classmethod
    def create(cls, origin: str, rp_id: str) -> Passkey:
        """Return a new key for one site."""
        return cls(origin, rp_id)

    @property
    def public(self) -> tuple[bytes, bytes]:
        """Return qx and qy, 32 bytes each."""
        return self.point

    def registration(self, challenge: bytes, **changed: Any) -> dict[str, Any]:
        """Return what a browser sends when this key is made; attestation is none."""
        return self.made(challenge, **changed)

    def assertion(  # noqa: PLR0913 - what a test may want otherwise
        self,
        challenge: bytes,
        origin: str | None = None,
        rp_id: str | None = None,
        *,
        up: bool = True,
        uv: bool = True,
        cross_origin: bool = False,
        extra: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return what a browser sends when this key signs; `extra` goes into the client's JSON."""
        return self.used(
            challenge,
            origin=origin or self.origin,
            rp_id=rp_id or self.rp_id,
            flags=(UP if up else 0) | (UV if uv else 0),
            cross_origin=cross_origin,
            extra=extra or {},
        )

    @property
    def point(self) -> tuple[bytes, bytes]:
        """Return qx and qy, 32 bytes each."""
        numbers = self.key.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")

    def made(self, challenge: bytes, **changed: Any) -> dict[str, Any]:
        """Return what navigator.credentials.create() gives, as toJSON() writes it."""
        qx, qy = self.point
        cose = cbor2.dumps({1: 2, 3: changed.pop("alg", -7), -1: 1, -2: qx, -3: qy})
        flags = changed.pop("flags", UP | UV) | AT
        about = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._rp_hash(changed) + bytes([flags]) + bytes(4) + about
        client = self._client("webauthn.create", challenge, changed)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._client_data(
            {"clientDataJSON": b64(client), "attestationObject": b64(attested)}
        )

    def used(self, challenge: bytes, **changed: Any) -> dict[str, Any]:
        """Return what navigator.credentials.get() gives; about every second s is high."""
        self.counter += 1
        flags = bytes([changed.pop("flags", UP | UV)])
        data = self._rp_hash(changed) + flags + self.counter.to_bytes(4, "big")
        client = self._client(changed.pop("type", "webauthn.get"), challenge, changed)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        if secrets.randbelow(2):
            signature = encode_dss_signature(r, ORDER - s)
        return self._client_data(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(self.user) if self.user else None,
            }
        )

    def answer(self, options: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """Answer request or creation options, as a browser would."""
        challenge = unb64(options["challenge"])
        return (
            self.made(challenge, **changed) if "rp" in options else self.used(challenge, **changed)
        )

    def _rp_hash(self, changed: dict[str, Any]) -> bytes:
        return hashlib.sha256(changed.pop("rp_id", self.rp_id).encode()).digest()

    def _client(self, kind: str, challenge: bytes, changed: dict[str, Any]) -> bytes:
        reply = {
            "type": kind,
            "challenge": b64(challenge),
            "origin": changed.pop("origin", self.origin),
            "crossOrigin": changed.pop("cross_origin", False),
            **changed.pop("extra", {}),
        }
        if random.random() < 0.25:
            reply["other_keys_can_be_added_here"] = (
                "do not compare clientDataJSON against a template"
            )
        assert not changed, changed
        return json.dumps(reply, separators=(",", ":")).encode()

    def _client_data(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }
