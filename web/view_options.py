"""Decorators that declare what a view needs: who may call it, how large its body may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import current_app, request

from services.errors import Forbidden, Malformed

View = TypeVar("View", bound=Callable[..., Any])
MAX_SMALL_BYTES: Final = 64 * 2**10
JSON: Final = "application/json"
NUL_PROBLEM: Final = "A text has a NUL character (U+0000). Remove it and send again."
READING: Final = ("GET", "HEAD")
"""Methods that change nothing; Flask answers HEAD by the view of GET (RFC 9110, 9.3.2)."""


@dataclass(slots=True)
class ViewOptions:
    """What the decorators of one view declare.

    Attributes:
        roles: who may call it; empty is anybody; None, undeclared, is nobody.
        max_bytes: of the request's body.
        extends_session: False for what a page's clock asks: that is no use by a person.
        accepts: the schema of the JSON body, or of the query of a GET; None for neither.
        returns: the schema of the result; None for a file of the type `media_type`.
        status: of the response.
        is_idempotent: whether the response is kept for an Idempotency-Key.
        is_large: whether a caller may have only one such request under way (web/limits.py).
        is_picture: whether it is part of a page, of which browsers load several at once.
        opens_records: whether a GET opens and journals records, so that no other site may cause it.
    """

    roles: frozenset[str] | None = None
    max_bytes: int = MAX_SMALL_BYTES
    extends_session: bool = True
    accepts: Any = None
    returns: Any = None
    status: int = 200
    media_type: str = JSON
    is_idempotent: bool = False
    is_large: bool = False
    is_picture: bool = False
    opens_records: bool = False


def options_of(view: Callable[..., Any]) -> ViewOptions:
    """Return the options of a view; decorators and functools.wraps share one object."""
    options: ViewOptions = view.__dict__.setdefault("view_options", ViewOptions())
    return options


def current_options() -> ViewOptions:
    """Return the options of the view that the current request is for."""
    return options_of(current_app.view_functions[str(request.endpoint)])


def opens_records(view: View) -> View:
    """Refuse the view to links on other sites: a GET of it opens records, which is journalled."""
    options_of(view).opens_records = True
    return view


def require_own_site() -> None:
    """Refuse what another site made the browser send (Fetch Metadata, W3C).

    Raises:
        Forbidden: the browser says that another site caused the request.
    """
    if request.headers.get("Sec-Fetch-Site", "") in ("cross-site", "same-site"):
        raise Forbidden("Another site caused this request. Open the page from within this site.")


def require_no_nul(texts: Iterable[str]) -> None:
    """Refuse a text that PostgreSQL could not store.

    Raises:
        Malformed: it has a NUL character.
    """
    if any("\0" in text for text in texts):
        raise Malformed(NUL_PROBLEM)


def requires_role(*roles: str) -> Callable[[View], View]:
    """Let only these roles call the view; to others it looks as if it did not exist (pages)."""

    def mark(view: View) -> View:
        options_of(view).roles = frozenset(roles)
        return view

    return mark


def public(view: View) -> View:
    """Let anybody call the view, signed in or not."""
    options_of(view).roles = frozenset()
    return view


def one_at_a_time(view: View) -> View:
    """Let each caller have one request to such views under way: it takes long, or much memory."""
    options_of(view).is_large = True
    return view


def picture(view: View) -> View:
    """Let a caller have as many requests to the view under way as the pictures of a page need."""
    options_of(view).is_picture = True
    return view


def max_body(max_bytes: int) -> Callable[[View], View]:
    """Let the request's body be up to `max_bytes`, in place of 64 KiB."""

    def mark(view: View) -> View:
        options_of(view).max_bytes = max_bytes
        return view

    return mark


def passive(view: View) -> View:
    """Do not count calls of this view as use of the session."""
    options_of(view).extends_session = False
    return view
