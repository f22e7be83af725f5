"""A request: what they want, the answer, and if it is yes but less, how much less."""

from __future__ import annotations

import datetime

from flask import Response

from services.patient.asked import allow_all, allow_less, blocks, chosen_of, refuse, told
from services.requests import DECLINED, LAPSED, WAITING, ConsentRequest
from services.requests.choices import Choice, ChoiceInvalid, latest_end
from services.requests.wording import format_day
from web.pages.page import Visit


def request_(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    """What do they want?"""
    one = _require(visit)
    if one.state != WAITING:
        return over(visit, one)
    party = visit.platform.asking.party_name(one.details.party)
    return visit.show(
        "patient/request.html",
        title=visit.words("request-title", study=party),
        one=one,
        told=told(visit, one),
        blocks=blocks(one),
        errors=errors or {},
        values={"answer": visit.platform.asking.requests.load_draft(one).get("answer", "")},
    )


def answer(visit: Visit) -> Response:
    """Take the answer: yes goes on, less goes to what, no is written down."""
    one = _require(visit)
    if one.state != WAITING:
        return over(visit, one)
    said = visit.form.get("answer", "")
    requests, path = visit.platform.asking.requests, f"/patient/requests/{one.id}"
    if said == "yes":
        allow_all(visit, one)
        return visit.go(f"{path}/understand")
    if said == "less":
        requests.save_draft(one, requests.load_draft(one) | {"answer": said})
        return visit.go(f"{path}/limits")
    if said == "no":
        refuse(visit, one)
        return visit.go(path)
    return request_(visit, {"answer": visit.words("request-error")})


def limits(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    """What may they use? Nothing is ticked that nobody ticked."""
    one = _require(visit)
    if one.state != WAITING:
        return over(visit, one)
    kept = chosen_of(visit, one)
    values = visit.form if errors else _values(kept) if kept else {}
    latest = latest_end(one.details, visit.platform.clock())
    return visit.show(
        "patient/limits.html",
        title=visit.words("limits-title"),
        one=one,
        told=told(visit, one),
        latest=format_day(visit.words, latest),
        records=_records(visit, one),
        errors=errors or {},
        values=values,
    )


def keep_limits(visit: Visit) -> Response:
    """Keep what was chosen, or say what is missing."""
    one = _require(visit)
    if one.state != WAITING:
        return over(visit, one)
    now_s, form = visit.platform.clock(), visit.form
    latest = latest_end(one.details, now_s)
    days = {name: _day(visit, name) for name in ("from", "to", "end")}
    errors = {name: "error-day" for name, day in days.items() if day is None}
    chosen = Choice(
        tuple(form.getlist("purposes")),
        tuple(form.getlist("categories")),
        days["from"] or "",
        days["to"] or "",
        days["end"] or latest,
        form.get("copy") == "yes",
        tuple(form.getlist("left_out")),
    )
    try:
        allow_less(visit, one, chosen, errors)
    except ChoiceInvalid as exc:
        said = {"date": format_day(visit.words, latest)}
        return limits(visit, {name: visit.words(word, **said) for name, word in exc.errors.items()})
    return visit.go(f"/patient/requests/{one.id}/understand")


def understand(visit: Visit) -> Response:
    """Did we explain it well? Two questions, explained at once; never kept, never a gate."""
    one = _require(visit)
    if one.state != WAITING:
        return over(visit, one)
    return visit.show(
        "patient/understand.html",
        title=visit.words("understand-title"),
        one=one,
        told=told(visit, one),
        said={name: visit.form.get(name, "") for name in ("ask-1", "ask-2")},
        values=visit.form,
        errors={},
    )


def understood(visit: Visit) -> Response:
    """Explain the answers given; the same page, with a word to each."""
    return understand(visit)


def over(visit: Visit, one: ConsentRequest) -> Response:
    """Say what became of a request that waits no more."""
    if one.state not in (DECLINED, LAPSED):
        return visit.go(
            f"/patient/consents/{one.consent_id.hex()}" if one.consent_id else "/patient"
        )
    word = "declined" if one.state == DECLINED else "lapsed"
    party = visit.platform.asking.party_name(one.details.party)
    said = visit.words(word, study=party, date=visit.words.day(one.lapses_at_s))
    return visit.show("patient/over.html", title=visit.words(f"{word}-title"), said=said)


def _require(visit: Visit) -> ConsentRequest:
    return visit.platform.asking.requests.get(visit.subject, visit.names["id"])


def _records(visit: Visit, one: ConsentRequest) -> list[tuple[str, str]]:
    """Return (record id, what it is in words) of the records that are asked for."""
    found = []
    for entry in visit.platform.store.records_of(visit.subject):
        if entry.category in one.details.categories:
            kind = visit.words(f"category-{entry.category}")
            found.append(
                (entry.record_id.hex(), f"{kind}, {format_day(visit.words, entry.recorded_on)}")
            )
    return found


def _values(choice: Choice) -> dict[str, object]:
    values: dict[str, object] = {
        "purposes": choice.purposes,
        "categories": choice.categories,
        "left_out": choice.left_out,
        "copy": "yes" if choice.may_copy else "",
    }
    for name, iso in (("from", choice.data_from), ("to", choice.data_to), ("end", choice.ends_on)):
        if iso:
            year, month, day = iso.split("-")
            pieces = {"-day": day, "-month": month, "-year": year}
            values |= {name + piece: value for piece, value in pieces.items()}
    return values


def _day(visit: Visit, name: str) -> str | None:
    """Return the ISO date of three fields, "" if all are empty, None if it is no day."""
    pieces = [visit.form.get(f"{name}-{piece}", "").strip() for piece in ("year", "month", "day")]
    if not any(pieces):
        return ""
    try:
        return datetime.date(*(int(piece) for piece in pieces)).isoformat()
    except ValueError:
        return None
