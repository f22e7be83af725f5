"""What the first page of a patient shows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from consent import MLTRAINING
from services.patient.consents import ConsentList, ConsentSummary
from services.patient.service import PatientService
from services.statement import RequestedTerms, terms_for
from services.words import Words

SUBJECT = b"s" * 32


def permission(sentence: str) -> ConsentSummary:
    """Return an active permission; without a sentence its terms were erased."""
    requested = RequestedTerms("permit", "study:a", (MLTRAINING,))
    return ConsentSummary(
        consent_id=b"c" * 32,
        terms=terms_for(requested, "I allow it.") if sentence else None,
        state="active",
        signed_at_s=1,
        not_after_s=2,
        recipient_name="Study A" if sentence else "",
        purposes="",
        categories="",
        sentence=sentence,
        past_sentence="",
        ended_at_s=0,
    )


def test_a_permission_whose_terms_were_erased_lets_nobody_use_anything() -> None:
    read, erased = permission("Study A may use your records."), permission("")
    nothing = SimpleNamespace()
    parts: dict[str, Any] = dict.fromkeys(PatientService.__dataclass_fields__, nothing)
    parts |= {
        "consents": SimpleNamespace(list_all=lambda *_: ConsentList([read, erased], True)),
        "requests": SimpleNamespace(list_all=lambda *_: []),
        "history": SimpleNamespace(page=lambda *_, **__: SimpleNamespace(lines=[])),
        "withdrawals": SimpleNamespace(choice_in=lambda _: "on"),
    }
    assert PatientService(**parts).home(SUBJECT, Words("en")).consents == [read]
