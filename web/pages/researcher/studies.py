"""Studies: where they stand, registering one, and sending its request to eligible patients."""

from __future__ import annotations

import datetime

from flask import Response

from services.requests.wording import format_day
from services.researcher.own import slug
from services.researcher.proposing import DAYS, TEXTS, ProposalInvalid, Said
from services.researcher.proposing import register as keep
from services.researcher.standing import asked_and_agreed, feasible
from services.researcher.standing import send as send_request
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import told


def start(visit: Visit) -> Response:
    """Where do my studies stand?"""
    researcher, rows = mine.researcher(visit), []
    for one in researcher.studies():
        asked, said_yes = asked_and_agreed(researcher, one)
        models = sum(found.state == "active" for found in researcher.models([one]))
        rows.append((one, slug(one), told(visit, asked), told(visit, said_yes), models))
    return visit.show("researcher/start.html", title=visit.words("researcher-title"), rows=rows)


def questions(visit: Visit) -> Response:
    """What can be asked?"""
    found = visit.platform.diagnostics.questions()
    title = visit.words("menu-questions")
    return visit.show("researcher/questions.html", title=title, found=found)


def question(visit: Visit) -> Response:
    """Are there enough people? The number is frozen for a week, the same for everyone."""
    found, people = feasible(mine.researcher(visit), visit.names["id"])
    return visit.show(
        "researcher/question.html",
        title=visit.words("question-title"),
        question=found,
        feasible=people,
        count=visit.words.number(people.count),
        day=format_day(visit.words, people.day),
        next_day=format_day(visit.words, people.next_day),
    )


def new(visit: Visit, wrong: dict[str, str] | None = None) -> Response:
    """Register a study; the custodian answers."""
    known, choose = visit.platform.diagnostics.questions(), ("", visit.words("ask-choose"))
    return visit.show(
        "researcher/new.html",
        title=visit.words("researcher-register"),
        questions=[choose, *((one.id, one.title) for one in known)],
        days=[choose, *((str(one), visit.words("days-of", days=one)) for one in DAYS)],
        errors=wrong or {},
        values=visit.form or visit.query,
        status=422 if wrong else 200,
    )


def register(visit: Visit) -> Response:
    """Keep the proposal, or say what is missing."""
    form = visit.form
    said = Said(
        texts={name: form.get(name, "") for name in TEXTS},
        question=form.get("question", ""),
        days={str(one): one for one in DAYS}.get(form.get("days", ""), 0),
        ends_on=_end_of(visit),
        wants_copy=form.get("copy") == "yes",
    )
    try:
        kept = keep(mine.researcher(visit), said)
    except ProposalInvalid as exc:
        return new(visit, exc.errors)
    return visit.go(f"/researcher/studies/{slug(kept)}")


def study(visit: Visit) -> Response:
    """What is approved?"""
    one, researcher = mine.study(visit), mine.researcher(visit)
    return visit.show(
        "researcher/study.html",
        title=visit.words("study-title"),
        one=one,
        slug=slug(one),
        question=visit.platform.diagnostics.question(one.question),
        asked=told(visit, asked_and_agreed(researcher, one)[0]),
        models=researcher.models([one]),
        is_over=one.until_s <= visit.platform.clock(),
        keeper=visit.platform.asking.party_name(visit.platform.organisation),
        sent=visit.query.get("sent", ""),
    )


def send(visit: Visit) -> Response:
    """Ask everybody who is eligible and has not been asked; twice pressed asks nobody twice."""
    one = mine.study(visit)
    send_request(mine.researcher(visit), one)
    return visit.go(f"/researcher/studies/{slug(one)}?sent=yes")


def _end_of(visit: Visit) -> datetime.date | None:
    pieces = [visit.form.get(f"end-{one}", "").strip() for one in ("year", "month", "day")]
    try:
        return datetime.date(*(int(piece) for piece in pieces))
    except (ValueError, OverflowError):
        return None
