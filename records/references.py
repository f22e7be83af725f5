"""Resolve whom an entry is about, in the order that FHIR gives: own server, then what is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from records.fhir_entries import FhirEntry
from records.outcomes import EntryCode
from records.persons import find_person, identifier_names, person_of_identifier

SUBJECT_ELEMENTS: Final = (
    "subject",
    "patient",
    "beneficiary",
    "individual",
    "for",
    "targetPatient",
    "securityContext",
    "candidate",
    "actor",
)
OWNERLESS: Final = frozenset(
    {
        "ActivityDefinition",
        "AuditEvent",
        "BiologicallyDerivedProduct",
        "CapabilityStatement",
        "CatalogEntry",
        "ChargeItemDefinition",
        "Citation",
        "CodeSystem",
        "CompartmentDefinition",
        "ConceptMap",
        "Device",
        "DeviceDefinition",
        "DeviceMetric",
        "EffectEvidenceSynthesis",
        "Endpoint",
        "EventDefinition",
        "Evidence",
        "EvidenceReport",
        "EvidenceVariable",
        "ExampleScenario",
        "GraphDefinition",
        "Group",
        "HealthcareService",
        "ImplementationGuide",
        "Ingredient",
        "InsurancePlan",
        "Library",
        "Linkage",
        "Location",
        "Measure",
        "Medication",
        "MedicationKnowledge",
        "MedicinalProductDefinition",
        "MessageDefinition",
        "MessageHeader",
        "NamingSystem",
        "ObservationDefinition",
        "OperationDefinition",
        "OperationOutcome",
        "Organization",
        "OrganizationAffiliation",
        "PackagedProductDefinition",
        "Parameters",
        "PlanDefinition",
        "Practitioner",
        "PractitionerRole",
        "Provenance",
        "Questionnaire",
        "ResearchDefinition",
        "ResearchElementDefinition",
        "ResearchStudy",
        "RiskEvidenceSynthesis",
        "Schedule",
        "SearchParameter",
        "Slot",
        "SpecimenDefinition",
        "StructureDefinition",
        "StructureMap",
        "Subscription",
        "SubscriptionStatus",
        "Substance",
        "SubstanceDefinition",
        "TerminologyCapabilities",
        "TestReport",
        "TestScript",
        "ValueSet",
        "VerificationResult",
    }
)
"""Kinds that belong to no patient, so that it needs no reason if they name none."""
IDENTIFIER: Final = "identifier|"
"""Begins the name of a patient by an identifier; its system and value follow."""
_WRAPPED: Final = {"participant": "actor"}
"""Elements whose parts hold the reference to the patient, such as those of an Appointment."""
LINK_TYPES: Final = ("replaced-by", "replaces", "refer", "seealso")
"""How one Patient may be linked to another (FHIR R4, LinkType)."""
_SERVER_URL: Final = re.compile(r"(https?://.+)/([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.$_]{1,64})\Z")
_RELATIVE: Final = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.$_]{1,64})\Z")
_VERSION: Final = re.compile(r"/_history/[^/]*\Z")
_CONDITIONAL: Final = re.compile(r"Patient\?identifier=(?:([^|]*)\|)?([^|&]+)\Z")


class Subject(NamedTuple):
    """Whom a resource is about.

    Attributes:
        element: the element that says it, or "".
        names: what the patient may be called, the most certain first; see `patient_names`.
        person: the person, if the reference itself says it.
        code: why nobody can be found, or EntryCode.NOTHING.
        base: the server that an absolute reference names, or "".
        bare: what the patient is called if that server is the sender's own; see `only_server`.
        identifier: the last of the names, if it is that of an identifier beside the reference.
        contained: the person of a contained Patient that has an identifier beside its reference.
        several: each reference to a patient, if there are several.
    """

    element: str = ""
    names: tuple[str, ...] = ()
    person: str | None = None
    code: EntryCode = EntryCode.NOTHING
    base: str = ""
    bare: str = ""
    identifier: str = ""
    contained: str | None = None
    several: tuple[Subject, ...] = ()


def split_url(url: str) -> tuple[str, str, str]:
    """Return (server base, type, id) of a resource's URL; all "" for any other text."""
    match = _SERVER_URL.match(_unversioned(url)) if url.startswith("http") else None
    return (match[1], match[2], match[3]) if match else ("", "", "")


def split_relative(reference: str) -> tuple[str, str]:
    """Return (type, id) of a relative reference, or ("", "")."""
    match = _RELATIVE.match(_unversioned(reference))
    return (match[1], match[2]) if match else ("", "")


def _unversioned(url: str) -> str:
    return _VERSION.sub("", url) if "/_history/" in url else url


def patient_names(entry: FhirEntry, sender: str) -> list[str]:
    """Return every name by which other entries may refer to this Patient.

    A Patient of a server is called by its URL, any other by its sender and id: the same id at two
    servers never names both.
    """
    resource = entry.resource or {}
    identity = resource.get("id")
    base, _, _ = split_url(entry.url)
    names = _spellings(_unversioned(entry.url)) if entry.url else []
    if isinstance(identity, str):
        own = f"{sender}|Patient/{identity}"
        names += [f"{base}/Patient/{identity}", f"loose|{own}"] if base else [own]
    names += [f"{IDENTIFIER}{system}|{value}" for system, value in identifier_names(resource)]
    return list(dict.fromkeys(names))


def find_subject(entry: FhirEntry, sender: str, systems: Sequence[str]) -> Subject:
    """Return whom a resource is about; `sender` names who sent the file."""
    resource = entry.resource or {}
    for element in SUBJECT_ELEMENTS:
        if element in resource:
            references = resource[element]
            if not isinstance(references, list):
                return _subject(entry, element, references, sender, systems)
            subjects = [_subject(entry, element, each, sender, systems) for each in references]
            return _patient_among(element, subjects)
    return _find_wrapped(entry, resource, sender, systems)


def _find_wrapped(
    entry: FhirEntry, resource: Mapping[str, Any], sender: str, systems: Sequence[str]
) -> Subject:
    """Return whom a resource is about, if parts of its elements name the patient."""
    wrapped = _WRAPPED | ({"link": "target"} if entry.kind == "Person" else {})
    for element, name in wrapped.items():
        if element in resource:
            parts = resource[element]
            references = _patients_in(parts if isinstance(parts, list) else [parts], name)
            subjects = [_subject(entry, element, each, sender, systems) for each in references]
            return _patient_among(element, subjects)
    return Subject(code=EntryCode.NO_SUBJECT)


def references_to_patient(
    resource: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the references by which a resource says whose it is, and those that may be others'.

    The latter name no kind, as a urn does not.
    """
    theirs: list[dict[str, Any]] = []
    for element in SUBJECT_ELEMENTS:
        references = resource.get(element)
        listed = references if isinstance(references, list) else [references]
        theirs += [each for each in listed if isinstance(each, dict)]
    unsure: list[dict[str, Any]] = []
    for element, name in _WRAPPED.items():
        parts = resource.get(element)
        for each in _patients_in(parts if isinstance(parts, list) else [parts], name):
            (theirs if _kind_of(each) else unsure).append(each)
    return theirs, unsure


def short_name(reference: str) -> str:
    """Return type and id of a reference, relative or absolute; another text as it is."""
    _, *absolute = split_url(reference)
    kind, identity = absolute if absolute[0] else split_relative(reference)
    return f"{kind}/{identity}" if kind else reference


def _patients_in(parts: list[Any], name: str) -> list[dict[str, Any]]:
    """Return the references of parts under a name that are, or may be, to patients."""
    actors = [each.get(name) for each in parts if isinstance(each, dict)]
    return [actor for actor in actors if isinstance(actor, dict) and _may_be_patient(actor)]


def _may_be_patient(reference: dict[str, Any]) -> bool:
    """Return whether a reference is to a Patient, or names no kind, as a urn does not."""
    kind = _kind_of(reference)
    return kind == "Patient" or (not kind and bool(reference.get("reference")))


def _kind_of(reference: dict[str, Any]) -> Any:
    text = reference.get("reference")
    text = text if isinstance(text, str) else ""
    return reference.get("type") or split_url(text)[1] or split_relative(text)[0]


def _patient_among(element: str, subjects: Sequence[Subject]) -> Subject:
    """Return the one of several that is a patient: a urn may name a practitioner too."""
    named = [each for each in subjects if each.code is EntryCode.NOTHING]
    if len(named) < 2:
        return next(chain(named, subjects), Subject(element, code=EntryCode.NO_SUBJECT))
    first = next((each for each in named if each.person is not None), None)
    if first is None:
        names = tuple(name for each in named for name in each.names)
        first = named[0]._replace(names=names, identifier="")
    return first._replace(several=tuple(named))


def find_links(
    entry: FhirEntry, sender: str, systems: Sequence[str]
) -> Iterator[tuple[str, Subject]]:
    """Yield the type of each link of a Patient to another one, and who the other may be."""
    links = (entry.resource or {}).get("link")
    for link in links if isinstance(links, list) else []:
        kind = link.get("type") if isinstance(link, dict) else None
        if kind in LINK_TYPES:
            other = _subject(entry, "link", link.get("other"), sender, systems)
            if other.code is EntryCode.NOTHING:
                yield kind, other


def _subject(
    entry: FhirEntry, element: str, reference: Any, sender: str, systems: Sequence[str]
) -> Subject:
    if not isinstance(reference, dict):
        return Subject(element, code=EntryCode.NO_SUBJECT)
    text, identifier = reference.get("reference"), reference.get("identifier")
    person = person_of_identifier(identifier, systems)
    names: list[str] = []
    base = bare = beside = ""
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        beside = f"{IDENTIFIER}{identifier.get('system') or ''}|{identifier['value']}"
    if isinstance(text, str) and text.startswith("#"):
        contained, code = _contained(entry, text[1:], systems)
        if code or not beside:
            return Subject(element, (), contained, code)
        return Subject(element, (beside,), person, identifier=beside, contained=contained)
    if isinstance(text, str):
        base, kind, identity = split_url(text)
        kind = kind or split_relative(text)[0]
        if kind not in ("", "Patient"):
            return Subject(element, code=_why_no_person(element, kind))
        names += _names(entry, text, sender)
        bare = f"{sender}|Patient/{identity}" if base else ""
    names += [beside] if beside else []
    if not names and person is None:
        return Subject(element, code=EntryCode.NO_SUBJECT)
    return Subject(element, tuple(names), person, base=base, bare=bare, identifier=beside)


def _why_no_person(element: str, kind: str) -> EntryCode:
    is_context = element == "securityContext" and kind != "Group" and kind not in OWNERLESS
    return EntryCode.CONTEXT_NOT_PATIENT if is_context else EntryCode.SUBJECT_NOT_PERSON


def _names(entry: FhirEntry, text: str, sender: str) -> Iterator[str]:
    """Yield what the referred Patient may be called, the most certain name first."""
    text = _unversioned(text)
    # Few references are searches, and this runs for every reference.
    is_search = "?" in text or "%" in text
    conditional = _CONDITIONAL.match(unquote(text)) if is_search else None
    if conditional:
        yield f"{IDENTIFIER}{conditional[1] or ''}|{conditional[2]}"
        return
    kind, identity = split_relative(text)
    if not kind:
        yield from _spellings(text)
        return
    own_base, _, _ = split_url(entry.url)
    if own_base:
        yield f"{own_base}/{kind}/{identity}"
    yield f"{sender}|{kind}/{identity}"
    if not own_base:
        yield f"loose|{sender}|{kind}/{identity}"


def _spellings(url: str) -> list[str]:
    """Return a URL, and a UUID in lower case too: its letters have no case (RFC 9562)."""
    is_uuid = url.lower().startswith("urn:uuid:")
    return list(dict.fromkeys([url, url.lower()])) if is_uuid else [url]


def only_server(
    entries: Iterable[FhirEntry], sender: str, systems: Sequence[str]
) -> tuple[str, set[str]]:
    """Return the server that every URL and patient reference names, and the references to it.

    Entries of two servers, or a relative reference beside an absolute one, give "": then an
    absolute reference may be to another server, whose Patient with the same id is another person.
    """
    bases, references = set[str](), set[str]()
    for entry in entries:
        own_base = split_url(entry.url)[0]
        bases |= {own_base} if own_base else set()
        subject = find_subject(entry, sender, systems)
        if subject.base:
            bases.add(subject.base)
            references.add(subject.names[0])
        elif not own_base and any(name.startswith(f"{sender}|Patient/") for name in subject.names):
            bases.add("")
    return (bases.pop() if len(bases) == 1 else ""), references


def _contained(
    entry: FhirEntry, identity: str, systems: Sequence[str]
) -> tuple[str | None, EntryCode]:
    contained = (entry.resource or {}).get("contained")
    for resource in contained if isinstance(contained, list) else []:
        if isinstance(resource, dict) and resource.get("id") == identity:
            if resource.get("resourceType") != "Patient":
                return None, EntryCode.SUBJECT_NOT_PERSON
            return find_person(resource, systems)
    return None, EntryCode.NO_SUBJECT


class Patients:
    """Whom the names of the Patients in a file stand for; a name of two people is ambiguous."""

    def __init__(self) -> None:
        self._people: dict[str, str | None] = {}

    def add(self, names: Sequence[str], person: str) -> None:
        """Note that these names stand for a person."""
        for name in names:
            known = self._people.setdefault(name, person)
            if known != person:
                self._people[name] = None

    def __contains__(self, name: str) -> bool:
        """Return whether the name was given to anybody."""
        return name in self._people

    def has_server(self, base: str) -> bool:
        """Return whether a Patient is called by a URL of this server."""
        return any(name.startswith(f"{base}/Patient/") for name in self._people)

    def find(self, names: Sequence[str]) -> tuple[str | None, EntryCode]:
        """Return the person of the first name that is known, or None and why."""
        for name in names:
            if name in self._people:
                person = self._people[name]
                return person, EntryCode.NOTHING if person else EntryCode.AMBIGUOUS_SUBJECT
        return None, EntryCode.UNKNOWN_SUBJECT
