"""Studies: where they stand, registering one, and sending its request to eligible patients."""

from __future__ import annotations

import datetime
import re

from flask import Response

from consent import CATEGORIES
from models import BadlyAsked
from web import errors
from web.asking import ACCEPTED, APPROVED, Proposal, Wanted
from web.asking.wording import day_of
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import MOST_TEXT, steadily

DAY_S = 86_400
DAYS = (365, 730, 1825)
TEXTS = ("title", "condition", "board", "protocol", "contact")


def start(visit: Visit) -> Response:
    """Where do my studies stand?"""
    rows = []
    for one in mine.studies(visit):
        counts = visit.platform.asking.requests.counts(one.study)
        models = [found for found in mine.models_of(visit, one.study) if found.state == "active"]
        asked = steadily(visit, f"{one.study} asked", sum(counts.values()))
        said_yes = steadily(visit, f"{one.study} yes", counts[ACCEPTED])
        rows.append((one, mine.slug(one), asked, said_yes, len(models)))
    return visit.show("researcher/start.html", title=visit.words("researcher-title"), rows=rows)


def questions(visit: Visit) -> Response:
    """What can be asked?"""
    found = visit.platform.diagnostics.questions()
    title = visit.words("menu-questions")
    return visit.show("researcher/questions.html", title=title, found=found)


def question(visit: Visit) -> Response:
    """Are there enough people? The number is frozen for a week, the same for everyone."""
    known = {one.id: one for one in visit.platform.diagnostics.questions()}
    found = known.get(visit.names["id"])
    if found is None:
        raise errors.NotFound
    asking, needed = visit.platform.asking, (*found.required, found.label.category)
    feasible = asking.feasibility.of(found.id, lambda: len(asking.eligible(needed)))
    return visit.show(
        "researcher/question.html",
        title=visit.words("question-title"),
        question=found,
        feasible=feasible,
        count=visit.words.number(feasible.count),
        day=day_of(visit.words, feasible.day),
        next_day=day_of(visit.words, feasible.next_day),
    )


def new(visit: Visit, wrong: dict[str, str] | None = None) -> Response:
    """Register a study; the custodian answers."""
    known = visit.platform.diagnostics.questions()
    return visit.show(
        "researcher/new.html",
        title=visit.words("researcher-register"),
        questions=[("", visit.words("ask-choose")), *((one.id, one.title) for one in known)],
        days=[("", visit.words("ask-choose")), *((str(one), f"{one} days") for one in DAYS)],
        errors=wrong or {},
        values=visit.form or visit.query,
        status=422 if wrong else 200,
    )


def register(visit: Visit) -> Response:
    """Keep the proposal, or say what is missing."""
    form = visit.form
    known = {one.id: one for one in visit.platform.diagnostics.questions()}
    texts = {name: form.get(name, "").strip()[:MOST_TEXT] for name in TEXTS}
    wrong = {
        name: visit.words("error-needed", what=visit.words(f"study-{name}-what"))
        for name in TEXTS
        if not texts[name] or (name != "protocol" and not texts[name].isprintable())
    }
    found, days = known.get(form.get("question", "")), form.get("days", "")
    if found is None:
        wrong["question"] = visit.words("error-choose", what=visit.words("study-question-what"))
    if days not in {str(one) for one in DAYS}:
        wrong["days"] = visit.words("error-choose", what=visit.words("ask-end-what"))
    until_s = _end_of(visit)
    if until_s is None or until_s <= visit.platform.clock():
        wrong["end"] = visit.words("error-day-past")
    if wrong or found is None or until_s is None:
        return new(visit, wrong)
    used = {one.category for one in found.features} | {found.label.category}
    proposal = Proposal(
        study=f"study:{_slug(texts['title'])}",
        owner=visit.me.party,
        question=found.id,
        purpose="MLTRAINING",
        categories=tuple(code for code in CATEGORIES if code in used),
        data_from="",
        data_to="",
        days=int(days),
        until_s=until_s,
        wants_copy=form.get("copy") == "yes",
        title=texts["title"],
        condition=texts["condition"],
        board=texts["board"],
        protocol=texts["protocol"],
        contact=texts["contact"],
    )
    try:
        kept = visit.platform.asking.proposals.register(proposal)
    except BadlyAsked:
        return new(visit, {"title": visit.words("study-title-taken")})
    return visit.go(f"/researcher/studies/{mine.slug(kept)}")


def study(visit: Visit) -> Response:
    """What is approved?"""
    one = mine.study(visit)
    counts = visit.platform.asking.requests.counts(one.study)
    return visit.show(
        "researcher/study.html",
        title=visit.words("study-title"),
        one=one,
        slug=mine.slug(one),
        question=visit.platform.diagnostics.question(one.question),
        asked=steadily(visit, f"{one.study} asked", sum(counts.values())),
        models=mine.models_of(visit, one.study),
        is_over=one.until_s <= visit.platform.clock(),
        keeper=visit.platform.asking.party_name(visit.platform.organisation),
        sent=visit.query.get("sent", ""),
    )


def send(visit: Visit) -> Response:
    """Ask everybody who is eligible and has not been asked; twice pressed asks nobody twice."""
    one = mine.study(visit)
    if one.state != APPROVED or one.until_s <= visit.platform.clock():
        raise errors.NotFound
    asking = visit.platform.asking
    found = visit.platform.diagnostics.question(one.question)
    wanted = Wanted(
        party=one.study,
        kind="study",
        purposes=(one.purpose,),
        categories=one.categories,
        data_from=one.data_from,
        data_to=one.data_to,
        days=one.days,
        condition=one.condition,
        wants_copy=one.wants_copy,
    )
    permits = visit.platform.safe.permitted(one.study, one.purpose)
    people = asking.eligible((*found.required, found.label.category))
    asking.requests.send(wanted, [who for who in people if who not in permits], visit.me.id)
    return visit.go(f"/researcher/studies/{mine.slug(one)}?sent=yes")


def _slug(title: str) -> str:
    found = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return found[:60] or "study"


def _end_of(visit: Visit) -> int | None:
    pieces = [visit.form.get(f"end-{one}", "").strip() for one in ("year", "month", "day")]
    try:
        day = datetime.date(*(int(piece) for piece in pieces))
    except ValueError:
        return None
    start = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
    return int(start.timestamp()) + DAY_S - 1
