"""The page of a link that does not work any more, or never did."""

from __future__ import annotations

from flask import Response

from web.current import services, words
from web.pages.guard import render


def render_old_link(*, is_invitation: bool) -> Response:
    """Return the page, with whom to ask for another link, and how."""
    return render(
        "public/join_expired.html",
        title=words()("join-old-title"),
        status=404,
        contact=services().information.contact(words().language),
        is_invitation=is_invitation,
    )
