"""What is held about a patient: the list, one record at a time, and a copy of all of it."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from services.patient.held import everything, observed
from services.requests.wording import format_day
from web.pages.page import Visit


def records(visit: Visit) -> Response:
    """What do you hold?"""
    words, asking = visit.words, visit.platform.asking
    by_kind: dict[str, list[Any]] = {}
    for entry in visit.platform.store.records_of(visit.subject):
        kind = words(f"category-{entry.category}")
        keeper = asking.party_name(entry.custodian)
        row = (entry.record_id.hex(), format_day(words, entry.recorded_on), keeper)
        by_kind.setdefault(kind, []).append(row)
    keeper = asking.party_name(visit.platform.organisation)
    title = words("records-title")
    return visit.show("patient/records.html", title=title, by_kind=by_kind, keeper=keeper)


def record(visit: Visit) -> Response:
    """One record, opened for the patient; the history has it."""
    words = visit.words
    found = visit.platform.store.vault.open_own(visit.subject, visit.names["id"])
    return visit.show(
        "patient/record.html",
        title=words("record-title", kind=words(f"category-{found.category}")),
        added=words(
            "record-added",
            custodian=visit.platform.asking.party_name(found.custodian),
            date=format_day(words, found.recorded_on),
        ),
        rows=observed(visit, found),
    )


def download(visit: Visit) -> Response:
    """May I have all of it?"""
    return visit.show("patient/download.html", title=visit.words("download-title"))


def make_download(visit: Visit) -> Response:
    """Return one file with a patient's records, permissions and history."""
    headers = {"Content-Disposition": 'attachment; filename="my-records.json"'}
    body = orjson.dumps(everything(visit), option=orjson.OPT_INDENT_2)
    return Response(body, 200, headers, content_type="application/json")
