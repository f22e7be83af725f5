"""Takes a file, shows what is in it before anything is stored, and what went in after."""

from __future__ import annotations

import csv
import io
from pathlib import PurePath
from typing import Final

from flask import Response

from services.custodian import deposits
from services.custodian.remedies import remedy
from services.custodian.uploads import (
    CHECKED,
    CHECKING,
    LEAVE,
    MOST_BYTES,
    NONE,
    STORED,
    STORING,
    Sent,
    Upload,
)
from services.errors import NotFound
from services.jobs.queue import Job
from web.pages.page import Visit

OWN: Final = "own"
SHOWN: Final = 50
MOST_MAPPING: Final = 256 * 2**10
SLOW_S: Final = 10
MEGA: Final = 10**6
_UNPROCESSABLE: Final = 422
_MOST_NAME: Final = 120


def ask(visit: Visit) -> Response:
    """Is this file good?"""
    return _form(visit, {}, 200)


def take(visit: Visit) -> Response:
    """Keep the file, have it checked, and go to its report."""
    _require_custodian(visit)
    errors = _missing(visit)
    if errors:
        return _form(visit, errors, _UNPROCESSABLE)
    try:
        body = visit.files["file"].read(MOST_BYTES + 1)
        kind = deposits.kind_of(body)
        mapping = _mapping(visit) if kind == deposits.TABLE else ""
        name = PurePath(visit.files["file"].filename or "").name[:_MOST_NAME]
        on_bad = visit.form["bad"]
        sent = Sent(visit.me.party, visit.me.id, name, kind, mapping, on_bad)
        upload = deposits.take(visit.platform, sent, body)
    except deposits.NotThisFile as exc:
        field = "mapping" if exc.word.startswith("deposit-mapping") else "file"
        return _form(visit, {field: _said(visit, exc)}, _UNPROCESSABLE)
    again = "?again=yes" if upload.state == STORED else ""
    return visit.go(f"/custodian/deposits/{upload.id}{again}")


def show(visit: Visit) -> Response:
    """What is in the file, or what went in?"""
    upload = _require(visit)
    job = visit.platform.jobs.find(upload.job) if upload.job else None
    is_working = upload.state in (CHECKING, STORING) and not deposits.is_stuck(
        visit.platform, upload
    )
    if visit.is_fragment and not is_working:
        return Response(b"", 204, {"HX-Refresh": "true"})
    before = upload.state in (CHECKING, CHECKED)
    return visit.show(
        "custodian/deposit_progress.html" if visit.is_fragment else "custodian/deposit.html",
        title=visit.words("deposit-report-title" if before else "deposit-went-title"),
        upload=upload,
        report=upload.report,
        job=job,
        is_working=is_working,
        may_store=deposits.may_store(upload),
        is_again=visit.query.get("again") == "yes" and upload.state == STORED,
        bad=[
            (fault.row, fault.column, fault.problem, remedy(visit.words, fault.code))
            for fault in upload.faults()[:SHOWN]
        ],
        slow=_is_slow(visit, job),
    )


def answer(visit: Visit) -> Response:
    """Store the good rows, or nothing; pressed twice, it is done once."""
    upload = _require(visit)
    wish = visit.form.get("wish", "")
    if wish == "nothing":
        deposits.drop(visit.platform, upload)
    elif wish == "store" and upload.state in (CHECKED, STORING):
        deposits.begin_store(visit.platform, upload)
    return visit.go(f"/custodian/deposits/{upload.id}")


def report(visit: Visit) -> Response:
    """The bad rows as a CSV file: row, column, problem, what to do; no cell."""
    upload = _require(visit)
    if not upload.report:
        raise NotFound
    text = io.StringIO()
    lines = csv.writer(text)
    names = ("deposit-row", "deposit-column", "deposit-problem", "deposit-cure")
    lines.writerow([visit.words(name) for name in names])
    for fault in upload.faults():
        column = fault.column
        # A column's name is whoever's who wrote the file: no spreadsheet may take it for a formula.
        cell = f"'{column}" if column[:1] in ("=", "+", "-", "@", "\t") else column
        what_to_do = remedy(visit.words, fault.code)
        lines.writerow([fault.row, cell, fault.problem, what_to_do])
    headers = {"Content-Disposition": f'attachment; filename="report-{upload.id}.csv"'}
    return Response(text.getvalue(), 200, headers, content_type="text/csv; charset=utf-8")


def _form(visit: Visit, errors: dict[str, str], status: int) -> Response:
    names = sorted(deposits.mappings(visit.platform))
    return visit.show(
        "custodian/deposit_new.html",
        title=visit.words("deposit-title"),
        status=status,
        errors=errors,
        values=visit.form,
        mappings=names,
        most=visit.words.number(MOST_BYTES / MEGA),
        uploads=deposits.uploads(visit.platform).of_party(visit.me.party)[:10],
    )


def _missing(visit: Visit) -> dict[str, str]:
    errors = {}
    sent = visit.files.get("file")
    if sent is None or not sent.filename:
        errors["file"] = visit.words("deposit-file-error")
    if visit.form.get("bad") not in (LEAVE, NONE):
        errors["bad"] = visit.words("deposit-bad-error")
    return errors


def _mapping(visit: Visit) -> str:
    """Return the TOML text of the chosen mapping, or of the one that was sent."""
    chosen = visit.form.get("mapping", "")
    own = visit.files.get("own-mapping")
    if chosen == OWN and own is not None and own.filename:
        try:
            text: str = own.read(MOST_MAPPING).decode()
            return text
        except UnicodeDecodeError as exc:
            raise deposits.NotThisFile("deposit-mapping-error", {}) from exc
    return deposits.mapping_text(visit.platform, chosen)


def _said(visit: Visit, wrong: deposits.NotThisFile) -> str:
    if wrong.word == "deposit-wrong-size":
        sizes = {name: _size(visit, number) for name, number in wrong.values.items()}
        return visit.words(wrong.word, **sizes)
    return visit.words(wrong.word, **wrong.values)


def _size(visit: Visit, size: int) -> str:
    return visit.words("size-mb", size=visit.words.number(size / MEGA, 1))


def _is_slow(visit: Visit, job: Job | None) -> bool:
    return job is not None and visit.platform.clock() - job.requested_at_s > SLOW_S


def _require(visit: Visit) -> Upload:
    return deposits.require_own(visit.platform, visit.me.party, visit.names["upload"])


def _require_custodian(visit: Visit) -> None:
    if visit.me.party != visit.platform.organisation:
        raise NotFound
