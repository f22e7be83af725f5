"""What is held about a patient: the list, one record at a time, and a copy of all of it."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from storage import Record
from web.asking.wording import day_of
from web.pages.page import Visit
from web.pages.patient.lines import shown
from web.pages.patient.permissions import shown_terms
from web.pages.patient.standing import standings

AT_ONCE = 500


def records(visit: Visit) -> Response:
    """What do you hold?"""
    words, asking = visit.words, visit.platform.asking
    by_kind: dict[str, list[Any]] = {}
    for entry in visit.platform.safe.records_of(visit.subject):
        kind = words(f"category-{entry.category}")
        keeper = asking.party_name(entry.custodian)
        row = (entry.record_id.hex(), day_of(words, entry.recorded_on), keeper)
        by_kind.setdefault(kind, []).append(row)
    keeper = asking.party_name(visit.platform.organisation)
    title = words("records-title")
    return visit.show("patient/records.html", title=title, by_kind=by_kind, keeper=keeper)


def record(visit: Visit) -> Response:
    """One record, opened for the patient; the history has it."""
    words = visit.words
    found = visit.platform.safe.vault.open_own(visit.subject, visit.names["id"])
    return visit.show(
        "patient/record.html",
        title=words("record-title", kind=words(f"category-{found.category}")),
        added=words(
            "record-added",
            custodian=visit.platform.asking.party_name(found.custodian),
            date=day_of(words, found.recorded_on),
        ),
        rows=observed(visit, found),
    )


def observed(visit: Visit, found: Record) -> list[tuple[str, str]]:
    """Return (what, value with unit) of a record, in the words of the questions that know them."""
    known = _known(visit)
    rows = []
    for code, (value, unit) in found.observations.items():
        said = (
            visit.words("frame-yes" if value else "frame-no")
            if value is True or value is False
            else value
        )
        if isinstance(said, float | int):
            said = visit.words.number(said, 0 if said == int(said) else 1)
        rows.append((known.get(code, code.rpartition("|")[2]), f"{said} {unit}".strip()))
    return rows


def download(visit: Visit) -> Response:
    """May I have all of it?"""
    return visit.show("patient/download.html", title=visit.words("download-title"))


def make_download(visit: Visit) -> Response:
    """Return one file with a patient's records, permissions and history."""
    safe = visit.platform.safe
    held = [
        safe.vault.open_own(visit.subject, entry.record_id.hex())
        for entry in safe.records_of(visit.subject)[:AT_ONCE]
    ]
    lines, _ = visit.platform.asking.history.lines(visit.subject)
    told = {
        "records": [_plain(one) for one in held],
        "permissions": [
            {"state": one.kind, "terms": shown_terms(one.terms) if one.terms else None}
            for one in standings(visit)[0]
        ],
        "history": [
            {"day": one.day, "time": one.time, "line": one.text, "number": one.seq}
            for one in (shown(visit, line) for line in lines)
        ],
    }
    headers = {"Content-Disposition": 'attachment; filename="my-records.json"'}
    body = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    return Response(body, 200, headers, content_type="application/json")


def _plain(found: Record) -> dict[str, Any]:
    return {
        "id": found.record_id,
        "kind": found.category,
        "date": found.recorded_on,
        "custodian": found.custodian,
        "values": {code: list(value) for code, value in found.observations.items()},
    }


def _known(visit: Visit) -> dict[str, str]:
    found: dict[str, str] = {}
    for question in visit.platform.diagnostics.questions():
        found |= {feature.code: feature.words for feature in question.features}
        found[question.label.code] = question.label.words
    return found
