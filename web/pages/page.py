"""One page: path, who may, what it shows or does; nothing else decides these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, render_template, request
from werkzeug.datastructures import FileStorage, MultiDict

from services.accounts import Account
from services.errors import NotFound
from services.platform import Platform
from services.words import Words

SMALL_BYTES: Final = 64 * 2**10
ANYBODY: Final[frozenset[str]] = frozenset()
"""Nobody has to be signed in."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page that may be made.

    Attributes:
        platform: every part of the install.
        account: who is signed in; None for anybody.
        names: the path's names.
        words: the texts in the visitor's language.
        csrf: what every form of this visitor must send back as ``csrf``.
        language: en, de or es.
    """

    platform: Platform
    account: Account | None
    names: Mapping[str, str]
    words: Words
    csrf: str
    language: str

    @property
    def me(self) -> Account:
        """Who is signed in; pages with roles always have somebody."""
        if self.account is None:
            raise NotFound
        return self.account

    @property
    def subject(self) -> bytes:
        """The patient's own subject."""
        if self.me.subject is None:
            raise NotFound
        return self.me.subject

    @property
    def form(self) -> MultiDict[str, str]:
        """What a form sent."""
        return request.form

    @property
    def query(self) -> MultiDict[str, str]:
        """What stands behind the question mark."""
        return request.args

    @property
    def files(self) -> MultiDict[str, FileStorage]:
        """What files a form sent."""
        return request.files

    @property
    def is_fragment(self) -> bool:
        """True when htmx asks for a part of the page."""
        return request.headers.get("HX-Request") == "true"

    def show(self, template: str, *, title: str, status: int = 200, **more: Any) -> Response:
        """Return a page made of `template`; `title` is its h1, in words.

        Templates see `title`, `visit`, `say` (the words), `platform` and what `more` names.
        """
        body = render_template(
            template,
            title=title,
            visit=self,
            say=self.words,
            platform=self.platform,
            account=self.account,
            csrf=self.csrf,
            is_page=True,
            is_development=self.platform.development,
            has_single_operator=self.platform.ledger.deployment.finality == "single",
            **more,
        )
        return Response(body, status, content_type="text/html; charset=utf-8")

    def go(self, path: str) -> Response:
        """Return a redirect after something was done (303), so that a reload does not repeat it."""
        return Response(b"", 303, {"Location": path})


View = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One endpoint of the pages; a path's names stand in braces, as in the API's table.

    `view` must let a visitor see only what is theirs: what is another's raises `NotFound`.
    Asking for a page that `is_quiet` does not keep a session alive.
    """

    method: str
    path: str
    view: View
    roles: frozenset[str]
    most_bytes: int = SMALL_BYTES
    is_quiet: bool = False

    @property
    def name(self) -> str:
        """The endpoint's name."""
        part = self.view.__module__.removeprefix("web.pages.").replace(".", "_")
        return f"{part}_{self.view.__name__}"
