"""What is held about a patient, in their words: one record, a receipt, a copy of everything."""

from __future__ import annotations

from typing import Any, Final

from services.errors import NotFound
from services.patient.asker import Asker
from services.patient.lines import shown
from services.patient.standing import ConsentSummary, standings
from storage import Record

AT_ONCE: Final = 500
MOST_DIGITS: Final = 18


def observed(asker: Asker, found: Record) -> list[tuple[str, str]]:
    """Return (what, value with unit) of a record, in the words of the questions that know them."""
    known = _known(asker)
    rows = []
    for code, (value, unit) in found.observations.items():
        said = (
            asker.words("frame-yes" if value else "frame-no")
            if value is True or value is False
            else value
        )
        if isinstance(said, float | int):
            said = asker.words.number(said, 0 if said == int(said) else 1)
        rows.append((known.get(code, code.rpartition("|")[2]), f"{said} {unit}".strip()))
    return rows


def plain(found: Record) -> dict[str, Any]:
    """Return a record as JSON, its codes and values as they were deposited."""
    return {
        "id": found.record_id,
        "kind": found.category,
        "date": found.recorded_on,
        "custodian": found.custodian,
        "values": {code: list(value) for code, value in found.observations.items()},
    }


def receipt(asker: Asker, one: ConsentSummary) -> dict[str, Any]:
    """Return the patient's own copy: every term as signed, and where it stands in the register.

    Raises:
        NotFound: the terms cannot be read.
    """
    if one.terms is None:
        raise NotFound
    domain = asker.platform.ledger.domain()
    return {
        "permission (consent)": "0x" + one.consent_id.hex(),
        "person": "0x" + asker.subject.hex(),
        "terms": shown_terms(one.terms),
        "signed_at_s": one.signed_at_s,
        "not_after_s": one.not_after_s,
        "state": one.kind,
        "register": {"chain_id": domain.chain_id, "contract": domain.contract},
    }


def shown_terms(terms: Any) -> dict[str, Any]:
    """Return terms as JSON, the salt with them: the receipt proves what was agreed."""
    return {
        name: (value.hex() if isinstance(value, bytes) else value)
        for name, value in ((name, getattr(terms, name)) for name in type(terms).__slots__)
    }


def everything(asker: Asker) -> dict[str, Any]:
    """Return a patient's records, permissions and history; that they were opened is written."""
    store = asker.platform.store
    held = [
        store.vault.open_own(asker.subject, entry.record_id.hex())
        for entry in store.records_of(asker.subject)[:AT_ONCE]
    ]
    lines, _ = asker.platform.asking.history.list_entries(asker.subject)
    return {
        "records": [plain(one) for one in held],
        "permissions": [
            {"state": one.kind, "terms": shown_terms(one.terms) if one.terms else None}
            for one in standings(asker)[0]
        ],
        "history": [
            {"day": one.day, "time": one.time, "line": one.text, "number": one.seq}
            for one in (shown(asker, line) for line in lines)
        ],
    }


def own_seq(asker: Asker, name: str) -> int:
    """Return the number of a journal row about this patient.

    Raises:
        NotFound: it is no number, or the row is not there or another's.
    """
    if not name.isdecimal() or len(name) > MOST_DIGITS:
        raise NotFound
    if asker.platform.asking.history.find_row(asker.subject, int(name)) is None:
        raise NotFound
    return int(name)


def proof(asker: Asker, seq: int) -> dict[str, Any] | None:
    """Return the proof of an own journal row with the row's hash; None before it is anchored."""
    found = asker.platform.store.prove(seq)
    if found is None:
        return None
    row = asker.platform.store.journal.of_subject(asker.subject, 1, seq + 1)[0]
    return found | {"hash": row.hash.hex()}


def _known(asker: Asker) -> dict[str, str]:
    found: dict[str, str] = {}
    for question in asker.platform.diagnostics.questions():
        found |= {feature.code: feature.words for feature in question.features}
        found[question.label.code] = question.label.words
    return found
