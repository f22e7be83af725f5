"""The page on which a custodian maps the columns of a table that has no mapping yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, request

from consent import CATEGORIES
from records.columns import is_identifying
from records.draft import CODE, to_toml
from records.header_rows import NamesPlace
from services.custodian.column_choices import CHOICES, draft_from, form_of, levels_of
from services.custodian.column_maps import NewMapping
from services.errors import Invalid
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render_form, see_other
from web.view_options import max_body, requires_role

MAX_FORM_BYTES: Final = 2**20
READ_AGAIN: Final = "read-again"
_NUMBER: Final = re.compile(r"[0-9]{1,4}+")

bp = Blueprint("columns", __name__)


@bp.get("/custodian/deposits/<upload>/columns")
@requires_role(CUSTODIAN)
def column_form(upload: str) -> Response:
    """Show each column of a table, what its cells look like, and what it seems to mean."""
    choices = services().custodian.columns.choices(current_account().party, upload)
    return _form(upload, choices or None, {})


@bp.post("/custodian/deposits/<upload>/columns")
@requires_role(CUSTODIAN)
@max_body(MAX_FORM_BYTES)
def save_columns(upload: str) -> Response:
    """Make the mapping, check the table against it, and go to its report."""
    columns, party = services().custodian.columns, current_account().party
    form = request.form.to_dict()
    try:
        if form.get("wish") == READ_AGAIN:
            columns.read_again(words(), party, upload, _names_place(form))
            return see_other(f"/custodian/deposits/{upload}")
        draft = draft_from(words(), columns.describe(party, upload), form)
        choices = {name: value for name, value in form.items() if name != "csrf"}
        mapping = NewMapping(
            text=to_toml(draft), name=form.get("name", "").strip(), choices=choices
        )
        columns.save(words(), party, upload, mapping)
    except Invalid as exc:
        return _form(upload, form, first_errors(exc))
    return see_other(f"/custodian/deposits/{upload}")


def _field_values(described: dict[str, str], form: Mapping[str, str] | None) -> dict[str, str]:
    """Return the fields as they were sent; those of the form that was not sent, as described."""
    if form is None or form.get("wish") == READ_AGAIN:
        return described | dict(form or {})
    return {name: described[name] for name in NamesPlace._fields} | dict(form)


def _names_place(form: Mapping[str, str]) -> NamesPlace:
    """Return where the form says that the names are; -1 for what is no whole number."""
    texts = [form.get(name, "").strip() for name in NamesPlace._fields]
    return NamesPlace(*(int(text) if _NUMBER.fullmatch(text) else -1 for text in texts))


def _form(upload: str, form: Mapping[str, str] | None, errors: dict[str, str]) -> Response:
    service, party = services().custodian.columns, current_account().party
    table = service.describe(party, upload)
    columns = [
        {
            "index": index,
            "draft": draft,
            "seen": table.columns[index] if index < len(table.columns) else None,
            "levels": levels_of(table, index),
            "is_fixed": draft.role == CODE,
            "is_identifying": is_identifying(draft.name),
        }
        for index, draft in enumerate(table.draft.columns)
    ]
    return render_form(
        "custodian/columns.html",
        title=words()("columns-title"),
        errors=errors,
        values=_field_values(form_of(table), form),
        has_names_problem=service.has_names_problem(party, upload),
        upload=upload,
        table=table,
        columns=columns,
        choices=CHOICES,
        categories=list(CATEGORIES),
    )
