"""Training sets: what one gets with which duties, the download, and who left since."""

from __future__ import annotations

import datetime

from flask import Response

from models import AGREEMENT, BadlyAsked, ReleaseAsked
from web import errors
from web.asking import APPROVED, Proposal
from web.asking.sets import Leaving, Taken
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import steadily

DAY_S = 86_400
MOST_DAYS = 365
PURPOSE = "HRESCH"


def training_set(visit: Visit, wrong: dict[str, str] | None = None) -> Response:
    """What do I get, with which duties?"""
    one = _study(visit)
    permitted = visit.platform.safe.permitted(one.study, PURPOSE)
    taken = visit.platform.asking.sets.of_study(one.study)
    return visit.show(
        "researcher/set.html",
        title=visit.words("set-title"),
        one=one,
        slug=mine.slug(one),
        people=steadily(visit, f"{one.study} copies", len(permitted)),
        question=visit.platform.diagnostics.question(one.question),
        agreement=AGREEMENT,
        ends=visit.words.day(_ends_at_s(visit, one)),
        party=visit.platform.asking.party_name(visit.me.party),
        taken=taken,
        errors=wrong or {},
        values=visit.form,
        status=422 if wrong else 200,
    )


def download(visit: Visit) -> Response:
    """Make the set of those who permit a copy now; it is written down before it leaves."""
    one, sets = _study(visit), visit.platform.asking.sets
    if visit.form.get("agree") != "yes":
        return training_set(visit, {"agree": visit.words("set-agree-error")})
    ends_at_s, release = _ends_at_s(visit, one), sets.release_of(one.study)
    ends_on = datetime.datetime.fromtimestamp(ends_at_s, datetime.UTC).date().isoformat()
    before = tuple({name for old in sets.of_study(one.study) for name in old.names})
    asked = ReleaseAsked(one.study, release, ends_on, f"researcher:{visit.me.id}", before)
    try:
        made = visit.platform.diagnostics.release(one.question, asked)
    except BadlyAsked as exc:
        said = f"{str(exc)[:1].upper()}{str(exc)[1:]}."
        return training_set(visit, {"agree": said})
    sets.keep(Leaving(one.study, release, visit.me.id, ends_at_s), made.names)
    name = f'attachment; filename="{mine.slug(one)}.zip"'
    return Response(
        made.content, 200, {"Content-Disposition": name}, content_type="application/zip"
    )


def notices(visit: Visit) -> Response:
    """Who left, and what must I do? By batch, never by person."""
    rows, touched = [], []
    for one in mine.studies(visit):
        for taken in visit.platform.asking.sets.of_study(one.study):
            gone = _gone(visit, one, taken)
            is_due = taken.deleted_at_s is None and (
                gone or taken.ends_at_s <= visit.platform.clock()
            )
            said = steadily(visit, f"{taken.id} gone", gone)
            rows.append((one, taken, said, bool(is_due)))
        touched += [
            found for found in mine.models_of(visit, one.study) if found.state == "affected"
        ]
    title = visit.words("notices-title")
    return visit.show("researcher/notices.html", title=title, rows=rows, touched=touched)


def confirm(visit: Visit) -> Response:
    """Write down that a copy is deleted; the patients in it are told that this was said."""
    for one in mine.studies(visit):
        if visit.platform.asking.sets.confirm(one.study, visit.form.get("set", "")):
            break
    return visit.go("/researcher/notices")


def _study(visit: Visit) -> Proposal:
    one = mine.study(visit)
    if one.state != APPROVED or not one.wants_copy:
        raise errors.NotFound
    return one


def _ends_at_s(visit: Visit, one: Proposal) -> int:
    return min(one.until_s, int(visit.platform.clock()) + MOST_DAYS * DAY_S)


def _gone(visit: Visit, one: Proposal, taken: Taken) -> int:
    """Return how many people of a copy permit it no more."""
    permitted = visit.platform.safe.permitted(one.study, PURPOSE)
    name = visit.platform.safe.pseudonyms(f"release {one.study} {taken.release}")
    still = {name(subject).hex()[:32] for subject in permitted}
    return len(set(taken.names) - still)
