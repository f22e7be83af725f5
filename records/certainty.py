"""Read how sure a FHIR resource is of what it says: denied, unconfirmed, planned, or not done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from records.event_values import Resource, codes_of

CONFIRMED: Final = "confirmed"
UNKNOWN: Final = "unknown"
NOT_IN_FORCE: Final = frozenset(
    {"entered-in-error", "cancelled", "not-done", "preliminary", "registered", UNKNOWN}
)
"""Statuses under which a resource says nothing about its patient."""
UNCONFIRMED: Final = ("entered-in-error", "refuted", "differential", "provisional", "unconfirmed")
_UNSURE_INTENTS: Final = frozenset({"proposal", "plan", "option"})
_NEGATIONS: Final = frozenset(
    {"doNotPerform", "notDone", "notGiven", "notPerformed", "wasNotGiven", "wasNotTaken"}
)
"""Elements that turn the meaning of a resource; all but the first are of FHIR before R4."""
_GERMAN: Final = "icd-10-gm-diagnosesicherheit"
"""Ends the URL of the extension that German codings of ICD-10-GM have (HL7 Germany, KBV)."""
_GERMAN_CODES: Final = {"A": "refuted", "V": "provisional"}
"""Ausgeschlossen, Verdacht; G (gesichert) and Z (Zustand nach) are certain."""


def certainty(resource: Resource) -> str:
    """Return the code of verificationStatus, ``confirmed`` if there is none.

    FHIR STU3 writes it as a text. What is there and cannot be read is not certain. A German
    coding that is marked as excluded or suspected is not confirmed either.
    """
    german = _german_certainty(resource.get("code"))
    status = resource.get("verificationStatus")
    if status is None:
        return german or CONFIRMED
    codes = [status] if isinstance(status, str) else codes_of(status)
    words = [code.rpartition("|")[2].lower() for code in codes]
    # The strongest denial counts: a suspicion that was entered in error is none.
    denials = [word for word in UNCONFIRMED if word in (*words, german)]
    return denials[0] if denials else words[0] if words else UNKNOWN


def is_negated(resource: Resource) -> bool:
    """Return whether a resource says that something was not done, or is not to be done."""
    # Few resources have one of them, and each resource is asked.
    stated = () if _NEGATIONS.isdisjoint(resource) else _NEGATIONS
    if resource.get("taken") == "n" or any(resource.get(name) is True for name in stated):
        return True
    return "not-taking" in _adherence(resource)


def _adherence(resource: Resource) -> list[str]:
    """Return the words of a MedicationStatement of FHIR R5 for whether the medicine is taken."""
    adherence = resource.get("adherence")
    code = adherence.get("code") if isinstance(adherence, dict) else None
    return [each.rpartition("|")[2] for each in codes_of(code)]


def unsure_intent(resource: Resource) -> str:
    """Return the intent of what is only proposed, ``unknown`` if nobody knows of it, else ""."""
    if resource.get("taken") == "unk" or UNKNOWN in _adherence(resource):
        return UNKNOWN
    intent = resource.get("intent")
    return intent if isinstance(intent, str) and intent in _UNSURE_INTENTS else ""


def is_modified(resource: Resource) -> bool:
    """Return whether a modifier extension, or rules that we do not know, may turn the meaning."""
    return "modifierExtension" in resource or "implicitRules" in resource


def is_german_past(concept: Any) -> bool:
    """Return whether a German coding is marked Z (Zustand nach): the disease is over."""
    return "Z" in _german_marks(concept)


def _german_certainty(concept: Any) -> str:
    marks = (_GERMAN_CODES[mark] for mark in _german_marks(concept) if mark in _GERMAN_CODES)
    return next(marks, "")


def _german_marks(concept: Any) -> Iterator[str]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        extensions = coding.get("extension") if isinstance(coding, dict) else None
        for each in extensions if isinstance(extensions, list) else ():
            if isinstance(each, dict) and str(each.get("url")).endswith(_GERMAN):
                code = each.get("valueCoding")
                word = code.get("code") if isinstance(code, dict) else each.get("valueCode")
                if isinstance(word, str):
                    yield word
