"""A patient's history: every use and every refusal, newest first, each with its proof."""

from __future__ import annotations

from itertools import groupby

import orjson
from flask import Response

from services.errors import NotFound
from services.patient import held
from services.patient.lines import Shown, shown
from services.requests.history import HistoryEntry
from web.pages.page import Visit

_MOST_DIGITS = 15
ANCHOR_S = 60
"""The worker puts the journal's fingerprint into the register so often."""


def history(visit: Visit) -> Response:
    """Who used my records? Filters stand in the address."""
    asking, words = visit.platform.asking, visit.words
    before = visit.query.get("before", "")
    is_row = before.isascii() and before.isdecimal() and len(before) <= _MOST_DIGITS
    lines, older = asking.history.list_entries(visit.subject, int(before) if is_row else None)
    who, what = visit.query.get("who", ""), visit.query.get("what", "")
    kept = [one for one in lines if _fits(one, who, what, visit.query.get("refused") == "yes")]
    told = [shown(visit, one) for one in kept]
    days: list[tuple[str, list[Shown]]] = [
        (day, list(found)) for day, found in groupby(told, key=lambda one: one.day)
    ]
    parties = sorted({one.party for one in lines})
    kinds = sorted({kind for one in lines for kind in one.categories})
    return visit.show(
        "patient/history.html",
        title=words("journal-title"),
        days=days,
        older=older,
        parties=[("", words("journal-all")), *((one, asking.party_name(one)) for one in parties)],
        kinds=[("", words("journal-all")), *((one, words(f"category-{one}")) for one in kinds)],
        is_filtered=len(kept) != len(lines),
        values=visit.query,
        errors={},
    )


def proof(visit: Visit) -> Response:
    """Can I check this line? The browser does; without script there is the proof as a file."""
    seq = held.own_seq(visit, visit.names["seq"])
    line, found = _line(visit, seq), visit.platform.store.prove(seq)
    row = visit.platform.store.journal.of_subject(visit.subject, 1, seq + 1)[0]
    return visit.show(
        "patient/proof.html",
        title=visit.words("proof-title"),
        line=shown(visit, line) if line else None,
        proof=found,
        hash=row.hash.hex(),
        seq=row.seq,
        contact=visit.platform.asking.party_name(visit.platform.organisation),
        soon=visit.words.time(visit.platform.clock() + ANCHOR_S),
    )


def download_proof(visit: Visit) -> Response:
    """The proof as a file, with the line's hash."""
    seq = held.own_seq(visit, visit.names["seq"])
    found = held.proof(visit, seq)
    if found is None:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="proof-{seq}.json"'}
    body = orjson.dumps(found, option=orjson.OPT_INDENT_2)
    return Response(body, 200, headers, content_type="application/json")


def _line(visit: Visit, seq: int) -> HistoryEntry | None:
    lines, _ = visit.platform.asking.history.list_entries(visit.subject, seq + 1)
    return next((one for one in lines if one.seq == seq), None)


def _fits(line: HistoryEntry, who: str, what: str, refused: bool) -> bool:
    if who and line.party != who:
        return False
    if what and what not in line.categories:
        return False
    return line.is_refusal or not refused
