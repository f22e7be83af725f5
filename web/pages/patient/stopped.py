"""Stopping everything, and turning research off: each one page and one touch."""

from __future__ import annotations

from flask import Response

from consent import PENDING, Grant, Stop, Withdrawal, terms_hash
from web.asking.choices import COPY
from web.pages.page import Visit
from web.pages.patient.signed import failed
from web.pages.patient.standing import Standing, is_deny, standings
from web.pages.signing import bring, prepare
from web.statement import Asked, terms_for

FOR_EVER_S = 100 * 365 * 86_400


def stop(visit: Visit) -> Response:
    """What does stopping everything do?"""
    active = _active(visit)
    message = Stop(visit.subject, int(visit.platform.clock()))
    prepared = prepare(visit, message, n=len(active))
    asking = visit.platform.asking
    names = [asking.party_name(one.terms.recipient) for one in active if one.terms]
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
        count=visit.words.number(int(brought.prepared.after.get("n", 0))),
        at=visit.words.time(visit.platform.clock()),
        is_waiting=brought.outcome.reason == PENDING,
        is_again=brought.is_again,
    )


def opt_out(visit: Visit, errors: dict[str, str] | None = None) -> Response:
    """May research use my records? A no beats every permission for research."""
    off = _opt_out(visit)
    return visit.show(
        "patient/opt_out.html",
        title=visit.words("opt-out-title"),
        is_off=off is not None,
        errors=errors or {},
        values={"research": "off" if off else "on"},
    )


def choose_opt_out(visit: Visit) -> Response:
    """Show what is to be signed for the choice, or that nothing changes."""
    wanted, off = visit.form.get("research", ""), _opt_out(visit)
    if wanted not in ("on", "off"):
        return opt_out(visit, {"research": visit.words("opt-out-error")})
    if (wanted == "off") == (off is not None):
        return _saved(visit, wanted)
    message: Grant | Withdrawal
    if off is None or off.terms is None:
        now_s = int(visit.platform.clock())
        said = visit.words("statement-opt-out")
        terms = terms_for(Asked("deny", "*", ("HRESCH",)), said)
        message = Grant(visit.subject, terms, now_s, now_s + FOR_EVER_S)
    else:
        said = visit.words("opt-out-on")
        message = Withdrawal(visit.subject, terms_hash(off.terms))
    prepared = prepare(visit, message, research=wanted)
    title = visit.words("opt-out-title")
    return visit.show("patient/opt_out_sign.html", title=title, prepared=prepared, said=said)


def sign_opt_out(visit: Visit) -> Response:
    """Bring the choice to the register."""
    brought = bring(visit)
    if not brought.is_in_force:
        return failed(visit, brought.outcome)
    wanted = str(brought.prepared.after.get("research", ""))
    if wanted == "off":
        about = {"subjects": [visit.subject.hex()], "why": "opt-out"}
        visit.platform.jobs.add("rekey", about, "patients")
    return _saved(visit, wanted)


def _saved(visit: Visit, wanted: str) -> Response:
    said = visit.words(f"opt-out-saved-{'off' if wanted == 'off' else 'on'}")
    return visit.show("patient/over.html", title=visit.words("opt-out-title"), said=said)


def _active(visit: Visit) -> list[Standing]:
    found, _ = standings(visit)
    return [one for one in found if one.kind in ("active", "recording") and not is_deny(one)]


def _opt_out(visit: Visit) -> Standing | None:
    for one in standings(visit)[0]:
        if one.kind == "active" and is_deny(one) and one.terms and COPY in one.terms.purposes:
            return one
    return None
