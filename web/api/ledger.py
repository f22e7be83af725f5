"""What patients sign: what to sign, signed messages in, and where the ledger stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from consent import (
    PENDING,
    Enrolment,
    Grant,
    Message,
    Outcome,
    Signed,
    Stop,
    View,
    Withdrawal,
    digest,
    terms_hash,
    typed_message,
)
from services.statement import terms_for
from web.api.route import Call

DAY_S = 86_400


def ask_grant(call: Call) -> dict[str, Any]:
    """The terms in words, the EIP-712 message that a wallet shows, and its digest."""
    now_s = int(call.platform.clock())
    terms = terms_for(call.body["asked"])
    grant = Grant(call.body["subject"], terms, now_s, now_s + call.body["days"] * DAY_S)
    shown = {"statement": terms.statement, "terms_hash": "0x" + terms_hash(terms).hex()}
    return shown | _typed(call, grant)


def ask_withdrawal(call: Call) -> dict[str, Any]:
    """The EIP-712 message that takes one grant back, and its digest."""
    return _typed(call, Withdrawal(call.body["subject"], call.body["terms_hash"]))


def ask_stop(call: Call) -> dict[str, Any]:
    """The EIP-712 message that stops everything now, and its digest."""
    return _typed(call, Stop(call.body["subject"], int(call.platform.clock())))


def ask_enrolment(call: Call) -> dict[str, Any]:
    """The EIP-712 message by which a first key proves itself, and its digest."""
    custodian = call.platform.ledger.custodian()
    return _typed(call, Enrolment(call.body["subject"], custodian, call.body["signer"]))


def post_grants(call: Call) -> dict[str, Any]:
    """Bring signed grants to the ledger; one outcome each."""
    return outcomes(call.platform.ledger.grant(call.body["signed"]))


def post_withdrawals(call: Call) -> dict[str, Any]:
    """Withdraw consents, at once in force; what grantees could open is then re-keyed."""
    signed = call.body["signed"]
    done = call.platform.ledger.withdraw(signed)
    _queue_rekey(call, signed, done, "withdrawal")
    return outcomes(done)


def post_stops(call: Call) -> dict[str, Any]:
    """Stop everything of these subjects, at once; what grantees could open is then re-keyed."""
    signed = call.body["signed"]
    done = call.platform.ledger.stop(signed)
    _queue_rekey(call, signed, done, "stop")
    return outcomes(done)


def outcomes(done: Iterable[Outcome]) -> dict[str, Any]:
    """Return outcomes as JSON, in the order of what was sent."""
    return {
        "outcomes": [
            {
                "ok": one.ok,
                "reason": one.reason,
                "consent_id": "0x" + one.consent_id.hex() if one.consent_id else None,
                "transaction_hash": one.transaction_hash or None,
            }
            for one in done
        ]
    }


def view_shown(view: View) -> dict[str, Any]:
    """Return a view as JSON."""
    held = asdict(view).items()
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in held}


def _typed(call: Call, message: Message) -> dict[str, Any]:
    domain = call.platform.ledger.domain()
    return {
        "typed_data": typed_message(domain, message),
        "digest": "0x" + digest(domain, message).hex(),
    }


def _queue_rekey(call: Call, signed: Sequence[Signed], done: Sequence[Outcome], why: str) -> None:
    # What waits for the chain is in force already, so its records are re-keyed too.
    touched = {
        one.message.subject.hex()
        for one, outcome in zip(signed, done, strict=True)
        if outcome.ok or outcome.reason == PENDING
    }
    if touched:
        call.platform.jobs.enqueue("rekey", {"subjects": sorted(touched), "why": why}, "patients")
