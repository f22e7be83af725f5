"""The way in and out: joining by an invitation, signing in and signing out."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, request

from services.accounts import PATIENT, Account
from services.accounts.wallets import address_of
from services.accounts.webauthn import credential_id_of
from services.tokens import ROLES
from services.words import find_zone
from web.cookies import session_secret, with_new_session, without_session
from web.current import find_account, services, words
from web.devices import credential_of_form, device_name, device_request
from web.pages.guard import render, see_other
from web.pages.public.old_links import render_old_link
from web.responses import json_response
from web.view_options import passive, public, requires_role

EVERYBODY = (PATIENT, *ROLES)

bp = Blueprint("entrance", __name__)


@bp.get("/join/<token>")
@public
def join(token: str) -> Response:
    """Show who invites, as what, what a passkey is, and the button that makes one."""
    information = services().information
    registrations = services().identity.registrations
    invitation = registrations.find_invitation(token)
    if invitation is None:
        return render_old_link(is_invitation=True)
    invitee = invitation.invitee
    return render(
        "public/join.html",
        title=words()("join-title", site=services().installation.site.name),
        invitee=invitee,
        operator=information.operator_name(words().language),
        party=information.party_name(invitee.party, words().language) if invitee.party else "",
        has_other_key=registrations.has_other_key(invitation),
        number_end=services().patient.number_end(invitee.subject) if invitee.subject else "",
    )


@bp.post("/join/<token>/begin")
@public
def begin_join(token: str) -> Response:
    """Return the first request to the device, as JSON for the page's script."""
    return device_request(services().identity.registrations.begin(token))


@bp.post("/join/<token>/passkey")
@public
def add_passkey(token: str) -> Response:
    """Store the passkey that the device made; return what it is to prove, as JSON."""
    challenge = request.form.get("challenge", "")
    registrations = services().identity.registrations
    return device_request(registrations.add_passkey(token, challenge, credential_of_form()))


@bp.post("/join/<token>/proof")
@public
def prove_passkey(token: str) -> Response:
    """Open the account of a passkey that proved itself, and sign it in."""
    challenge = request.form.get("challenge", "")
    registrations, credential = services().identity.registrations, credential_of_form()
    account = registrations.finish(token, challenge, credential, device_name())
    return _joined(account, credential_id_of(credential))


@bp.post("/join/<token>/wallet")
@public
def begin_wallet_join(token: str) -> Response:
    """Return what a patient's wallet signs to join, as JSON for the page's script."""
    address = address_of(request.form.get("address", ""))
    typed_data = services().identity.registrations.begin_with_wallet(token, address)
    return json_response({"typed_data": typed_data})


@bp.post("/join/<token>/wallet/proof")
@public
def prove_wallet_join(token: str) -> Response:
    """Open the account of a patient whose wallet signed its own enrolment.

    It is signed in, unless the enrolment was known before: then the wallet signs in on its own.
    """
    address = address_of(request.form.get("address", ""))
    registrations, signature = services().identity.registrations, request.form.get("signature", "")
    joined = registrations.finish_with_wallet(token, address, signature)
    if joined.is_proved:
        return _joined(joined.account)
    services().identity.accounts.set_language(joined.account.id, words().language)
    return json_response({"go": "/sign-in?joined=yes"})


@bp.get("/sign-in")
@public
def sign_in() -> Response:
    """Ask who it is; the page gives no hint whether an account exists."""
    next_path = _local_path(request.args.get("next", ""))
    account = find_account()
    if account is not None:
        return see_other(_destination(account, next_path))
    return render(
        "public/sign_in.html",
        title=words()("sign-in-title"),
        next_path=next_path,
        contact=services().information.contact(words().language),
        # Signing out removes the cookie, so one without a session is of a session that expired.
        has_expired=bool(session_secret(services().installation.site)),
        is_undone=request.args.get("undone") == "yes",
        has_joined=request.args.get("joined") == "yes",
    )


@bp.post("/sign-in/begin")
@public
def begin_sign_in() -> Response:
    """Return a fresh challenge, as JSON for the page's script."""
    return device_request(services().identity.begin_sign_in())


@bp.post("/sign-in/finish")
@public
def finish_sign_in() -> Response:
    """Sign in the person whose passkey answered the challenge."""
    credential = credential_of_form()
    account = services().identity.sign_in(request.form.get("challenge", ""), credential)
    path = _destination(account, _local_path(request.form.get("next", "")))
    return _signed_in(account, path, credential_id_of(credential))


@bp.post("/sign-in/wallet")
@public
def begin_wallet_sign_in() -> Response:
    """Return a fresh message for a wallet to sign, as JSON for the page's script."""
    address = address_of(request.form.get("address", ""))
    return json_response(asdict(services().identity.begin_wallet_sign_in(address)))


@bp.post("/sign-in/wallet/finish")
@public
def finish_wallet_sign_in() -> Response:
    """Sign in the person whose wallet signed the message."""
    address = address_of(request.form.get("address", ""))
    account = services().identity.sign_in_with_wallet(address, request.form.to_dict())
    return _signed_in(account, _destination(account, _local_path(request.form.get("next", ""))))


@bp.post("/sign-out")
@requires_role(*EVERYBODY)
def sign_out() -> Response:
    """End this session."""
    site = services().installation.site
    services().identity.sessions.end(session_secret(site))
    return without_session(site, see_other("/signed-out"))


@bp.get("/signed-out")
@public
def signed_out() -> Response:
    """Confirm that nobody is signed in any more; who is goes to their own pages."""
    if (account := find_account()) is not None:
        return see_other(_destination(account, ""))
    return render("public/signed_out.html", title=words()("signed-out-title"))


@bp.get("/session")
@public
@passive
def session() -> Response:
    """Return how many seconds this session has left, as JSON."""
    return _seconds_left()


@bp.post("/session")
@requires_role(*EVERYBODY)
def extend_session() -> Response:
    """Keep the session alive; return how many seconds it has left, as JSON."""
    return _seconds_left()


def _seconds_left() -> Response:
    installation = services().installation
    current = services().identity.find_session(session_secret(installation.site))
    left_s = max(0, int(current.ends_at_s - installation.clock())) if current else 0
    return json_response({"left_s": left_s})


def _joined(account: Account, passkey: bytes | None = None) -> Response:
    services().identity.accounts.set_language(account.id, words().language)
    return _signed_in(account, f"/{account.role}", passkey)


def _signed_in(account: Account, path: str, passkey: bytes | None = None) -> Response:
    zone = request.form.get("zone", "")
    if zone != account.time_zone and find_zone(zone) is not None:
        services().identity.accounts.set_time_zone(account.id, zone)
    return with_new_session(services().identity, json_response({"go": path}), account, passkey)


def _destination(account: Account, next_path: str) -> str:
    """Return where a signed-in person goes: `next_path`, if it is a page of their role."""
    own = f"/{account.role}"
    return next_path if next_path.startswith((f"{own}/", f"{own}?")) else own


def _local_path(path: str) -> str:
    """Return a path of this site, or ""; a link must not send people to another site."""
    parts = urlsplit(path)
    is_local = path.startswith("/") and not path.startswith(("//", "/\\"))
    if not is_local or parts.scheme or parts.netloc or not path.isprintable():
        return ""
    return quote(parts.path) + (f"?{parts.query}" if parts.query else "")
