"""The keys that can sign for a patient: passkeys added and removed, a proposed key refused."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response, request

from services.accounts import PATIENT, SignatureRequest
from services.errors import Invalid
from web.cookies import current_passkey, with_new_session
from web.current import current_account, services, words
from web.devices import credential_of_form, device_name, device_request
from web.pages.guard import render, see_other
from web.pages.signing import refused, signed_form
from web.responses import json_response
from web.view_options import requires_role

DONE: Final = {
    "added": "keys-added",
    "removed": "keys-removed",
    "vetoed": "keys-veto-done",
    "renamed": "keys-renamed",
}
DONE_BY_KIND: Final = {"KeyAddition": "added", "KeyRemoval": "removed", "RecoveryVeto": "vetoed"}

bp = Blueprint("patient_keys", __name__)


@bp.get("/patient/keys")
@requires_role(PATIENT)
def keys() -> Response:
    """Show the passkeys, delegates' keys, and proposed new keys."""
    say, done = words(), DONE.get(request.args.get("done", ""))
    keys, unnamed = services().patient.keys.list_all(current_account()), request.args.get("unnamed")
    is_own = unnamed in {passkey.id.hex() for passkey in keys.passkeys}
    return render(
        "patient/keys.html",
        title=say("keys-title"),
        errors={f"label-{unnamed}": say("keys-rename-error")} if is_own else {},
        keys=keys,
        operator=services().information.operator_name(words().language),
        now_s=services().installation.clock(),
        current=current_passkey(services().identity),
        done=say(done) if done else "",
    )


@bp.post("/patient/keys/begin")
@requires_role(PATIENT)
def begin_addition() -> Response:
    """Return the first request to the new device, as JSON for the page's script."""
    return device_request(services().patient.keys.begin_addition(current_account()))


@bp.post("/patient/keys/passkey")
@requires_role(PATIENT)
def add_passkey() -> Response:
    """Store the passkey that the device created; return what it is to prove, as JSON."""
    keys, challenge = services().patient.keys, request.form.get("challenge", "")
    label = device_name() or words()("keys-new")
    return device_request(
        keys.add_passkey(current_account(), challenge, credential_of_form(), label)
    )


@bp.post("/patient/keys/proof")
@requires_role(PATIENT)
def prove_passkey() -> Response:
    """Store the proof of the new passkey; an earlier key signs on the next page."""
    signing = request.form.get("challenge", "")
    services().patient.keys.prove_passkey(current_account(), signing, credential_of_form())
    return json_response({"go": f"/patient/keys/add/{signing}"})


@bp.get("/patient/keys/add/<signing>")
@requires_role(PATIENT)
def addition(signing: str) -> Response:
    """Show the addition of a passkey, for an earlier key to sign."""
    keys = services().patient.keys
    signature = keys.get_addition(current_account(), signing)
    texts = ("keys-add-sign-title", "keys-add-sign", "keys-add-button")
    signer = keys.addition_signer(signature)
    return _signing_page(signature, texts, message="KeyAddition", signer=signer)


@bp.post("/patient/keys/<id>/name")
@requires_role(PATIENT)
def rename(id: str) -> Response:
    """Give a passkey another name, which only the patient sees."""
    try:
        services().patient.keys.rename(current_account(), id, request.form.get("label", ""))
    except Invalid:
        return see_other(f"/patient/keys?unnamed={quote(id, safe='')}")
    return see_other("/patient/keys?done=renamed")


@bp.get("/patient/keys/<id>/removal")
@requires_role(PATIENT)
def removal(id: str) -> Response:
    """Show the removal of a passkey to sign, and whether it is the last."""
    review = services().patient.keys.prepare_removal(current_account(), id)
    texts = ("keys-remove-title", "keys-remove-lead", "keys-remove-button")
    return _signing_page(
        review.signature,
        texts,
        message="KeyRemoval",
        signer=review.signer,
        passkey=review.passkey,
        current=current_passkey(services().identity),
        is_last=review.is_last,
    )


@bp.get("/patient/keys/veto/<signer>")
@requires_role(PATIENT)
def veto(signer: str) -> Response:
    """Show the refusal of a proposed key to sign."""
    signature = services().patient.keys.prepare_veto(current_account(), signer)
    texts = ("keys-veto-title", "keys-veto-lead", "keys-recovery-no")
    return _signing_page(signature, texts, message="RecoveryVeto", signer=bytes.fromhex(signer))


@bp.post("/patient/keys/sign")
@requires_role(PATIENT)
def sign() -> Response:
    """Submit a change of keys to the ledger, once; it ends every other session.

    One that the ledger does not show yet changes nothing: the page says so while it waits, and
    the worker completes it (`services.patient.waiting_keys`).
    """
    patient, account = services().patient, current_account()
    passkey = current_passkey(services().identity)  # of the session, which the change ends
    submitted = patient.signatures.submit(account, *signed_form())
    if submitted.is_pending:
        return see_other("/patient/keys")
    if not submitted.is_in_force:
        return refused(submitted.outcome)
    if not patient.keys.has_passkeys(account):
        return see_other("/signed-out")
    response = see_other(f"/patient/keys?done={DONE_BY_KIND.get(submitted.request.kind, '')}")
    if submitted.ends_sessions:
        return with_new_session(services().identity, response, account, passkey)
    return response


def _signing_page(
    signature: SignatureRequest, texts: tuple[str, str, str], **values: Any
) -> Response:
    say, (title, lead, button) = words(), texts
    operator = services().information.operator_name(say.language)
    return render(
        "patient/keys_sign.html",
        title=say(title),
        lead=say(lead, custodian=operator),
        button=say(button),
        signature=signature,
        operator=operator,
        **values,
    )
