"""Who can sign for a patient: passkeys added and removed, and a new key refused."""

from __future__ import annotations

from typing import Any

from services.patient.keyring import keyring, to_add, to_remove, to_veto
from web.api.patient.signings import prepared_shown
from web.api.route import Call


def get_own_keys(call: Call) -> dict[str, Any]:
    """Each passkey, keys of others, and every new key that was ever asked for."""
    found = keyring(call)
    return {
        "passkeys": [
            {
                "key": one.id.hex(),
                "label": one.label,
                "made_at_s": one.made_at_s,
                "used_at_s": one.used_at_s,
            }
            for one in found.passkeys
        ],
        "delegates_until_s": found.delegates_until_s,
        "has_others": found.has_others,
        "recoveries": [
            {"signer": one.signer.hex(), "state": one.state, "ready_at_s": one.ready_at_s}
            for one in found.recoveries
        ],
        "is_checked": found.is_checked,
    }


def post_key(call: Call) -> dict[str, Any]:
    """What the new device is asked first: to make a passkey."""
    request = call.platform.identity.passkey_changes.begin(call.me)
    return {"challenge": request.challenge, "options": dict(request.options)}


def post_key_made(call: Call) -> dict[str, Any]:
    """Note the passkey that the device made; what it is to prove, and under which signing."""
    said = call.body
    label = call.words("keys-new")
    request = call.platform.identity.passkey_changes.add_passkey(
        call.me, said["challenge"], said["credential"], label
    )
    return {"signing": request.challenge, "options": dict(request.options)}


def post_key_proof(call: Call) -> dict[str, Any]:
    """Note that the new passkey proved itself; what a passkey of old is to sign."""
    said = call.body
    call.platform.identity.passkey_changes.prove_passkey(
        call.me, said["signing"], said["credential"]
    )
    return prepared_shown(to_add(call, said["signing"]), call.words("keys-add-sign-title"))


def post_key_removal(call: Call) -> dict[str, Any]:
    """What is to be signed to remove a passkey."""
    return prepared_shown(to_remove(call, call.names["key"])[0], call.words("keys-remove-title"))


def post_key_veto(call: Call) -> dict[str, Any]:
    """What is to be signed to refuse a new key that somebody asked for."""
    return prepared_shown(to_veto(call, call.names["signer"]), call.words("keys-veto-title"))
