"""What is held about a patient, who used it, what learned from it, and the proof of each line."""

from __future__ import annotations

from typing import Any

from services.errors import NotFound
from services.patient import changes, held
from services.patient.standing import standings
from web.api.patient.consents import line_shown
from web.api.route import Call


def get_own_records(call: Call) -> dict[str, Any]:
    """Every record that is held about the patient who asks; none is opened."""
    return {
        "records": [
            {
                "record": one.record_id.hex(),
                "category": one.category,
                "recorded_on": one.recorded_on,
                "custodian": one.custodian,
            }
            for one in call.platform.store.records_of(call.subject)
        ]
    }


def get_own_record(call: Call) -> dict[str, Any]:
    """One record, opened for the patient; the history has it."""
    found = call.platform.store.vault.open_own(call.subject, call.names["record"])
    rows = held.observed(call, found)
    return held.plain(found) | {"says": [{"what": what, "value": value} for what, value in rows]}


def post_copy(call: Call) -> dict[str, Any]:
    """All records, permissions and history of the patient who asks, in one file."""
    return held.everything(call)


def get_own_journal(call: Call) -> dict[str, Any]:
    """Who used what, when and why, and every refusal, the newest first."""
    lines, older = call.platform.asking.history.list_entries(call.subject, call.body["before"])
    return {"lines": [line_shown(call, one) for one in lines], "older_before": older}


def get_own_proof(call: Call) -> dict[str, Any]:
    """The proof that a line of the history is in the journal whose fingerprint is on the ledger."""
    found = held.proof(call, held.own_seq(call, call.names["seq"]))
    if found is None:
        raise NotFound
    return found


def get_own_models(call: Call) -> dict[str, Any]:
    """Which models learned from the patient who asks, and what became of each."""
    consents = [one.consent_id for one in standings(call)[0]]
    return {
        "models": [
            {
                "model": one.id,
                "study": one.study,
                "name": call.platform.asking.party_name(one.study),
                "state": one.state,
                "trained_at_s": one.trained_at_s,
                "affected_at_s": one.affected_at_s,
                "ended_at_s": one.ended_at_s,
                "successor": one.successor,
            }
            for one in changes.learned(call, consents)
        ]
    }
