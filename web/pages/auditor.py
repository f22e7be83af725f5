"""The auditor's pages: ledger status, anchors, journal, models, verification, evidence bundle."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request, send_file

from records.csv_out import to_csv
from services.auditor.journal import JournalSearch
from services.auditor.verification import PARTS, RUN_ORDER
from services.dates import iso_time
from services.errors import Invalid, NotFound
from services.tokens import AUDITOR
from web.current import current_account, services, words
from web.pages.forms import first_errors, number_in
from web.pages.guard import is_fragment, render, see_other
from web.responses import CSV, card_json, card_pdf, download_response, json_file, svg_response
from web.view_options import one_at_a_time, picture, requires_role

SLOW_S: Final = 300
"""A verification longer than this is said to take longer than usual."""
_SEARCH: Final = ("kind", "party", "purpose", "outcome")
_DAYS: Final = ("since", "until")

SPEC: Final = Path(__file__).resolve().parents[2] / "docs" / "spec"
CHECK_FILES: Final = ("check.py", "evidence.md", "ledger.md", "envelope.md")
"""The independent check of a bundle and the formats that it reads; they come with the software."""

bp = Blueprint("auditor", __name__)


@bp.get("/auditor")
@requires_role(AUDITOR)
def ledger_status() -> Response:
    """Show the state of ledger, mirror, journal and anchors."""
    auditor = services().auditor
    status = auditor.status()
    return render(
        "auditor/status.html",
        title=words()("auditor-title"),
        ledger=status,
        verifications=[auditor.verification(job.id) for job in status.verifications],
    )


@bp.get("/auditor/anchors")
@requires_role(AUDITOR)
def anchors() -> Response:
    """Show the newest anchors."""
    return render(
        "auditor/anchors.html",
        title=words()("anchors-title"),
        anchors=services().auditor.anchors(),
    )


@bp.get("/auditor/journal")
@requires_role(AUDITOR)
@one_at_a_time
def journal() -> Response:
    """Search the journal, without subjects and records; days that are named have totals."""
    search, errors = _read_search()
    page, totals = None, None
    before = number_in(request.args.get("before", ""))
    if not errors:
        page = services().auditor.journal(search, before)
    if page is not None and before is None and (search.since or search.until):
        try:
            totals = services().auditor.journal_period(search).totals
        except Invalid as exc:
            errors = first_errors(exc)
    filters = {name: str(value) for name, value in asdict(search).items() if value}
    older = page.older_before if page else None
    return render(
        "auditor/journal.html",
        title=words()("audit-journal-title"),
        journal=page,
        totals=totals,
        values={name: request.args.get(name, "") for name in (*_SEARCH, *_DAYS)},
        errors=errors,
        older=f"/auditor/journal?{urlencode({**filters, 'before': older})}" if older else "",
        file=f"/auditor/journal.csv?{urlencode(filters)}",
    )


@bp.get("/auditor/journal.csv")
@requires_role(AUDITOR)
@one_at_a_time
def journal_file() -> Response:
    """Return every entry of a search as CSV, oldest first, with the hash of each row."""
    search, errors = _read_search()
    if errors:
        raise Invalid(" ".join(errors.values()))
    period, say = services().auditor.journal_period(search), words()
    heads = ("row", "time-utc", "party", "purpose", "decision", "rule", "hash")
    rows = [
        (row.seq, iso_time(row.at_s), row.party, row.purpose, row.kind, row.outcome, row.hash.hex())
        for row in period.rows
    ]
    body = to_csv([[say(f"audit-journal-{head}") for head in heads], *rows])
    return download_response(body.encode(), "journal.csv", CSV)


@bp.get("/auditor/models")
@requires_role(AUDITOR)
def models() -> Response:
    """List every model of every study, the newest first, those that have ended too."""
    return render(
        "auditor/models.html",
        title=words()("menu-auditor-models"),
        models=services().auditor.models()[::-1],
    )


@bp.get("/auditor/models/<id>")
@requires_role(AUDITOR)
def model_card(id: str) -> Response:
    """Show the card of a model, with the hash that is on the ledger."""
    return render(
        "auditor/card.html",
        title=words()("model-title", model=id),
        card=services().auditor.cards.get(id),
        pictures=f"/auditor/models/{id}/pictures",
    )


@bp.get("/auditor/models/<id>/card.json")
@requires_role(AUDITOR)
def card_file(id: str) -> Response:
    """Return a model's card as a JSON file: the bytes whose hash is on the ledger."""
    return card_json(services().auditor.cards.files(id))


@bp.get("/auditor/models/<id>/card.pdf")
@requires_role(AUDITOR)
@one_at_a_time
def card_printout(id: str) -> Response:
    """Return a model's card as PDF."""
    return card_pdf(services().auditor.cards.files(id))


@bp.get("/auditor/models/<id>/pictures/<name>")
@requires_role(AUDITOR)
@picture
def card_plot(id: str, name: str) -> Response:
    """Return a plot of a model's card."""
    return svg_response(services().auditor.cards.files(id).plot(name.removesuffix(".svg")))


@bp.post("/auditor/verify")
@requires_role(AUDITOR)
def start_verification() -> Response:
    """Start a verification; one that is running is shown instead."""
    job = services().auditor.start_verification(current_account().party)
    return see_other(f"/auditor/verify/{job.id}")


@bp.get("/auditor/verify/<job>")
@requires_role(AUDITOR)
def verification(job: str) -> Response:
    """Show a verification's progress, then its seven results."""
    result = services().auditor.verification(job)
    step, installation = result.job.step, services().installation
    if is_fragment() and not result.job.is_active:
        return Response(b"", 204, {"HX-Refresh": "true"})
    return render(
        "auditor/verify_progress.html" if is_fragment() else "auditor/verify.html",
        title=words()("verify-title"),
        verification=result,
        job=result.job,
        checking=step if step in PARTS else PARTS[0],
        order=RUN_ORDER,
        slow=installation.clock() - result.job.requested_at_s > SLOW_S,
        address=installation.site.origin + request.path,
        printed_at_s=installation.clock(),
    )


@bp.post("/auditor/verify/<job>/stop")
@requires_role(AUDITOR)
def stop_verification(job: str) -> Response:
    """Cancel a verification; what it has not checked is then listed as not checked."""
    services().auditor.stop_verification(job)
    return see_other(f"/auditor/verify/{job}")


@bp.get("/auditor/verify/<job>/report")
@requires_role(AUDITOR)
def verification_report(job: str) -> Response:
    """Return the report as a JSON file."""
    result = services().auditor.verification(job)
    if result.job.is_active:
        raise NotFound
    report = {
        "job": result.job.id,
        "asked_at_s": result.job.requested_at_s,
        "state": result.job.state,
        "agrees": result.agrees,
        "parts": [asdict(part) for part in result.parts],
    }
    return json_file(report, f"verify-{result.job.id}.json")


@bp.get("/auditor/evidence")
@requires_role(AUDITOR)
def evidence() -> Response:
    """Show the evidence bundle that is being written or is ready."""
    status = services().auditor.evidence_status()
    if is_fragment() and status.active is None:
        return Response(b"", 204, {"HX-Refresh": "true"})
    return render(
        "auditor/evidence_progress.html" if is_fragment() else "auditor/evidence.html",
        title=words()("evidence-title"),
        bundles=status,
        check_files=CHECK_FILES,
    )


@bp.post("/auditor/evidence")
@requires_role(AUDITOR)
def start_bundle() -> Response:
    """Start a bundle, unless one is being written."""
    services().auditor.start_bundle(current_account().party)
    return see_other("/auditor/evidence")


@bp.get("/auditor/evidence/program/<name>")
@requires_role(AUDITOR)
def check_program(name: str) -> Response:
    """Return the program that checks a bundle, or a description of what it reads."""
    if name not in CHECK_FILES:
        raise NotFound
    media_type = "text/x-python" if name.endswith(".py") else "text/markdown"
    return download_response((SPEC / name).read_bytes(), name, f"{media_type}; charset=utf-8")


@bp.get("/auditor/evidence/<job>")
@requires_role(AUDITOR)
@one_at_a_time
def download_bundle(job: str) -> Response:
    """Return the bundle as a file: one JSON object a line."""
    path = services().auditor.bundle_path(job).absolute()
    answer = send_file(
        path, "application/x-ndjson", as_attachment=True, download_name="evidence.ndjson"
    )
    answer.headers["Cache-Control"] = "no-store"  # Flask would let browsers keep the file
    return answer


def _read_search() -> tuple[JournalSearch, dict[str, str]]:
    """Return what to search for, and what is wrong with the days."""
    kind, party, purpose, outcome = (request.args.get(name, "").strip() for name in _SEARCH)
    days, errors = dict[str, datetime.date | None](), dict[str, str]()
    for name in _DAYS:
        text = request.args.get(name, "").strip()
        try:
            days[name] = datetime.date.fromisoformat(text) if text else None
        except ValueError:
            errors[name] = words()("audit-journal-day-error")
    since, until = days.get("since"), days.get("until")
    if since and until and until < since:
        errors["until"] = words()("audit-journal-order-error")
    search = JournalSearch(kind, party, purpose, outcome, since, until)
    return search, errors
