"""What a custodian keeps an eye on and answers: health, studies that wait, lost keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from services.custodian import approvals as approving
from services.custodian import overview as keeping
from services.custodian.recoveries import propose
from services.requests import Proposal
from web.api.custodian.own import require_own
from web.api.route import Call
from web.errors import ValidationError


def get_overview(call: Call) -> dict[str, Any]:
    """Which parts answer, how much is held, and what waits for somebody."""
    require_own(call)
    held = keeping.held(call.platform)
    del held["uploads"]
    return {"health": keeping.health(call.platform), "held": held}


def get_proposals(call: Call) -> dict[str, Any]:
    """Every study that was proposed, the waiting ones too."""
    require_own(call)
    return {"studies": [asdict(one) for one in call.platform.asking.proposals.list_all()]}


def get_proposal(call: Call) -> dict[str, Any]:
    """One study: what it plans, how many it reaches, and what patients would read."""
    study = _require(call)
    return {
        "study": asdict(study),
        "reaches": approving.reach(call.platform, study),
        "patients_read": approving.sentences(call.platform, call.words, study),
    }


def post_proposal_answer(call: Call) -> dict[str, Any]:
    """Approve a study, or refuse it with a reason; the first answer stays."""
    study, said = _require(call), call.body
    if said["answer"] == "approve":
        approving.approve(call.platform, study, call.id)
    elif not said["why"].strip():
        raise ValidationError({"why": [call.words("may-study-why")]})
    else:
        approving.refuse(call.platform, study, call.id, said["why"].strip())
    return get_proposal(call)


def get_recoveries(call: Call) -> dict[str, Any]:
    """Every new key that was proposed for a patient who lost all, and waits."""
    require_own(call)
    waiting = call.platform.ledger.keys.open_recoveries()
    numbers = call.platform.asking.directory.numbers_of([one.subject for one in waiting])
    return {
        "recoveries": [
            {
                "hospital_number": numbers.get(one.subject, ""),
                "subject": "0x" + one.subject.hex(),
                "signer": one.signer.hex(),
                "state": one.state,
                "ready_at_s": one.ready_at_s,
            }
            for one in waiting
        ]
    }


def post_recovery(call: Call) -> dict[str, Any]:
    """Propose a new key for a patient whose identity was checked again; then the delay begins."""
    require_own(call)
    said = call.body
    try:
        proof = orjson.dumps(said["proof"])
        propose(call.platform, said["number"], said["identity"], proof, call.id)
    except keeping.InviteWrong as exc:
        raise ValidationError({exc.field: [call.words(exc.word)]}) from exc
    return get_recoveries(call)


def _require(call: Call) -> Proposal:
    require_own(call)
    return call.platform.asking.proposals.get(f"study:{call.names['study']}")
