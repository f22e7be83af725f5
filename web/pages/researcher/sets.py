"""Training sets: what one gets with which duties, the download, and who left since."""

from __future__ import annotations

from flask import Response

from models import AGREEMENT, ModelsInvalid
from services.researcher import copies
from services.researcher.own import slug
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import told


def training_set(visit: Visit, wrong: dict[str, str] | None = None) -> Response:
    """What do I get, with which duties?"""
    researcher = mine.researcher(visit)
    one = copies.require_copy(researcher, visit.names["slug"])
    return visit.show(
        "researcher/set.html",
        title=visit.words("set-title"),
        one=one,
        slug=slug(one),
        people=told(visit, copies.people_of(researcher, one)),
        question=visit.platform.diagnostics.question(one.question),
        agreement=AGREEMENT,
        ends=visit.words.day(copies.ends_at_s(researcher, one)),
        party=visit.platform.asking.party_name(visit.me.party),
        taken=visit.platform.asking.copies.list_by_study(one.study),
        errors=wrong or {},
        values=visit.form,
        status=422 if wrong else 200,
    )


def download(visit: Visit) -> Response:
    """Make the set of those who permit a copy now; it is written down before it leaves."""
    researcher = mine.researcher(visit)
    one = copies.require_copy(researcher, visit.names["slug"])
    if visit.form.get("agree") != "yes":
        return training_set(visit, {"agree": visit.words("set-agree-error")})
    try:
        made = copies.take(researcher, one)
    except ModelsInvalid as exc:
        said = f"{str(exc)[:1].upper()}{str(exc)[1:]}."
        return training_set(visit, {"agree": said})
    headers = {"Content-Disposition": f'attachment; filename="{slug(one)}.zip"'}
    return Response(made.content, 200, headers, content_type="application/zip")


def notices(visit: Visit) -> Response:
    """Who left, and what must I do? By batch, never by person."""
    found, touched = copies.notices(mine.researcher(visit))
    rows = [(one.study, one.taken, told(visit, one.gone), one.is_due) for one in found]
    title = visit.words("notices-title")
    return visit.show("researcher/notices.html", title=title, rows=rows, touched=touched)


def confirm(visit: Visit) -> Response:
    """Write down that a copy is deleted; the patients in it are told that this was said."""
    copies.confirm(mine.researcher(visit), visit.form.get("set", ""))
    return visit.go("/researcher/notices")
