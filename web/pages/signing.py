"""Has the patient of a page sign a message, and brings it to the ledger once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from consent import (
    PENDING,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    Outcome,
    RecoveryVeto,
    Signed,
    Stop,
    Withdrawal,
    keccak,
)
from web.pages.page import Visit
from web.people import AlreadyDone, BadlyProven, Prepared
from web.platform import Platform

MOST_JSON_BYTES: Final = 16_384
KNOWN: Final = "consent-id-used"
KEY_KNOWN: Final = "key-used"
_WHY: Final = {Withdrawal: "withdrawal", Stop: "stop"}


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a signature; `is_again` means that it had been brought before."""

    prepared: Prepared
    outcome: Outcome
    is_again: bool

    @property
    def is_in_force(self) -> bool:
        """True when it counts: confirmed, or taken back and only waiting for the register."""
        return self.outcome.ok or self.outcome.reason == PENDING


def prepare(visit: Visit, message: Message, **after: Any) -> Prepared:
    """Return what `sign_form` (parts/sign.html) shows; `after` is the page's own note for later."""
    return visit.platform.people.signings.prepare(visit.me, message, after)


def bring(visit: Visit) -> Brought:
    """Bring what the form's device or wallet signed to the ledger, and keep what became of it.

    Pressed twice, the second press is told the first result. After a withdrawal or a stop, what
    grantees could open is re-keyed by a job. After a change of keys every session of the account
    has ended: answer through web.pages.cookies.renewed.

    Raises:
        SigningOver: unknown, another's, or ten minutes are over; the door has a page that says so.
        BadlyProven: another key, message or site; the door has a page that says so.
        LedgerUnavailable (consent): nothing was kept but what the outbox has; the form can be sent
            again.
    """
    people, identity = visit.platform.people, visit.form.get("signing", "")
    prepared = people.signings.get(visit.me, identity)
    try:
        signed = _signed(visit, identity)
    except AlreadyDone as exc:
        return Brought(prepared, exc.outcome, True)
    if isinstance(signed.message, KeyAddition):
        signed = replace(signed, proof=people.adding.proof_of(prepared))
    outcome = _submit(visit.platform, signed)
    if outcome.ok:
        people.adding.settle(visit.me, prepared, signed.message)
    outcome = people.signings.keep_outcome(visit.me, identity, outcome)
    return Brought(people.signings.get(visit.me, identity), outcome, False)


def _signed(visit: Visit, identity: str) -> Signed:
    signings = visit.platform.people.signings
    credential = _credential(visit.form.get("credential", ""))
    if "wallet" not in credential:
        return signings.finish(visit.me, identity, credential)
    address, signature = (_bytes(credential.get(name)) for name in ("wallet", "signature"))
    return signings.finish_by_wallet(visit.me, identity, address, signature)


def _submit(platform: Platform, signed: Signed) -> Outcome:
    kind, law = type(signed.message), platform.law
    bring_to = {
        Grant: law.grant,
        Withdrawal: law.withdraw,
        Stop: law.stop,
        KeyAddition: law.add_key,
        KeyRemoval: law.remove_key,
        RecoveryVeto: law.veto_recovery,
    }
    if kind not in bring_to:
        raise BadlyProven(f"a page brings no {kind.__name__}", "changed")
    outcome = bring_to[kind]([signed])[0]
    if _is_known(platform, signed, outcome):
        # The ledger took it, and we died before we wrote that down: it is in force.
        outcome = replace(outcome, ok=True, reason="")
    if kind in _WHY and (outcome.ok or outcome.reason == PENDING):
        about = {"subjects": [signed.message.subject.hex()], "why": _WHY[kind]}
        platform.jobs.add("rekey", about, "patients")
    return outcome


def _is_known(platform: Platform, signed: Signed, outcome: Outcome) -> bool:
    message = signed.message
    if isinstance(message, KeyAddition) and outcome.reason == KEY_KNOWN:
        keys, hashed = platform.law.keys_of(message.subject), keccak(message.signer)
        return any(one.key_hash == hashed and not one.is_removed for one in keys)
    if outcome.reason != KNOWN:
        return False
    known = platform.law.consents_of(message.subject)
    return any(one.consent_id == outcome.consent_id and one.state == "active" for one in known)


def _credential(sent: str) -> dict[str, Any]:
    try:
        found = orjson.loads(sent) if len(sent) <= MOST_JSON_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadlyProven("the device sent no credential", "cancel")
    return found


def _bytes(told: Any) -> bytes:
    try:
        return bytes.fromhex(str(told).removeprefix("0x"))
    except ValueError as exc:
        raise BadlyProven("the signing program sent no signature", "cancel") from exc
