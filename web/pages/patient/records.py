"""A patient's records, the history of their uses with proofs, and the models they trained."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from services.accounts import PATIENT
from services.patient.history import HistoryFilter
from services.requests.wording import format_day
from web.current import current_subject, services, words
from web.pages.guard import render
from web.pages.patient.consents import json_file
from web.view_options import requires_role

MAX_DIGITS: Final = 15
ANCHOR_S: Final = 60
"""The worker anchors the journal about once in this time."""

bp = Blueprint("patient_records", __name__)


@bp.get("/patient/records")
@requires_role(PATIENT)
def records() -> Response:
    """Show every stored record by category; none is opened."""
    say, by_category = words(), defaultdict(list)
    for record in services().patient.records.list_all(current_subject(), say):
        day = format_day(say, record.entry.recorded_on)
        by_category[say(f"category-{record.entry.category}")].append((record, day))
    return render(
        "patient/records.html",
        title=say("records-title"),
        by_category=by_category,
        operator=services().information.operator_name(words().language),
    )


@bp.get("/patient/records/<id>")
@requires_role(PATIENT)
def record(id: str) -> Response:
    """Show one record, opened for the patient; the history shows it."""
    opened, say = services().patient.records.open(current_subject(), words(), id), words()
    date = format_day(say, opened.record.recorded_on)
    return render(
        "patient/record.html",
        title=say("record-title", kind=say(f"category-{opened.record.category}")),
        added=say("record-added", custodian=opened.custodian_name, date=date),
        record_id=id,
        rows=[(value.name, value.value) for value in opened.values],
    )


@bp.get("/patient/download")
@requires_role(PATIENT)
def download_form() -> Response:
    """Show what the file with all data contains."""
    return render("patient/download.html", title=words()("download-title"))


@bp.post("/patient/download")
@requires_role(PATIENT)
def download() -> Response:
    """Return a file with the patient's records, permissions and history."""
    export = services().patient.records.export(current_subject(), words())
    return json_file(export, "my-records.json")


@bp.get("/patient/models")
@requires_role(PATIENT)
def models() -> Response:
    """Show the models that were trained on the patient's records, and the state of each."""
    models = services().patient.records.list_models(current_subject(), words())
    return render("patient/models.html", title=words()("models-title"), models=models)


@bp.get("/patient/journal")
@requires_role(PATIENT)
def history() -> Response:
    """Show the uses and refusals, newest first; the address has the filter."""
    say, query = words(), request.args
    line_filter = HistoryFilter(
        party=query.get("who", ""),
        category=query.get("what", ""),
        refusals_only=query.get("refused") == "yes",
        without_self=query.get("others") == "yes",
        first_day=query.get("first", ""),
        last_day=query.get("last", ""),
    )
    before = _row_number(query.get("before", ""))
    page = services().patient.history.page(current_subject(), say, before, line_filter)
    months = groupby(page.lines, key=lambda line: line.month)
    older = urlencode({**query.to_dict(), "before": page.older_before or ""})
    return render(
        "patient/history.html",
        title=say("journal-title"),
        page=page,
        months=[(month, list(lines)) for month, lines in months],
        older=f"/patient/journal?{older}",
        parties=[("", say("journal-all")), *page.parties.items()],
        kinds=[
            ("", say("journal-all")),
            *((code, say(f"category-{code}")) for code in page.categories),
        ],
        values=query,
        errors={},
    )


@bp.get("/patient/journal/<seq>/proof")
@requires_role(PATIENT)
def proof(seq: str) -> Response:
    """Show a line and its proof, which the browser checks; without script it is a file."""
    installation = services().installation
    return render(
        "patient/proof.html",
        title=words()("proof-title"),
        proof=services().patient.history.prove(current_subject(), words(), seq),
        operator=services().information.operator_name(words().language),
        next_anchor=words().time(installation.clock() + ANCHOR_S),
    )


@bp.get("/patient/journal/<seq>/proof.json")
@requires_role(PATIENT)
def download_proof(seq: str) -> Response:
    """Return the proof as a file, with the line's hash."""
    proof = services().patient.history.prove(current_subject(), words(), seq)
    return json_file(proof.document(), f"proof-{proof.seq}.json")


def _row_number(text: str) -> int | None:
    is_row = text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
    return int(text) if is_row else None
