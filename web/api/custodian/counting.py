"""The custodian's API for the decision whether researchers may have people counted."""

from __future__ import annotations

from flask import Blueprint

from services.requests.counting_rules import CountingRule
from services.tokens import CUSTODIAN
from web.api.custodian.schemas import CountingBody, CountingSchema
from web.api.resources import accepts, returns
from web.current import current_caller, services
from web.view_options import requires_role

bp = Blueprint("counting", __name__)
"""Registered below the routes of the organisation that operates this installation."""


@bp.get("/custodian/counting")
@requires_role(CUSTODIAN)
@returns(CountingSchema)
def get_counting() -> CountingRule:
    """Return whether people may be counted, and since when."""
    return services().custodian.counting.get()


@bp.post("/custodian/counting")
@requires_role(CUSTODIAN)
@accepts(CountingBody)
@returns(CountingSchema)
def post_counting(body: dict[str, bool]) -> CountingRule:
    """Let people be counted, or no longer; the same again changes nothing."""
    counting, by = services().custodian.counting, current_caller().id
    return counting.allow(by) if body["is_allowed"] else counting.forbid(by)
