"""Purposes, categories and obligations, with the table of which purpose covers which."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from consent.errors import UnknownCode
from consent.terms import ANY


@dataclass(frozen=True, slots=True)
class Coding:
    """A code, the system that defines it (FHIR Coding), and a label for people."""

    code: str
    system: str
    label: str


TREAT: Final = "TREAT"
TREATDS: Final = "TREATDS"
BTG: Final = "BTG"
MLTRAINING: Final = "MLTRAINING"
HRESCH: Final = "HRESCH"
HMARKT: Final = "HMARKT"
"""The purposes that code names; HL7 v3-PurposeOfUse."""
PSEUDRESCH: Final = "PSEUDRESCH"
"""Research on a pseudonymised copy under an agreement: ours, since HL7 has no code for it."""
RECRESCH: Final = "RECRESCH"
"""The same with whole records in the copy, not only the variables of the question."""

_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_OBSERVATION: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_OURS: Final = "urn:vouchsafe:category"
_OUR_PURPOSE: Final = "urn:vouchsafe:purpose"


def _codings(system: str, labels: dict[str, str]) -> dict[str, Coding]:
    return {code: Coding(code, system, label) for code, label in labels.items()}


PURPOSES: Final = MappingProxyType(
    {
        **_codings(
            _REASON,
            {
                TREAT: "treatment",
                "CLINTRL": "taking part in a clinical trial",
                "COC": "coordination of care",
                "ETREAT": "emergency treatment",
                BTG: "break the glass in an emergency",
                "ERTREAT": "treatment in an emergency room",
                "POPHLTH": "population health",
                TREATDS: "help with a treatment decision by a computer model",
                "HPAYMT": "payment for health care",
                "HOPERAT": "running the health service",
                "CAREMGT": "care management",
                "HQUALIMP": "improving the quality of care",
                "PATSFTY": "patient safety",
                MLTRAINING: "training of a computer model",
                "SYSDEV": "development of computer systems",
                "HTEST": "testing of computer systems",
                "TRAIN": "teaching of people",
                HRESCH: "health research",
                "BIORCH": "biomedical research",
                "CLINTRCH": "clinical trial research",
                "CLINTRCHNPC": "clinical trial research without patient care",
                "CLINTRCHPC": "clinical trial research with patient care",
                "PRECLINTRCH": "preparation of a clinical trial",
                "DSRCH": "research on one disease",
                "POARCH": "research on origins and ancestry",
                "TRANSRCH": "translational research",
                "PATRQT": "the patient's own request",
                "FAMRQT": "a request by the family",
                "PWATRNY": "a request by an attorney",
                "SUPNWK": "a request by the support network",
                "PUBHLTH": "public health",
                "DISASTER": "help in a disaster",
                "THREAT": "protection from a threat",
                HMARKT: "marketing",
            },
        ),
        **_codings(
            _OUR_PURPOSE,
            {
                PSEUDRESCH: "research on a pseudonymised copy under an agreement",
                RECRESCH: "research on a pseudonymised copy with whole records",
            },
        ),
    }
)
"""Codes are only ever added at the end."""

_BELOW: Final = MappingProxyType(
    {
        TREAT: ("CLINTRL", "COC", "ETREAT", "POPHLTH"),
        "ETREAT": ("ERTREAT",),
        "HOPERAT": ("CAREMGT", "HQUALIMP", "PATSFTY", "SYSDEV", "TRAIN"),
        "SYSDEV": ("HTEST",),
        HRESCH: ("BIORCH", "CLINTRCH", "DSRCH", "POARCH", "TRANSRCH"),
        "CLINTRCH": ("CLINTRCHNPC", "CLINTRCHPC", "PRECLINTRCH"),
        "PATRQT": ("FAMRQT", "PWATRNY", "SUPNWK"),
        "PUBHLTH": ("DISASTER", "THREAT"),
    }
)
"""Direct children. MLTRAINING, TREATDS, BTG and HMARKT have no parent here: they match exactly,
though HL7 files them under HOPERAT, TREAT and ETREAT (docs/decisions/0003). So do PSEUDRESCH
and RECRESCH."""

EXACT_ONLY: Final = frozenset({MLTRAINING, TREATDS, BTG, HMARKT, PSEUDRESCH, RECRESCH})

CATEGORIES: Final = MappingProxyType(
    {
        **_codings(
            _OBSERVATION,
            {
                "vital-signs": "blood pressure, pulse, weight and other measurements",
                "laboratory": "blood and other laboratory tests",
                "exam": "what a clinician found on examination",
                "imaging": "X-ray, ultrasound and other images",
                "procedure": "procedures and their results",
                "survey": "answers to questionnaires",
                "social-history": "smoking, work, sleep and way of life",
                "activity": "physical activity",
                "therapy": "therapies",
            },
        ),
        **_codings(
            _OURS,
            {
                "demographics": "age, sex and other personal facts",
                "condition": "illnesses and diagnoses",
                "medication": "medicines",
                "nutrition": "food and drink",
                "genetics": "genes and inherited traits",
                "mental-health": "mental health",
                "sexual-health": "sexual health, HIV among it",
                "substance-use": "alcohol and drug treatment",
                "encounter": "visits, stays and appointments",
                "document": "letters, plans and other documents",
                "billing": "insurance and bills",
            },
        ),
    }
)
CATEGORY_CODES: Final = tuple(CATEGORIES)
"""Index in this tuple = the small integer in columns; codes are only ever added at the end."""

OBLIGATIONS: Final = MappingProxyType(
    _codings(
        _ACT,
        {
            "DEID": "remove what identifies the patient",
            "PSEUD": "replace the name by a pseudonym",
            "AUDIT": "keep a record of each use",
            "DELAU": "delete after use",
            "ENCRYPT": "keep it encrypted",
            "NORELINK": "do not try to identify the patient",
            "NOREUSE": "do not use it for anything else",
            "NORDSCLCD": "do not pass it on without consent",
        },
    )
)

_KINDS: Final = MappingProxyType(
    {"purpose": PURPOSES, "category": CATEGORIES, "obligation": OBLIGATIONS}
)


def _closure(code: str) -> frozenset[str]:
    codes = {code}
    for child in _BELOW.get(code, ()):
        codes |= _closure(child)
    return frozenset(codes)


COVERS: Final = MappingProxyType({code: _closure(code) for code in PURPOSES})
"""For each purpose, the purposes that a consent to it covers."""

RESEARCH: Final = COVERS[HRESCH] | {MLTRAINING, PSEUDRESCH, RECRESCH}
"""What a research opt-out (EHDS Art. 71) forbids: training and every copy count as research."""


def covers(granted: str, requested: str) -> bool:
    """Return whether a consent to `granted` applies to `requested`; False for unknown codes."""
    return requested in COVERS.get(granted, frozenset())


def require_code(kind: str, code: str) -> Coding:
    """Return the coding of `code`; `kind` is purpose, category or obligation.

    Raises:
        UnknownCode: the code is not in the vocabulary; the message lists the known ones.
    """
    codings = _KINDS[kind]
    if code not in codings:
        raise UnknownCode(f"unknown {kind} {code!r}; known: {', '.join(sorted(codings))}")
    return codings[code]


def is_known(kind: str, code: str) -> bool:
    """Return whether the vocabulary has the code; for categories, the wildcard counts too."""
    return code in _KINDS[kind] or (code == ANY and kind == "category")
