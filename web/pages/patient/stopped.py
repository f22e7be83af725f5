"""Stopping everything, and turning research off: each one page and one touch."""

from __future__ import annotations

from flask import Response

from consent import PENDING
from services.patient.changes import opt_out_of, to_opt_out, to_stop
from web.pages.page import Visit
from web.pages.patient.signed import failed
from web.pages.signing import bring


def stop(visit: Visit) -> Response:
    """What does stopping everything do?"""
    prepared, ended = to_stop(visit)
    asking = visit.platform.asking
    names = [asking.party_name(one.terms.recipient) for one in ended if one.terms]
    title = visit.words("stop-page")
    return visit.show("patient/stop.html", title=title, prepared=prepared, names=names)


def stop_all(visit: Visit) -> Response:
    """Stop everything: at once in force, whether the register can be reached or not."""
    brought = bring(visit)
    if not brought.is_in_force:
        return failed(visit, brought.outcome)
    return visit.show(
        "patient/stopped.html",
        title=visit.words("stop-done-title"),
        count=visit.words.number(int(brought.prepared.context.get("n", 0))),
        at=visit.words.time(visit.platform.clock()),
        is_waiting=brought.outcome.reason == PENDING,
        is_again=brought.is_again,
    )


def opt_out(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    """May research use my records? A no beats every permission for research."""
    off = opt_out_of(visit)
    return visit.show(
        "patient/opt_out.html",
        title=visit.words("opt-out-title"),
        is_off=off is not None,
        errors=errors or {},
        values={"research": "off" if off else "on"},
    )


def choose_opt_out(visit: Visit) -> Response:
    """Show what is to be signed for the choice, or that nothing changes."""
    wanted = visit.form.get("research", "")
    if wanted not in ("on", "off"):
        return opt_out(visit, {"research": visit.words("opt-out-error")})
    found = to_opt_out(visit, wanted)
    if found is None:
        return _saved(visit, wanted)
    prepared, said = found
    title = visit.words("opt-out-title")
    return visit.show("patient/opt_out_sign.html", title=title, prepared=prepared, said=said)


def sign_opt_out(visit: Visit) -> Response:
    """Bring the choice to the register."""
    brought = bring(visit)
    if not brought.is_in_force:
        return failed(visit, brought.outcome)
    return _saved(visit, str(brought.prepared.context.get("research", "")))


def _saved(visit: Visit, wanted: str) -> Response:
    said = visit.words(f"opt-out-saved-{'off' if wanted == 'off' else 'on'}")
    return visit.show("patient/over.html", title=visit.words("opt-out-title"), said=said)
