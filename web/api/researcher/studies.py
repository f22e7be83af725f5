"""A researcher's studies as JSON: what can be asked, where each stands, who permits it."""

from __future__ import annotations

from typing import Any, Final

from models import MIN_COHORT, suppress
from services.requests import Proposal
from services.researcher.own import Researcher
from services.researcher.proposing import TEXTS, ProposalInvalid, Said, register
from services.researcher.standing import asked_and_agreed, feasible, send, standing
from web.api.ledger import view_shown
from web.api.route import Call
from web.errors import ValidationError

_FIELDS: Final = {"end": "ends_on"}


def researcher(call: Call) -> Researcher:
    """Return who asks, as what a researcher may see and do wants to know it."""
    return Researcher(call.platform, call.words, call.party, call.id)


def own_study(call: Call) -> Proposal:
    """Return the study that the path names.

    Raises:
        NotFound: there is none, or it is another's.
    """
    return researcher(call).study(call.names["study"])


def get_question(call: Call) -> dict[str, Any]:
    """One question, and how many people may fit: frozen for a week, the same for everyone."""
    found, people = feasible(researcher(call), call.names["question"])
    return {
        "id": found.id,
        "title": found.title,
        "intended_use": found.intended_use,
        "outcome": found.label.words,
        "definition": found.label.definition,
        "required": list(found.required),
        "features": [
            {
                "code": one.code,
                "words": one.words,
                "kind": one.kind,
                "category": one.category,
                "unit": one.unit,
            }
            for one in found.features
        ],
        "people": people.count if people.count >= MIN_COHORT else f"fewer than {MIN_COHORT}",
        "counted_on": people.day,
        "counted_anew_on": people.next_day,
    }


def get_own_studies(call: Call) -> dict[str, Any]:
    """The studies of whom the caller speaks for, the newest first, and where each stands."""
    asker = researcher(call)
    return {"studies": [_shown(asker, one) for one in asker.studies()]}


def get_own_study(call: Call) -> dict[str, Any]:
    """One study in full, with its models."""
    asker, one = researcher(call), own_study(call)
    rest = ("board", "protocol", "condition", "purpose", "data_from", "data_to", "days", "contact")
    return (
        _shown(asker, one)
        | {name: getattr(one, name) for name in rest}
        | {
            "categories": list(one.categories),
            "models": [found.id for found in asker.models([one])],
        }
    )


def post_own_studies(call: Call) -> dict[str, Any]:
    """Register a study, which waits for the custodian; the same again changes nothing."""
    body = call.body
    said = Said(
        texts={name: body[name] for name in TEXTS},
        question=body["question"],
        days=body["days"],
        ends_on=body["ends_on"],
        wants_copy=body["wants_copy"],
    )
    try:
        kept = register(researcher(call), said)
    except ProposalInvalid as exc:
        wrong = {_FIELDS.get(name, name): [words] for name, words in exc.errors.items()}
        raise ValidationError(wrong) from exc
    return _shown(researcher(call), kept)


def post_study_request(call: Call) -> dict[str, Any]:
    """Ask everybody who is eligible and was not asked yet; again, nobody is asked twice."""
    one = own_study(call)
    send(researcher(call), one)
    return _shown(researcher(call), one)


def get_cohort(call: Call) -> dict[str, Any]:
    """Who is in, who is not, and why, in counts of which no two looks tell what one person did."""
    found = standing(researcher(call), own_study(call))
    told = found.told()
    return {
        "asked": suppress(found.asked),
        "permitted": told.at_least or suppress(found.permitted),
        "is_at_least": told.at_least > 0,
        "not_included": {name: suppress(count) for name, count in told.reasons.items()},
        "permitted_in_all": suppress(found.all_permitted),
        "is_enough": found.is_enough,
        "view": view_shown(call.platform.ledger.view()),
    }


def _shown(asker: Researcher, one: Proposal) -> dict[str, Any]:
    asked, agreed = asked_and_agreed(asker, one)
    names = ("state", "why", "title", "question", "proposed_at_s", "answered_at_s", "until_s")
    return {name: getattr(one, name) for name in names} | {
        "id": one.study,
        "owner": one.owner,
        "wants_copy": one.wants_copy,
        "asked": suppress(asked),
        "agreed": suppress(agreed),
    }
