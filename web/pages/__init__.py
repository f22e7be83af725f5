"""All pages as one table, and the blueprint made of it."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response

from services.accounts import PATIENT
from services.platform import Platform
from services.tokens import ROLES
from web.pages import auditor, clinician, custodian, patient, public, researcher
from web.pages.door import Door
from web.pages.page import Page

PAGES: Final[tuple[Page, ...]] = (
    *public.PAGES,
    *patient.PAGES,
    *clinician.PAGES,
    *researcher.PAGES,
    *custodian.PAGES,
    *auditor.PAGES,
)


def pages(platform: Platform) -> Blueprint:
    """Return the blueprint of every page."""
    bp = Blueprint("pages", __name__)
    door = Door(platform)
    for page in PAGES:
        path = page.path.replace("{", "<").replace("}", ">")
        bp.add_url_rule(path, page.name, _view(door, page), methods=[page.method])
    for role in (PATIENT, *ROLES):
        # To a stranger what is not there looks like what is.
        bp.add_url_rule(f"/{role}/<path:rest>", f"nothing_{role}", _nothing(door))
    return bp


def _view(door: Door, page: Page) -> Any:
    def view(**names: str) -> Response:
        return door.enter(page, names)

    return view


def _nothing(door: Door) -> Any:
    def view(rest: str) -> Response:
        return door.stranger_or_nothing()

    return view
