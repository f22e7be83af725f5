"""Checks what passkeys say (WebAuthn Level 3): the only file that knows the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    options_to_json_dict,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.accounts.errors import BadlyProven
from services.accounts.site import Site

ES256: Final = COSEAlgorithmIdentifier.ECDSA_SHA_256
TIMEOUT_MS: Final = 120_000
COORDINATE_BYTES: Final = 32
MOST_JSON_BYTES: Final = 16_384
ODD: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What the library, and we, raise on something that is not what a browser sends."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A P-256 key that a device has made: its id, and its point (32 bytes each)."""

    credential_id: bytes
    qx: bytes
    qy: bytes


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a device signed, in the parts that the ledger's verifier takes."""

    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


def options_to_make(
    site: Site, challenge: bytes, handle: bytes, name: str, known: list[bytes]
) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptions as JSON.

    A key that the device can find again (resident), behind face, finger or PIN, P-256 only, no
    attestation. `handle` is random: the same one again would replace a key that is enrolled.
    """
    made = generate_registration_options(
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
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        supported_pub_key_algs=[ES256],
    )
    return dict(options_to_json_dict(made))


def options_to_use(site: Site, challenge: bytes, known: list[bytes]) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptions as JSON; if none is `known`, any of this site."""
    made = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(made))


def require_made(site: Site, challenge: bytes, credential: Any) -> NewPasskey:
    """Return the key that a device made for this challenge.

    Raises:
        BadlyProven: another challenge, origin or relying party, no user, no P-256 key, or nonsense.
    """
    _require_same_origin(credential)
    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=[ES256],
        )
        key = decode_credential_public_key(found.credential_public_key)
    except ODD as exc:
        raise BadlyProven("this is not a passkey made for this site just now") from exc
    if not isinstance(key, DecodedEC2PublicKey) or key.alg != ES256:
        raise BadlyProven("this passkey is not of the kind P-256")
    if len(key.x) != COORDINATE_BYTES or len(key.y) != COORDINATE_BYTES:
        raise BadlyProven("this passkey's point is malformed")
    return NewPasskey(found.credential_id, key.x, key.y)


def require_used(
    site: Site, challenge: bytes, credential: Any, key: tuple[bytes, bytes]
) -> Assertion:
    """Return what a device signed over this challenge with the key of this point.

    The counter is not looked at: synced passkeys send 0, and consents advance it too.

    Raises:
        BadlyProven: another challenge, origin, relying party or key, no user, a page in a frame.
    """
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
    except ODD as exc:
        raise BadlyProven("the device did not sign this with the passkey of this account") from exc
    response = credential["response"]
    return Assertion(
        credential_id_of(credential),
        base64url_to_bytes(response["authenticatorData"]),
        base64url_to_bytes(response["clientDataJSON"]),
        base64url_to_bytes(response["signature"]),
    )


def credential_id_of(credential: Any) -> bytes:
    """Return the id that a credential names.

    Raises:
        BadlyProven: it names none.
    """
    try:
        return base64url_to_bytes(cast("str", credential["rawId"]))
    except ODD as exc:
        raise BadlyProven("this is no credential") from exc


def _require_same_origin(credential: Any) -> None:
    """Refuse what was signed inside another site's frame; the library does not look."""
    try:
        told = base64url_to_bytes(credential["response"]["clientDataJSON"])
        client = orjson.loads(told[:MOST_JSON_BYTES])
        crossed = client.get("crossOrigin", False) or "topOrigin" in client
    except ODD as exc:
        raise BadlyProven("this is no credential") from exc
    if crossed:
        raise BadlyProven("this was signed inside another page")
