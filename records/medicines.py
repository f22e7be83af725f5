"""Join a medicine that is a resource of its own to the resources that refer to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from records.elements import list_of, objects_of
from records.references import split_relative, split_url
from storage.document import MAX_IDENTITY_CHARACTERS

MEDICATION: Final = "Medication"
BESIDE: Final = "beside|"
"""Begins the identity of a resource that is in a document because another one there refers to it.

`beside|subject|category|day|reference|identity`: it is in every document that needs it.
"""

_REFERENCE: Final = 4
_IN_ERROR: Final = "entered-in-error"
Resource = Mapping[str, Any]


def reference_of(resource: Resource) -> str:
    """Return the reference to a resource's medicine as it is written, or ""."""
    element = resource.get("medicationReference")
    whole = resource.get("medication")
    if element is None and isinstance(whole, dict):  # FHIR R5
        element = whole.get("reference")
    text = element.get("reference") if isinstance(element, dict) else None
    return text if isinstance(text, str) else ""


def names_of(reference: str, url: str, sender: str) -> list[str]:
    """Return what the medicine of a reference may be called, the most certain name first.

    Args:
        reference: as it is written in a resource.
        url: the fullUrl of that resource, or "".
        sender: who sent it.
    """
    if not reference or reference.startswith("#"):
        return []
    kind, identity = split_relative(reference)
    if kind:
        base = split_url(url)[0]
        names = [f"{base}/{kind}/{identity}"] if base else []
        return [*names, f"{sender}|{kind}/{identity}"]
    # Most senders use the id of a resource in its urn too.
    urn = reference.rpartition(":")[2]
    return [reference, f"{sender}|{MEDICATION}/{urn}"]


def beside_name(place: tuple[bytes, str, str], reference: str, identity: str) -> str:
    """Return the identity of a medicine in the document of a (subject, category, day).

    "" if it would be too long to be stored.
    """
    subject, category, day = place
    name = "|".join((f"{BESIDE}{subject.hex()}", category, day, reference, identity))
    return name if len(name) <= MAX_IDENTITY_CHARACTERS else ""


def beside_place(identity: str) -> str:
    """Return the place and the reference in an identity that `beside_name` made."""
    return "|".join(identity.split("|", _REFERENCE + 1)[: _REFERENCE + 1])


def beside_parts(identity: str) -> tuple[str, str]:
    """Return the reference, and the medicine's own identity, in what `beside_name` made."""
    reference, own = identity.split("|", _REFERENCE + 1)[_REFERENCE:]
    return reference, own


def is_in_error(medicine: Resource) -> bool:
    """Return whether a medicine was entered in error, so that it states nothing."""
    return medicine.get("status") == _IN_ERROR


def medicines_of(resources: Sequence[Resource], identities: Sequence[str]) -> dict[str, Resource]:
    """Return the medicines of a document by the reference that its resources use for them.

    A name of two different ones is left out: no code is better than a wrong one.
    """
    medicines: dict[str, Resource] = {}
    ambiguous = set[str]()
    for resource, identity in zip(resources, identities, strict=True):
        if resource.get("resourceType") != MEDICATION:
            continue
        name = f"{MEDICATION}/{resource.get('id')}"
        if identity.startswith(BESIDE):
            name = beside_parts(identity)[0]
        if medicines.setdefault(name, resource) is not resource:
            ambiguous.add(name)
    return {name: medicine for name, medicine in medicines.items() if name not in ambiguous}


def find_medicine(resource: Resource, others: Mapping[str, Resource]) -> Resource:
    """Return the contained medicine or that of the document that a resource refers to, or {}."""
    reference = reference_of(resource)
    if reference.startswith("#"):
        return _find_inside(reference, resource)
    return others.get(reference) or others.get("/".join(reference.split("/")[-2:]), {})


def with_medicine(resource: Resource, others: Mapping[str, Resource]) -> dict[str, Any]:
    """Return a resource with the code of its medicine, so that it reads as if sent with it.

    A medicine without a coding has those of its active ingredients together, and one that was
    entered in error none.
    """
    if "medicationReference" not in resource and "medication" not in resource:
        return dict(resource)
    concepts = medicine_concepts(resource, others)
    if not concepts or "medicationCodeableConcept" in resource:
        return dict(resource)
    if len(concepts) == 1:
        return {**resource, "medicationCodeableConcept": concepts[0]}
    codings = [coding for concept in concepts for coding in list_of(concept.get("coding"))]
    named = concepts[:1] if _text(concepts[0]) and not _is_coded(concepts[0]) else concepts
    text = " + ".join(filter(None, map(_name, named)))
    joined = {"coding": codings} | ({"text": text} if text else {})
    return {**resource, "medicationCodeableConcept": joined}


def with_whole_medicine(resource: Resource, others: Mapping[str, Resource]) -> dict[str, Any]:
    """Return a resource with its medicine contained: every code and label of it protects both."""
    medicine = find_medicine(resource, others) if others else {}
    if not medicine or reference_of(resource).startswith("#"):
        return dict(resource)
    return {**resource, "contained": [*list_of(resource.get("contained")), medicine]}


def medicine_concepts(resource: Resource, others: Mapping[str, Resource]) -> list[Resource]:
    """Return the concepts that name the medicine that a resource refers to.

    It is the medicine's code. Without a coding in it, its active ingredients name the medicine too.
    """
    medicine = find_medicine(resource, others)
    whole = resource.get("medication")
    if not medicine and isinstance(whole, dict):
        return _concepts(whole.get("concept"))  # FHIR R5
    if is_in_error(medicine):
        return []
    own = _concepts(medicine.get("code"))
    if any(map(_is_coded, own)):
        return own
    inside = (resource, medicine)
    parts = objects_of(medicine.get("ingredient"))
    active = (part for part in parts if part.get("isActive") is not False)
    return [*own, *(concept for part in active for concept in _ingredient(part, inside))]


def _ingredient(part: Resource, inside: Iterable[Resource]) -> list[Resource]:
    """Return the concept of an ingredient, which may be a contained Substance or Medication."""
    item = part.get("item")  # FHIR R5
    item = item if isinstance(item, dict) else {}
    stated = _concepts(part.get("itemCodeableConcept")) or _concepts(item.get("concept"))
    element = part.get("itemReference") or item.get("reference")
    reference = element.get("reference") if isinstance(element, dict) else None
    if stated or not isinstance(reference, str):
        return stated
    substance = next(filter(None, (_find_inside(reference, each) for each in inside)), {})
    return _concepts(substance.get("code"))


def _find_inside(reference: str, resource: Resource) -> Resource:
    parts = objects_of(resource.get("contained")) if reference.startswith("#") else []
    return next((part for part in parts if part.get("id") == reference[1:]), {})


def _concepts(concept: Any) -> list[Resource]:
    """Return a concept in a list, or an empty one if there is none."""
    if isinstance(concept, dict) and isinstance(concept.get("concept"), dict):
        concept = concept["concept"]  # R5 writes a Substance's code so
    is_named = isinstance(concept, dict) and (_is_coded(concept) or _text(concept))
    return [concept] if is_named else []


def _is_coded(concept: Resource) -> bool:
    codings = list_of(concept.get("coding"))
    return any(isinstance(each, dict) and isinstance(each.get("code"), str) for each in codings)


def _name(concept: Resource) -> str:
    codings = objects_of(concept.get("coding"))
    displays = (each.get("display") for each in codings)
    return _text(concept) or next((name for name in displays if isinstance(name, str)), "")


def _text(concept: Resource) -> str:
    text = concept.get("text")
    return text if isinstance(text, str) else ""
