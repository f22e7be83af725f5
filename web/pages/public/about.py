"""The public pages: what this platform is, the state of the register, help and notices."""

from __future__ import annotations

from flask import Blueprint, Response

from web.current import services, words
from web.pages.guard import render
from web.view_options import public

bp = Blueprint("about", __name__)


@bp.get("/")
@public
def home() -> Response:
    """Show what this is, for whom, what is promised and what is not."""
    information = services().information
    return render(
        "public/home.html",
        title=words()("home-title"),
        ledger=information.ledger_summary(),
        operator=information.operator_name(words().language),
    )


@bp.get("/register")
@public
def register() -> Response:
    """Show the state of the register."""
    return render(
        "public/register.html",
        title=words()("register-title"),
        ledger=services().information.ledger_summary(),
    )


@bp.get("/help")
@public
def help_() -> Response:
    """Show whom to ask, how, and when; patients who are signed in find a form."""
    contact = services().information.contact(words().language)
    return render("public/help.html", title=words()("help-title"), contact=contact)


@bp.get("/accessibility")
@public
def accessibility() -> Response:
    """Show what this site does so that everybody can use it."""
    return _notice("accessibility", ("aim", "how", "tell"))


@bp.get("/privacy")
@public
def privacy() -> Response:
    """Show who is responsible, what is stored and why, and what a person may ask for."""
    sections = ("who", "what", "why", "counts", "cookies", "rights", "forget", "complain")
    return _notice("privacy", sections)


def _notice(page: str, sections: tuple[str, ...]) -> Response:
    say = words()
    contact = services().information.contact(say.language)
    sentences = [
        say(f"{page}-{section}", custodian=contact.name, contact=contact.name)
        for section in sections
    ]
    return render(
        "public/notice.html", title=say(f"{page}-title"), sentences=sentences, contact=contact
    )
