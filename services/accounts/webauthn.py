"""Checks what passkeys return (WebAuthn Level 3); the only file that knows the library.

The library is imported where it is used: a process that sees no passkey starts sooner without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, cast

import orjson

from consent import Domain, Enrolment, digest, typed_message
from services.accounts.errors import ProofInvalid
from services.accounts.site import Site

TIMEOUT_MS: Final = 120_000
COORDINATE_BYTES: Final = 32
MAX_CLIENT_DATA_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """What a page's script asks of a device: to create a passkey, or to sign with one.

    Attributes:
        step: ``make`` (navigator.credentials.create) or ``prove`` (credentials.get).
        challenge: the id to send back with the device's answer; "" if it signs a ledger message.
        options: the WebAuthn options as JSON.
        typed_data: the EIP-712 message whose digest the device signs; empty for a plain challenge.
    """

    step: Literal["make", "prove"]
    challenge: str = ""
    options: Mapping[str, Any]
    typed_data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A P-256 key that a device has created: credential id and point (32 bytes each)."""

    credential_id: bytes
    qx: bytes
    qy: bytes


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a device signed (WebAuthn §5.2.2)."""

    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """The parts that the ledger's verifier takes, in its order."""
        return self.authenticator_data, self.client_data, self.signature


def creation_options(
    site: Site, challenge: bytes, handle: bytes, name: str, known: list[bytes]
) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptions as JSON.

    A discoverable key with user verification, P-256 only, no attestation. `handle` is random: the
    same one again would replace a key that is enrolled. `known` are the credential ids that the
    account has.
    """
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_name=name,
        user_id=handle,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key) for key in known],
        supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256],
    )
    return dict(options_to_json_dict(options))


def request_options(site: Site, challenge: bytes, known: list[bytes]) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptions as JSON; without `known`, any key of the site."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=key) for key in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(options))


def request_proof(
    site: Site, domain: Domain, message: Enrolment, credential_id: bytes
) -> DeviceRequest:
    """Return what a new passkey must sign: its own enrolment."""
    options = request_options(site, digest(domain, message), [credential_id])
    return DeviceRequest(step="prove", options=options, typed_data=typed_message(domain, message))


def require_created(site: Site, challenge: bytes, credential: Any) -> NewPasskey:
    """Return the key that a device created for this challenge.

    Raises:
        ProofInvalid: another challenge, origin or relying party, no user verification, no
            P-256 key, or malformed.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import decode_credential_public_key
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey

    es256 = COSEAlgorithmIdentifier.ECDSA_SHA_256
    _require_same_origin(credential)
    try:
        registration = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=[es256],
        )
        key = decode_credential_public_key(registration.credential_public_key)
    except _malformed() as exc:
        raise ProofInvalid("The passkey was not created for this site just now.") from exc
    if not isinstance(key, DecodedEC2PublicKey) or key.alg != es256:
        raise ProofInvalid("Unsupported passkey: the key must be ES256 (P-256).")
    if len(key.x) != COORDINATE_BYTES or len(key.y) != COORDINATE_BYTES:
        raise ProofInvalid("Malformed passkey: the point's coordinates must be 32 bytes each.")
    return NewPasskey(registration.credential_id, key.x, key.y)


def require_signed(
    site: Site,
    challenge: bytes,
    credential: Any,
    key: tuple[bytes, bytes],
    credential_id: bytes = b"",
) -> Assertion:
    """Return what a device signed over this challenge with the key of this point.

    The counter is not checked: synced passkeys send 0, and consents advance it too.

    Raises:
        ProofInvalid: another challenge, origin, relying party or key, no user verification, or
            a page in a frame; or another credential than `credential_id`, if given.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes

    _require_same_origin(credential)
    try:
        verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=b"\x04" + key[0] + key[1],
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _malformed() as exc:
        raise ProofInvalid("The device did not sign this with the expected passkey.") from exc
    response = credential["response"]
    assertion = Assertion(
        credential_id_of(credential),
        base64url_to_bytes(response["authenticatorData"]),
        base64url_to_bytes(response["clientDataJSON"]),
        base64url_to_bytes(response["signature"]),
    )
    if credential_id and assertion.credential_id != credential_id:
        raise ProofInvalid("Signed with another passkey than the one just created.")
    return assertion


def credential_id_of(credential: Any) -> bytes:
    """Return the id that a credential names.

    Raises:
        ProofInvalid: it names none.
    """
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(cast("str", credential["rawId"]))
    except _malformed() as exc:
        raise ProofInvalid("Malformed credential: rawId is missing.") from exc


def _require_same_origin(credential: Any) -> None:
    """Refuse what was signed inside another site's frame; the library does not check it."""
    from webauthn.helpers import base64url_to_bytes

    try:
        client_data = base64url_to_bytes(credential["response"]["clientDataJSON"])
        client = orjson.loads(client_data[:MAX_CLIENT_DATA_BYTES])
        is_framed = client.get("crossOrigin", False) or "topOrigin" in client
    except _malformed() as exc:
        raise ProofInvalid("Malformed credential: clientDataJSON cannot be read.") from exc
    if is_framed:
        raise ProofInvalid("Signed in a cross-origin frame.")


@cache
def _malformed() -> tuple[type[Exception], ...]:
    """Return what the library and this file raise on input that no browser sends."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)
