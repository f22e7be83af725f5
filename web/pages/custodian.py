"""The custodian's pages: status, invitations, uploads, studies to approve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage

from models.pseudonymised import DELETION_DAYS
from records.csv_out import to_csv
from services.accounts import PATIENT
from services.custodian.fhir_uploads import NDJSON, to_ndjson
from services.custodian.file_kinds import FHIR
from services.custodian.invitations import InvitationRequest
from services.custodian.upload_store import (
    CHECKED,
    CHECKING,
    LEAVE,
    MAPPING,
    MAX_BYTES,
    NONE,
    STORED,
)
from services.custodian.upload_store import STORING as BEING_STORED
from services.custodian.uploads import MAX_MAPPING, NewUpload
from services.errors import Invalid, NotFound
from services.requests import PROPOSED, REFUSED, RETURNED
from services.requests.proposals import ProposalChanged
from services.tokens import CUSTODIAN
from web.current import current_account, services, words
from web.errors import status_of
from web.pages import invitation_lists, people
from web.pages.forms import first_errors, number_in
from web.pages.guard import is_fragment, render, render_form, see_other
from web.pages.shown_once import carry, forget, take
from web.responses import CSV, download_response
from web.view_options import max_body, one_at_a_time, requires_role

INVITED: Final = "/custodian/patients/made"
MAX_LISTED: Final = 10
MAX_PROBLEMS: Final = 50
OWN_MAPPING: Final = "own"
_FORM_BYTES: Final = 2**20
_CONFLICT: Final = 409

bp = Blueprint("custodian", __name__)
BLUEPRINTS: Final = (bp, people.bp, invitation_lists.bp)


@bp.get("/custodian")
@requires_role(CUSTODIAN)
def overview() -> Response:
    """Show which parts respond, what is stored, and what waits."""
    return render(
        "custodian/overview.html",
        title=words()("menu-custodian"),
        overview=services().custodian.overview.get(),
        months=services().custodian.models.list_newest(),
        open_messages=services().custodian.messages.count_open(),
    )


@bp.get("/custodian/patients/new")
@requires_role(CUSTODIAN)
def invitation_form() -> Response:
    """Show the form of an invitation."""
    return _invitation_form({"role": PATIENT}, {})


@bp.post("/custodian/patients/new")
@requires_role(CUSTODIAN)
def invite() -> Response:
    """Make a link, and go to the page that shows it once."""
    form = request.form
    role, number = form.get("role", ""), form.get("number", "").strip()
    invitation = InvitationRequest(
        role=role,
        number=number if role == PATIENT else "",
        name=form.get("name", ""),
        party=form.get("party", ""),
        identity=form.get("identity", ""),
        # What is confirmed is the number: a corrected one has to be confirmed again.
        new_patient=bool(number) and form.get("new_patient") == number,
    )
    try:
        issued = services().custodian.invitations.invite(
            words(), invitation, by=current_account().id
        )
    except Invalid as exc:
        return _invitation_form(form, first_errors(exc))
    facts = {"invitation": asdict(invitation), "issued": asdict(issued)}
    return carry(INVITED, facts)


@bp.get("/custodian/patients/made")
@requires_role(CUSTODIAN)
def invited() -> Response:
    """Show a link that was just made, once: a reload does not make or show another."""
    facts = take() or {"invitation": None, "issued": None}
    party = facts["invitation"]["party"] if facts["invitation"] else ""
    name = services().information.party_name(party, "en") if party else ""
    return forget(
        render("custodian/invited.html", title=words()("invite-made"), party=name, **facts),
    )


@bp.get("/custodian/deposits/new")
@requires_role(CUSTODIAN)
def upload_form() -> Response:
    """Show the form that takes a file, and the newest files."""
    return _upload_form({})


@bp.post("/custodian/deposits/new")
@requires_role(CUSTODIAN)
@max_body(MAX_BYTES + _FORM_BYTES)
def submit_upload() -> Response:
    """Keep a file, queue its check, and go to its report."""
    errors = _missing_inputs()
    if errors:
        return _upload_form(errors)
    file, account, own = request.files["file"], current_account(), _own_mapping()
    new = NewUpload(
        name=file.filename or "",
        file=file.stream,
        mapping=request.form.get("mapping", "") if own is None else OWN_MAPPING,
        own_mapping=own,
        on_bad=request.form["bad"],
    )
    try:
        report = services().custodian.uploads.submit(words(), account.party, new, by=account.id)
    except Invalid as exc:
        renamed = {} if own is None else {"mapping": "own-mapping"}
        return _upload_form(first_errors(exc, **renamed), status_of(exc))
    again = "?again=yes" if report.upload.state == STORED else ""
    return see_other(f"/custodian/deposits/{report.upload.id}{again}")


@bp.get("/custodian/deposits/<upload>")
@requires_role(CUSTODIAN)
def upload_report(upload: str) -> Response:
    """Show what is in a file, or what was stored of it."""
    report = services().custodian.uploads.get(words(), current_account().party, upload)
    if is_fragment() and not report.is_working:
        return Response(b"", 204, {"HX-Refresh": "true"})
    is_before = report.upload.state in (CHECKING, CHECKED, MAPPING)
    return render(
        "custodian/deposit_progress.html" if is_fragment() else "custodian/deposit.html",
        title=words()("deposit-report-title" if is_before else "deposit-result-title"),
        report=report,
        upload=report.upload,
        counts=report.counts,
        problems=report.problems[:MAX_PROBLEMS],
        notes=report.notes[:MAX_PROBLEMS],
        is_again=request.args.get("again") == "yes" and report.upload.state == STORED,
    )


@bp.post("/custodian/deposits/<upload>")
@requires_role(CUSTODIAN)
def decide_upload(upload: str) -> Response:
    """Store the good rows, or discard the file; a repeated form changes nothing."""
    uploads, party = services().custodian.uploads, current_account().party
    report = uploads.get(words(), party, upload)
    decision = request.form.get("wish", "")
    if decision == "nothing":
        uploads.discard(words(), party, upload)
    elif decision == "store" and report.upload.state in (CHECKED, BEING_STORED):
        uploads.store(words(), party, upload)
    return see_other(f"/custodian/deposits/{upload}")


@bp.get("/custodian/deposits/<upload>/report")
@requires_role(CUSTODIAN)
@one_at_a_time
def upload_report_file(upload: str) -> Response:
    """Return the problems of a file as CSV: where, problem, remedy; never a cell."""
    report = services().custodian.uploads.get(words(), current_account().party, upload)
    if not report.upload.report:
        raise NotFound
    is_fhir = report.upload.sent.kind == FHIR
    places = ("deposit-entry", "deposit-element") if is_fhir else ("deposit-row", "deposit-column")
    heads = (places[0], "deposit-line", places[1], "deposit-problem", "deposit-cure")
    rows = [[each.row, each.line, each.column, each.problem, each.cure] for each in report.problems]
    text = to_csv([[words()(head) for head in heads], *rows])
    return download_response(text.encode(), f"report-{upload}.csv", CSV)


@bp.get("/custodian/deposits/<upload>/outcomes")
@requires_role(CUSTODIAN)
@one_at_a_time
def upload_outcomes_file(upload: str) -> Response:
    """Return what became of each entry of a FHIR file: one OperationOutcome a line."""
    outcomes = services().custodian.uploads.outcomes(current_account().party, upload)
    return download_response(to_ndjson(outcomes), f"outcomes-{upload}.ndjson", NDJSON)


@bp.get("/custodian/studies")
@requires_role(CUSTODIAN)
def studies() -> Response:
    """Show the studies that wait for a decision, and those that have one."""
    return render(
        "custodian/studies.html",
        title=words()("menu-studies"),
        proposals=services().custodian.approvals.list_all(),
    )


@bp.get("/custodian/counting")
@requires_role(CUSTODIAN)
def counting() -> Response:
    """Show whether researchers may have people counted before they are asked."""
    rule = services().custodian.counting.get()
    return render("custodian/counting.html", title=words()("counting-title"), rule=rule)


@bp.post("/custodian/counting")
@requires_role(CUSTODIAN)
def decide_counting() -> Response:
    """Let people be counted, or no longer; a repeated form changes nothing."""
    rules, by = services().custodian.counting, current_account().id
    if request.form.get("wish") == "allow":
        rules.allow(by)
    elif request.form.get("wish") == "forbid":
        rules.forbid(by)
    return see_other("/custodian/counting")


@bp.get("/custodian/studies/<slug>")
@requires_role(CUSTODIAN)
def study(slug: str) -> Response:
    """Show what a study plans, whom it reaches, and what patients will read."""
    return _study(slug, {})


@bp.post("/custodian/studies/<slug>")
@requires_role(CUSTODIAN)
def decide_study(slug: str) -> Response:
    """Approve a study, ask for changes or refuse it; a repeated form changes nothing."""
    approvals, by = services().custodian.approvals, current_account().id
    decision, version = request.form.get("wish", ""), number_in(request.form.get("version", ""))
    version = -1 if version is None else version  # which no proposal has
    rejected = {"refuse": REFUSED, "return": RETURNED}
    try:
        if decision == "approve":
            approvals.approve(slug, by=by, version=version)
        elif decision in rejected:
            state, reason = rejected[decision], request.form.get("why", "")
            approvals.reject(words(), slug, state, reason, by=by, version=version)
    except Invalid as exc:
        return _study(slug, first_errors(exc))
    except ProposalChanged:
        return _study(slug, {"study": words()("may-study-changed")}, _CONFLICT)
    return see_other(f"/custodian/studies/{slug}")


def _invitation_form(values: Mapping[str, str], errors: dict[str, str]) -> Response:
    return render_form(
        "custodian/invite.html",
        title=words()("menu-invite"),
        values=values,
        errors=errors,
        until_s=services().custodian.invitations.ends_at_s(),
    )


def _upload_form(errors: dict[str, str], status: int = 0) -> Response:
    uploads = services().custodian.uploads
    return render_form(
        "custodian/deposit_new.html",
        title=words()("menu-deposit"),
        status=status,
        errors=errors,
        mappings=uploads.mapping_names(),
        parked=services().custodian.intake.parked_count(),
        inbox=str(services().installation.inbox or ""),
        rules=services().custodian.categories.version(),
        max_megabytes=words().number(MAX_BYTES / 10**6),
        uploads=[
            (upload, uploads.is_stuck(upload))
            for upload in uploads.list_newest(current_account().party)[:MAX_LISTED]
        ],
    )


def _missing_inputs() -> dict[str, str]:
    errors = {}
    if _sent_file("file") is None:
        errors["file"] = words()("deposit-file-error")
    if request.form.get("bad") not in (LEAVE, NONE):
        errors["bad"] = words()("deposit-bad-error")
    return errors


def _own_mapping() -> bytes | None:
    file = _sent_file("own-mapping")
    return None if file is None else bytes(file.read(MAX_MAPPING + 1))


def _sent_file(name: str) -> FileStorage | None:
    file = request.files.get(name)
    return file if file is not None and file.filename else None


def _study(slug: str, errors: dict[str, str], status: int = 0) -> Response:
    review = services().custodian.approvals.review(words(), slug)
    is_open = review.proposal.state == PROPOSED
    return render_form(
        "custodian/study.html",
        title=words()("may-study-title") if is_open else review.proposal.title,
        status=status,
        errors=errors,
        review=review,
        study=review.proposal,
        deletion_days=DELETION_DAYS,
    )
