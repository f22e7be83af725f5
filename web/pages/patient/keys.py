"""Who can sign for me: passkeys added and removed, others who may sign, a new key to refuse."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import orjson
from flask import Response

from services.errors import Malformed
from services.patient.keyring import OPEN, keyring, to_add, to_remove, to_veto
from web.cookies import with_new_session
from web.pages.page import Visit
from web.pages.patient.signed import failed
from web.pages.signing import bring

MOST_JSON_BYTES: Final = 16_384
DONE: Final = {"added": "keys-added", "removed": "keys-removed", "vetoed": "keys-veto-done"}


def keys(visit: Visit) -> Response:
    """Who can sign for me? Each passkey, delegates, and whether a new key was asked for."""
    words, held = visit.words, keyring(visit)
    return visit.show(
        "patient/keys.html",
        title=words("keys-title"),
        passkeys=held.passkeys,
        delegates=[words.day(until_s) for until_s in held.delegates_until_s],
        others=held.has_others,
        recoveries=[
            (one.signer.hex(), words.day(one.ready_at_s or visit.platform.clock()))
            for one in held.recoveries
            if one.state in OPEN
        ],
        vetoed=sum(one.state == "vetoed" for one in held.recoveries),
        keeper=visit.platform.asking.party_name(visit.platform.organisation),
        is_checked=held.is_checked,
        done=words(DONE[visit.query["done"]]) if visit.query.get("done") in DONE else "",
    )


def begin_add(visit: Visit) -> Response:
    """What the new device is asked first, as JSON for the page's script."""
    return _json(asdict(visit.platform.identity.passkey_changes.begin(visit.me)))


def keep_add(visit: Visit) -> Response:
    """Note the passkey that the device made; what it is to prove, as JSON."""
    label = visit.words("keys-new")
    changes, challenge = visit.platform.identity.passkey_changes, visit.form.get("challenge", "")
    return _json(asdict(changes.add_passkey(visit.me, challenge, _credential(visit), label)))


def prove_add(visit: Visit) -> Response:
    """Note that the new passkey proved itself; a passkey of old says yes on the next page."""
    signing = visit.form.get("challenge", "")
    visit.platform.identity.passkey_changes.prove_passkey(visit.me, signing, _credential(visit))
    return _json({"go": f"/patient/keys/add/{signing}"})


def add(visit: Visit) -> Response:
    """Let this passkey sign for me? The page that a passkey of old signs."""
    prepared = to_add(visit, visit.names["signing"])
    words = ("keys-add-sign-title", "keys-add-sign", "keys-add-button")
    return _to_sign(visit, prepared, words)


def remove(visit: Visit) -> Response:
    """Remove this passkey? What follows, and whether it is the last."""
    prepared, is_last = to_remove(visit, visit.names["id"])
    words = ("keys-remove-title", "keys-remove-lead", "keys-remove-button")
    return _to_sign(visit, prepared, words, is_last=is_last)


def veto(visit: Visit) -> Response:
    """Say no to the new key? One touch ends its recovery."""
    prepared = to_veto(visit, visit.names["signer"])
    return _to_sign(visit, prepared, ("keys-veto-title", "", "keys-recovery-no"))


def sign(visit: Visit) -> Response:
    """Bring a change of keys to the register, once; every session of old has then ended."""
    done = bring(visit)
    if not done.is_in_force:
        return failed(visit, done.outcome)
    kind = done.prepared.kind
    told = {"KeyAddition": "added", "KeyRemoval": "removed"}.get(kind, "vetoed")
    has_keys = bool(visit.platform.identity.passkeys.of(visit.me.id))
    answer = visit.go(f"/patient/keys?done={told}" if has_keys else "/signed-out")
    is_change = kind != "RecoveryVeto" and not done.is_again
    return (
        with_new_session(visit.platform.identity, answer, visit.me)
        if is_change and has_keys
        else answer
    )


def _to_sign(visit: Visit, prepared: Any, words: tuple[str, str, str], **more: Any) -> Response:
    title, lead, button = words
    return visit.show(
        "patient/keys_sign.html",
        title=visit.words(title),
        lead=visit.words(lead) if lead else "",
        button=visit.words(button),
        prepared=prepared,
        keeper=visit.platform.asking.party_name(visit.platform.organisation),
        is_last=bool(more.get("is_last")),
    )


def _credential(visit: Visit) -> Any:
    sent = visit.form.get("credential", "")
    try:
        return orjson.loads(sent[:MOST_JSON_BYTES])
    except ValueError as exc:
        raise Malformed("the device sent no JSON") from exc


def _json(told: dict[str, Any]) -> Response:
    return Response(orjson.dumps(told), content_type="application/json")
