"""The way in and out: joining by an invitation, signing in with a passkey, signing out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from flask import Response, request

from services.accounts import Account
from services.accounts.wallets import address_of
from services.errors import Malformed
from web.cookies import cookie_name, renewed, without_session
from web.pages.page import Visit

MOST_JSON_BYTES = 16_384


def join(visit: Visit) -> Response:
    """Who invites, as what, what a passkey is, and the button that makes one."""
    found = visit.platform.people.joining.find(visit.names["token"])
    keeper = visit.platform.asking.party_name(visit.platform.organisation)
    if found is None:
        title = visit.words("join-old-title")
        return visit.show("public/join_old.html", title=title, status=404, keeper=keeper)
    party = visit.platform.asking.party_name(found.invited.party) if found.invited.party else ""
    title = visit.words("join-title", site=visit.platform.site.name)
    return visit.show(
        "public/join.html", title=title, invited=found.invited, keeper=keeper, party=party
    )


def begin_join(visit: Visit) -> Response:
    """What the device is asked first, as JSON for the page's script."""
    return _json(visit.platform.people.joining.begin(visit.names["token"]))


def keep_join(visit: Visit) -> Response:
    """Keep the passkey that the device made; what it is to prove, as JSON."""
    joining = visit.platform.people.joining
    return _json(
        joining.keep(visit.names["token"], visit.form.get("challenge", ""), _credential(visit))
    )


def prove_join(visit: Visit) -> Response:
    """Open the account of a passkey that proved itself, and sign it in."""
    joining = visit.platform.people.joining
    account = joining.prove(
        visit.names["token"], visit.form.get("challenge", ""), _credential(visit)
    )
    visit.platform.people.accounts.set_language(account.id, visit.language)
    return _signed_in(visit, account, f"/{account.role}")


def sign_in(visit: Visit) -> Response:
    """The page that asks who it is; it gives no hint whether an account exists."""
    after = _local(visit.query.get("next", ""))
    if visit.account is not None:
        return visit.go(_way_on(visit.account, after))
    keeper = visit.platform.asking.party_name(visit.platform.organisation)
    title = visit.words("sign-in-title")
    # Signing out takes the cookie away, so one that opens nothing is of a session that ran out.
    has_ended = bool(request.cookies.get(cookie_name(visit.platform)))
    return visit.show(
        "public/sign_in.html", title=title, after=after, keeper=keeper, has_ended=has_ended
    )


def begin_sign_in(visit: Visit) -> Response:
    """A fresh challenge, as JSON for the page's script."""
    return _json(visit.platform.people.sign_in_options())


def finish_sign_in(visit: Visit) -> Response:
    """Sign in whoever answered the challenge."""
    account = visit.platform.people.sign_in(visit.form.get("challenge", ""), _credential(visit))
    after = _local(visit.form.get("next", ""))
    return _signed_in(visit, account, _way_on(account, after))


def begin_wallet_join(visit: Visit) -> Response:
    """What a patient's wallet signs to join, as JSON for the page's script."""
    address = address_of(visit.form.get("address", ""))
    return _json(visit.platform.people.joining.typed_for(visit.names["token"], address))


def prove_wallet_join(visit: Visit) -> Response:
    """Open the account of a patient whose wallet signed its own enrolment, and sign it in."""
    address, signature = address_of(visit.form.get("address", "")), visit.form.get("signature", "")
    joining = visit.platform.people.joining
    account = joining.join_by_wallet(visit.names["token"], address, signature)
    visit.platform.people.accounts.set_language(account.id, visit.language)
    return _signed_in(visit, account, f"/{account.role}")


def begin_wallet_sign_in(visit: Visit) -> Response:
    """A fresh message for a wallet to sign, as JSON for the page's script."""
    address = address_of(visit.form.get("address", ""))
    return _json(visit.platform.people.wallet_options(address))


def finish_wallet_sign_in(visit: Visit) -> Response:
    """Sign in whoever's wallet signed the message."""
    address = address_of(visit.form.get("address", ""))
    account = visit.platform.people.sign_in_by_wallet(address, visit.form.to_dict())
    return _signed_in(visit, account, _way_on(account, _local(visit.form.get("next", ""))))


def sign_out(visit: Visit) -> Response:
    """End this session; the page says so."""
    visit.platform.people.sessions.end(request.cookies.get(cookie_name(visit.platform), ""))
    return without_session(visit.platform, visit.go("/signed-out"))


def signed_out(visit: Visit) -> Response:
    """Say that nobody is signed in any more."""
    return visit.show("public/signed_out.html", title=visit.words("signed-out-title"))


def session(visit: Visit) -> Response:
    """How many seconds this session has left, as JSON; asking does not keep it alive."""
    people = visit.platform.people
    found = people.session(request.cookies.get(cookie_name(visit.platform), ""))
    left_s = max(0, int(found.ends_at_s - visit.platform.clock())) if found else 0
    return _json({"left_s": left_s})


def keep_session(visit: Visit) -> Response:
    """Having come here with a session keeps it alive; how long it has left, as JSON."""
    return session(visit)


def _signed_in(visit: Visit, account: Account, path: str) -> Response:
    return renewed(visit.platform, _json({"go": path}), account)


def _way_on(account: Account, after: str) -> str:
    """Return where somebody goes who is signed in: `after`, if a page of theirs is there."""
    own = f"/{account.role}"
    return after if after.startswith((f"{own}/", f"{own}?")) else own


def _credential(visit: Visit) -> Any:
    sent = visit.form.get("credential", "")
    if len(sent) > MOST_JSON_BYTES:
        raise Malformed("the device sent too much")
    try:
        return orjson.loads(sent)
    except ValueError as exc:
        raise Malformed("the device sent no JSON") from exc


def _local(path: str) -> str:
    """Return a path of this site, or ""; whoever made the link may not send people elsewhere."""
    told = urlsplit(path)
    is_local = path.startswith("/") and not path.startswith(("//", "/\\"))
    if not is_local or told.scheme or told.netloc or not path.isprintable():
        return ""
    return quote(told.path) + (f"?{told.query}" if told.query else "")


def _json(told: dict[str, Any]) -> Response:
    return Response(orjson.dumps(told), content_type="application/json")
