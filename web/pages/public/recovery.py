"""A lost key: the page of a recovery link, where a patient creates a new passkey."""

from __future__ import annotations

from flask import Blueprint, Response, request

from consent import PENDING
from services.accounts import SignInFailed
from web.current import services, words
from web.devices import credential_of_form, device_name, device_request
from web.pages.guard import render
from web.pages.public.old_links import render_old_link
from web.responses import json_response
from web.view_options import public

bp = Blueprint("recovery", __name__)


@bp.get("/recover/<token>")
@public
def recovery(token: str) -> Response:
    """Show how a new key is made, or how far the one is that was made with this link."""
    link = services().identity.key_recoveries.find(token)
    if link is None:
        return render_old_link(is_invitation=False)
    return render(
        "public/recovery.html",
        title=words()("recover-title"),
        link=link,
        contact=services().information.contact(words().language),
    )


@bp.post("/recover/<token>/begin")
@public
def begin_recovery(token: str) -> Response:
    """Return the first request to the device, as JSON for the page's script."""
    return device_request(services().identity.key_recoveries.begin(token))


@bp.post("/recover/<token>/passkey")
@public
def add_recovery_passkey(token: str) -> Response:
    """Store the passkey that the device created; return what it is to prove, as JSON."""
    recoveries, challenge = services().identity.key_recoveries, request.form.get("challenge", "")
    return device_request(
        recoveries.add_passkey(token, challenge, credential_of_form(), device_name())
    )


@bp.post("/recover/<token>/proof")
@public
def prove_recovery_passkey(token: str) -> Response:
    """Propose the passkey that proved itself; the page then says from when it works."""
    outcome = services().identity.key_recoveries.propose(token, credential_of_form())
    if not outcome.ok and outcome.reason != PENDING:
        raise SignInFailed(f"The ledger refused the new key: {outcome.reason}.")
    return json_response({"go": f"/recover/{token}"})
