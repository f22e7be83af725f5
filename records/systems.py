"""Recognise the usual code systems in the spellings in which senders name them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

UCUM: Final = "http://unitsofmeasure.org"
_CODED: Final = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "http://fhir.de/CodeSystem/bfarm/ops",
    "http://fhir.de/CodeSystem/bfarm/atc",
    "http://www.whocc.no/atc",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)
"""Systems whose codes have no small letters; in UCUM, small letters mean something else."""
_SYSTEMS: Final = {each.lower(): each for each in (UCUM, *_CODED)}
_MAX_CHARACTERS: Final = 256
"""A longer text would stay in memory, with thousands of others."""


def usual_system(system: str) -> str:
    """Return a system as its owner writes it; any other system as it is.

    Senders write https for http, capital letters, a version behind `|` or a slash at the end.
    """
    return _usual_system(system) if len(system) <= _MAX_CHARACTERS else system


@lru_cache(maxsize=2**10)
def _usual_system(system: str) -> str:
    name = system.strip().partition("|")[0].rstrip("/").lower()
    if name.startswith("https://"):
        name = f"http://{name.removeprefix('https://')}"
    return _SYSTEMS.get(name, system)


def usual_code(code: str) -> str:
    """Return `system|code` as the owner of the system writes it; any other code as it is."""
    system, _, own = code.rpartition("|")  # the system may have a version, also with a `|`
    usual = usual_system(system)
    return f"{usual}|{own.upper()}" if usual in _CODED else code
