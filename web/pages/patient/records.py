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
from services.words import as_sentence
from web.current import current_account, current_subject, services, words
from web.pages.forms import number_in
from web.pages.guard import is_fragment, render, see_other
from web.responses import NDJSON, download_response, json_file
from web.view_options import one_at_a_time, opens_records, requires_role

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
        erasures=services().patient.erasures.status(current_subject()),
    )


@bp.get("/patient/records/<id>")
@requires_role(PATIENT)
@opens_records
def record(id: str) -> Response:
    """Show one record, opened for the patient; the history shows it."""
    opened, say = services().patient.records.open(current_subject(), words(), id), words()
    date = format_day(say, opened.record.recorded_on)
    return render(
        "patient/record.html",
        title=say("record-title", kind=say(f"category-{opened.record.category}")),
        opened=opened,
        date=date,
        record_id=id,
    )


@bp.get("/patient/values")
@requires_role(PATIENT)
@opens_records
def value() -> Response:
    """Show one value over time, as a chart and a table; opening the records is in the history."""
    say, kind, code = words(), request.args.get("kind", ""), request.args.get("code", "")
    series = services().patient.records.series(current_subject(), say, kind, code)
    title = say("chart-title", value=series.name)
    return render("patient/value.html", title=title, series=series)


@bp.get("/patient/download")
@requires_role(PATIENT)
def download_form() -> Response:
    """Show what the file contains, how far it is, and the ways to read it."""
    status = services().patient.exports.status(current_account())
    if is_fragment() and not (status.job and status.job.is_active):
        return Response(b"", 204, {"HX-Refresh": "true"})
    return render(
        "patient/download_progress.html" if is_fragment() else "patient/download.html",
        title=words()("download-title"),
        export=status,
    )


@bp.post("/patient/download")
@requires_role(PATIENT)
def request_download() -> Response:
    """Queue the file with all data; it is complete when the page offers it."""
    services().patient.exports.request(current_account(), words())
    return see_other("/patient/download")


@bp.get("/patient/download/file")
@requires_role(PATIENT)
@one_at_a_time
def download() -> Response:
    """Return the file with all of the patient's data."""
    return json_file(services().patient.exports.read(current_account()), "my-records.json")


@bp.get("/patient/download/records")
@requires_role(PATIENT)
@one_at_a_time
@opens_records
def download_records() -> Response:
    """Return all records as other systems read them (FHIR NDJSON); the history shows it."""
    records = services().patient.fhir.export_records(current_subject())
    return download_response(records, "my-records.ndjson", NDJSON)


@bp.get("/patient/download/page")
@requires_role(PATIENT)
@one_at_a_time
def download_page() -> Response:
    """Show all of the patient's data as one page to print."""
    say, document = words(), services().patient.exports.read(current_account())
    return render(
        "patient/download_page.html",
        title=say("download-page-title"),
        data=document,
        site=services().installation.site.origin,
    )


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
    before = number_in(query.get("before", ""))
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
            *((code, as_sentence(say(f"category-{code}"))) for code in page.categories),
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
