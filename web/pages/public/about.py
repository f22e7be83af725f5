"""What anybody may read: what this is, where the register stands, help, and notices."""

from __future__ import annotations

from flask import Response

from consent import ConsentError, View
from web.pages.page import Visit


def home(visit: Visit) -> Response:
    """What this is, for whom, what is promised and what is not, and where the register stands."""
    return visit.show("public/home.html", title=visit.words("home-title"), view=_find_view(visit))


def register(visit: Visit) -> Response:
    """Where the register stands."""
    title = visit.words("register-title")
    return visit.show("public/register.html", title=title, view=_find_view(visit))


def help_(visit: Visit) -> Response:
    """Whom to ask."""
    return _told(visit, "help", ("contact", "ask", "care", "free"))


def accessibility(visit: Visit) -> Response:
    """What this site does so that everybody can use it."""
    return _told(visit, "accessibility", ("aim", "how", "tell"))


def privacy(visit: Visit) -> Response:
    """Who is responsible, what is kept and why, and what a person may ask for."""
    names = ("who", "what", "why", "cookies", "rights", "forget", "complain")
    return _told(visit, "privacy", names)


def _told(visit: Visit, page: str, names: tuple[str, ...]) -> Response:
    keeper = visit.platform.asking.party_name(visit.platform.organisation)
    sentences = [visit.words(f"{page}-{one}", custodian=keeper, contact=keeper) for one in names]
    return visit.show("public/told.html", title=visit.words(f"{page}-title"), sentences=sentences)


def _find_view(visit: Visit) -> View | None:
    try:
        return visit.platform.ledger.view()
    except ConsentError:
        return None  # the page then says that every request is refused
