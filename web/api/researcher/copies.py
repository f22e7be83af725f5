"""Training sets as files and JSON: the duties, the copy itself, and whose rows must go."""

from __future__ import annotations

from typing import Any

from flask import Response

from models import AGREEMENT, suppress
from services.errors import NotFound
from services.requests.copies import ReleasedCopy
from services.researcher import copies
from services.researcher.copies import Notice
from services.researcher.own import slug
from web.api.researcher.studies import researcher
from web.api.route import Call


def get_set(call: Call) -> dict[str, Any]:
    """What one gets with which duties, and the copies that were taken so far."""
    asker = researcher(call)
    one = copies.require_copy(asker, call.names["study"])
    question = call.platform.diagnostics.question(one.question)
    return {
        "study": one.study,
        "people": suppress(copies.people_of(asker, one)),
        "columns": ["name", *(feature.code for feature in question.features), "label"],
        "agreement": AGREEMENT,
        "ends_at_s": copies.ends_at_s(asker, one),
        "taken": [_shown(taken) for taken in call.platform.asking.copies.list_by_study(one.study)],
    }


def post_set(call: Call) -> Response:
    """Accept the duties and get the copy: a ZIP of data.parquet, its manifest and dictionary."""
    asker = researcher(call)
    one = copies.require_copy(asker, call.names["study"])
    made = copies.take(asker, one)
    headers = {"Content-Disposition": f'attachment; filename="{slug(one)}.zip"'}
    return Response(made.content, 200, headers, content_type="application/zip")


def get_notices(call: Call) -> dict[str, Any]:
    """Which copies must go or lost people, and which models withdrawals touched."""
    found, touched = copies.notices(researcher(call))
    return {
        "copies": [_notice(one) for one in found],
        "models": [{"model": one.id, "affected_at_s": one.affected_at_s} for one in touched],
    }


def post_deletion(call: Call) -> dict[str, Any]:
    """Say that a copy is deleted, which its patients are told; the notices that are left."""
    if not copies.confirm(researcher(call), call.names["set"]):
        raise NotFound
    return get_notices(call)


def _notice(one: Notice) -> dict[str, Any]:
    return _shown(one.taken) | {
        "study": one.study.study,
        "left": suppress(one.gone),
        "is_due": one.is_due,
    }


def _shown(taken: ReleasedCopy) -> dict[str, Any]:
    names = ("at_s", "ends_at_s", "rows", "deleted_at_s")
    return {"set": taken.id} | {name: getattr(taken, name) for name in names}
