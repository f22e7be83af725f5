"""The public API: facts that anybody needs to verify signatures and roots."""

from __future__ import annotations

from flask import Blueprint

from services.information import LedgerFacts
from web.api.resources import returns
from web.api.schemas import LedgerSchema
from web.current import services
from web.view_options import public

bp = Blueprint("information", __name__)


@bp.get("/ledger")
@public
@returns(LedgerSchema)
def get_ledger() -> LedgerFacts:
    """Return the state of the ledger, what signatures are for, and what is anchored on it."""
    return services().information.ledger_facts()
