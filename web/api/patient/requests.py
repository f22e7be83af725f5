"""What waits for a patient's answer, their answer, and what they sign for it."""

from __future__ import annotations

import datetime
from typing import Any, Final

from services.errors import NotFound
from services.patient.asked import (
    allow_all,
    allow_less,
    blocks,
    chosen_of,
    grant_of,
    refuse,
    told,
)
from services.patient.bringing import prepare
from services.requests import WAITING, ConsentRequest
from services.requests.choices import Choice, ChoiceInvalid, latest_end
from web.api.patient.signings import prepared_shown
from web.api.route import Call
from web.errors import ValidationError

_FIELDS: Final = {"end": "ends_on", "from": "data_from", "to": "data_to"}


def get_requests(call: Call) -> dict[str, Any]:
    """Every request to the patient who asks, the newest first."""
    found = call.platform.asking.requests.list_by_subject(call.subject)
    return {"requests": [_shown(call, one) for one in found]}


def get_request(call: Call) -> dict[str, Any]:
    """One request: who asks, why, which records, how long, and what it means, in sentences."""
    one = _require(call)
    facts = told(call, one)
    chosen = chosen_of(call, one) if one.state == WAITING else None
    wanted = one.details
    return _shown(call, one) | {
        "purposes": list(wanted.purposes),
        "categories": list(wanted.categories),
        "data_from": wanted.data_from,
        "data_to": wanted.data_to,
        "latest_end": latest_end(wanted, call.platform.clock()),
        "wants_copy": wanted.wants_copy,
        "says": [
            {
                "heading": call.words(heading),
                "text": " ".join(call.words(t, **facts) for t in texts),
            }
            for heading, texts in blocks(one)
        ],
        "chosen": chosen.to_json() if chosen else None,
    }


def post_answer(call: Call) -> dict[str, Any]:
    """Say yes, say yes to less, or say no. A yes counts only when it is signed."""
    one, said = _require(call), call.body
    if one.state != WAITING:
        raise NotFound
    if said["answer"] == "no":
        refuse(call, one)
    elif said["answer"] == "yes":
        allow_all(call, one)
    else:
        _narrow(call, one)
    return get_request(call)


def post_signing_of_request(call: Call) -> dict[str, Any]:
    """What is to be signed for what was chosen: the sentences, the terms, the challenge."""
    one = _require(call)
    choice = chosen_of(call, one) if one.state == WAITING else None
    if choice is None:
        raise NotFound
    grant = grant_of(call, one, choice)
    prepared = prepare(call, grant, request=one.id)
    return prepared_shown(prepared, grant.terms.statement)


def _narrow(call: Call, one: ConsentRequest) -> None:
    said = call.body
    latest = latest_end(one.details, call.platform.clock())
    first, last, ends_on = (_day(said[name]) for name in ("data_from", "data_to", "ends_on"))
    chosen = Choice(
        tuple(said["purposes"]),
        tuple(said["categories"]),
        first,
        last,
        ends_on or latest,
        said["may_copy"],
        tuple(said["left_out"]),
    )
    try:
        allow_less(call, one, chosen)
    except ChoiceInvalid as exc:
        said_of = {
            _FIELDS.get(name, name): [call.words(word, date=latest)]
            for name, word in exc.errors.items()
        }
        raise ValidationError(said_of) from exc


def _said(call: Call, heading: str, texts: list[str], facts: dict[str, str]) -> dict[str, str]:
    told = " ".join(call.words(text, **facts) for text in texts)
    return {"heading": call.words(heading), "text": told}


def _day(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


def _shown(call: Call, one: ConsentRequest) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "party": one.details.party,
        "name": call.platform.asking.party_name(one.details.party),
        "kind": one.details.kind,
        "condition": one.details.condition,
        "asked_at_s": one.sent_at_s,
        "lapses_at_s": one.lapses_at_s,
        "answered_at_s": one.answered_at_s,
        "consent": "0x" + one.consent_id.hex() if one.consent_id else None,
    }


def _require(call: Call) -> ConsentRequest:
    return call.platform.asking.requests.get(call.subject, call.names["request"])
