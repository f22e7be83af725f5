"""Decide which facts a FHIR resource states about its subject, since when, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from records.event_times import NO_TIME, Moment, read_moment
from records.event_values import CODE, NO_VALUE, Resource, Value, codes_of, values_of

BIRTH: Final = "BIRTH"
SEX: Final = "SEX"
DEATH: Final = "DEATH"
PERSON_CODES: Final = (BIRTH, SEX, DEATH)
CONFIRMED: Final = "confirmed"


class NoEvent(StrEnum):
    """Why a resource gives no event."""

    ENTERED_IN_ERROR = "entered-in-error"
    NOT_DONE = "not-done"
    MODIFIER = "modifier-extension"
    OTHER_PERSON = "other-person"
    KIND = "kind-without-events"
    NO_CODE = "no-code"
    NO_DATE = "no-date"
    NO_VALUE = "no-value"
    VALUE_ABSENT = "value-absent"
    AFTER_ARRIVAL = "dated-after-arrival"
    MALFORMED = "malformed"


class Fact(NamedTuple):
    """One event: codes (one row each), when it was and was known, values, and its status."""

    codes: list[str]
    start: Moment
    end: int
    known: int
    values: list[Value]
    status: str


class _Rule(NamedTuple):
    """How a kind of resource is read: elements with codes, with times, and sure statuses."""

    concepts: tuple[str, ...]
    times: tuple[str, ...]
    recorded: tuple[str, ...]
    sure: frozenset[str]


def _times(name: str) -> tuple[str, ...]:
    return (f"{name}DateTime", f"{name}Period", f"{name}Instant")


_MEDICATION: Final = ("medicationCodeableConcept", "medicationReference")
_RECORDED: Final = ("recordedDate", "assertedDate")
"""The second is how FHIR STU3 calls it, of which files are still sent."""
_RULES: Final[Mapping[str, _Rule]] = {
    "Observation": _Rule(
        ("code",),
        _times("effective"),
        ("issued",),
        frozenset({"final", "amended", "corrected"}),
    ),
    "DiagnosticReport": _Rule(
        ("code",),
        _times("effective"),
        ("issued",),
        frozenset({"final", "amended", "corrected", "appended"}),
    ),
    "Condition": _Rule(("code",), _times("onset"), _RECORDED, frozenset()),
    "AllergyIntolerance": _Rule(("code",), _times("onset"), _RECORDED, frozenset()),
    "Procedure": _Rule(("code",), _times("performed"), (), frozenset({"in-progress", "completed"})),
    "Encounter": _Rule(
        ("class", "type"),
        ("period",),
        (),
        frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"}),
    ),
    "Immunization": _Rule(
        ("vaccineCode",), _times("occurrence"), ("recorded",), frozenset({"completed"})
    ),
    "ImagingStudy": _Rule(
        ("procedureCode", "modality"), ("started",), (), frozenset({"registered", "available"})
    ),
    "MedicationRequest": _Rule(
        _MEDICATION,
        ("authoredOn",),
        (),
        frozenset({"active", "on-hold", "completed", "stopped"}),
    ),
    "MedicationStatement": _Rule(
        _MEDICATION,
        _times("effective"),
        ("dateAsserted",),
        frozenset({"active", "completed", "on-hold", "stopped"}),
    ),
    "MedicationAdministration": _Rule(
        _MEDICATION,
        _times("effective"),
        (),
        frozenset({"in-progress", "on-hold", "completed", "stopped"}),
    ),
    "MedicationDispense": _Rule(
        _MEDICATION,
        ("whenHandedOver", "whenPrepared"),
        (),
        frozenset({"in-progress", "completed"}),
    ),
}
_NOT_DONE: Final = frozenset({"cancelled", "not-done", "not-taken", "declined"})
_UNSURE_INTENTS: Final = frozenset({"proposal", "plan", "option"})
_NEGATIONS: Final = ("doNotPerform", "notDone", "notGiven", "wasNotGiven", "wasNotTaken")
"""Elements that turn the meaning of a resource; all but the first are of FHIR before R4."""
UNCONFIRMED: Final = ("refuted", "entered-in-error", "differential", "provisional", "unconfirmed")
UNKNOWN: Final = "unknown"
_OTHERS: Final = ("Patient", "RelatedPerson", "Group")


MALFORMED: Final = (AttributeError, TypeError, ValueError, KeyError, IndexError)
"""What reading an element of a wrong type raises."""


class NoEventError(Exception):
    """A resource gives no event; `reason` says why."""

    def __init__(self, reason: NoEvent) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def facts_of(resource: Resource, others: Mapping[str, Resource]) -> list[Fact]:
    """Return what a resource states about its subject.

    Args:
        resource: a whole FHIR R4 resource.
        others: the resources that it may refer to, by `Type/id`, such as a Medication.

    Raises:
        NoEventError: it states nothing that a question may read.
    """
    kind = resource.get("resourceType")
    if kind == "Patient":
        return _person(resource)
    rule = _RULES.get(str(kind))
    if rule is None:
        is_relative = kind == "FamilyMemberHistory"
        raise NoEventError(NoEvent.OTHER_PERSON if is_relative else NoEvent.KIND)
    status = _status(resource, rule)
    if resource.get("modifierExtension"):
        raise NoEventError(NoEvent.MODIFIER)
    if resource.get("focus"):
        _require_own(resource)
    codes = _codes(resource, rule, others)
    if not codes:
        raise NoEventError(NoEvent.NO_CODE)
    start, end, known = _when(resource, rule)
    if kind != "Observation":
        return [Fact(codes, start, end, known, [NO_VALUE], status)]
    # The value of a period, such as a day's urine, is not known before the period ends.
    return _measured(resource, Fact(codes, start, end, max(known, end), [], status))


def _person(patient: Resource) -> list[Fact]:
    facts = []
    born = read_moment(patient.get("birthDate"))
    if born is not None:
        facts.append(Fact([BIRTH], born, born.last, born.first, [NO_VALUE], CONFIRMED))
    gender = patient.get("gender")
    if isinstance(gender, str):
        start = born or NO_TIME
        value = NO_VALUE._replace(kind=CODE, text=gender)
        facts.append(Fact([SEX], start, start.first, start.first, [value], CONFIRMED))
    died = read_moment(patient.get("deceasedDateTime"))
    if died is not None:
        facts.append(Fact([DEATH], died, died.last, died.known, [NO_VALUE], CONFIRMED))
    if not facts:
        raise NoEventError(NoEvent.NO_VALUE)
    return facts


def _status(resource: Resource, rule: _Rule) -> str:
    """Return ``confirmed``, or the word for what is not certain."""
    status = (resource.get("status") or UNKNOWN) if rule.sure else certainty(resource)
    if status == "entered-in-error":
        raise NoEventError(NoEvent.ENTERED_IN_ERROR)
    if status in _NOT_DONE or is_negated(resource):
        raise NoEventError(NoEvent.NOT_DONE)
    return unsure_intent(resource) or (CONFIRMED if status in rule.sure else str(status))


def certainty(resource: Resource) -> str:
    """Return the code of verificationStatus, ``confirmed`` if there is none.

    FHIR STU3 writes it as a text. What is there and cannot be read is not certain.
    """
    status = resource.get("verificationStatus")
    if status is None:
        return CONFIRMED
    codes = [status] if isinstance(status, str) else codes_of(status)
    words = [code.rpartition("|")[2].lower() for code in codes]
    return next((word for word in words if word in UNCONFIRMED), words[0] if words else UNKNOWN)


def is_negated(resource: Resource) -> bool:
    """Return whether a resource says that something was not done, or is not to be done."""
    return resource.get("taken") == "n" or any(resource.get(name) is True for name in _NEGATIONS)


def unsure_intent(resource: Resource) -> str:
    """Return the intent of what is only proposed, else ""."""
    intent = resource.get("intent")
    return intent if isinstance(intent, str) and intent in _UNSURE_INTENTS else ""


def requires_status(kind: str) -> bool:
    """Return whether FHIR requires a status of this kind: without one nothing is certain."""
    rule = _RULES.get(kind)
    return rule is not None and bool(rule.sure)


def find_start(resource: Resource) -> Moment | None:
    """Return when an event of a kind that gives some started, None if no date can be read."""
    rule = _RULES.get(str(resource.get("resourceType")))
    try:
        return None if rule is None else _when(resource, rule)[0]
    except NoEventError:
        return None


def gives_events(resource: Resource) -> bool:
    """Return whether a resource of its own, without others beside it, gives an event."""
    try:
        return bool(facts_of(resource, {}))
    except (NoEventError, *MALFORMED):
        return False


def _require_own(resource: Resource) -> None:
    """Refuse a value about somebody else; a focus on a tumour or a device is about the subject."""
    subject = (resource.get("subject") or {}).get("reference")
    for focus in resource["focus"]:
        reference = str(focus.get("reference", ""))
        kind = focus.get("type") or reference.rpartition("/")[0].rpartition("/")[2]
        if kind in _OTHERS and reference != subject:
            raise NoEventError(NoEvent.OTHER_PERSON)


def _codes(resource: Resource, rule: _Rule, others: Mapping[str, Resource]) -> list[str]:
    codes: list[str] = []
    for name in rule.concepts:
        element = resource.get(name)
        if element is None:
            continue
        if name == "medicationReference":
            element = _referred(resource, element, others).get("code")
        for concept in element if isinstance(element, list) else (element,):
            codes += codes_of(concept)
    return codes


def _referred(resource: Resource, element: Any, others: Mapping[str, Resource]) -> Resource:
    reference = str(element.get("reference", ""))
    if reference.startswith("#"):
        inside = resource.get("contained") or []
        return next((part for part in inside if part.get("id") == reference[1:]), {})
    return others.get("/".join(reference.split("/")[-2:]), {})


def _when(resource: Resource, rule: _Rule) -> tuple[Moment, int, int]:
    """Return when it started, the last second that it covers, and when it was known."""
    recorded = next(filter(None, (read_moment(resource.get(name)) for name in rule.recorded)), None)
    for name in rule.times:
        element = resource.get(name)
        if element is None:
            continue
        start, end = _span(element)
        if start is not None:
            known = start.known if recorded is None else max(start.known, recorded.known)
            return start, end, known
    if recorded is None:
        raise NoEventError(NoEvent.NO_DATE)
    return recorded, recorded.first, recorded.known


def _span(element: Any) -> tuple[Moment | None, int]:
    """Return the start of a date or Period, and the first second of its end."""
    if not isinstance(element, dict):
        moment = read_moment(element)
        return moment, 0 if moment is None else moment.first
    start, end = read_moment(element.get("start")), read_moment(element.get("end"))
    start = start or end
    if start is None:
        return None, 0
    return start, max(start.first, end.first) if end is not None else start.first


def _measured(observation: Resource, fact: Fact) -> list[Fact]:
    """Return the observation's own value and each component's as a fact."""
    parts = [
        fact._replace(codes=codes, values=values)
        for component in observation.get("component") or ()
        for codes, values in ((codes_of(component.get("code")), values_of(component)),)
        if codes and values and not component.get("modifierExtension")
    ]
    values = values_of(observation)
    if values:
        return [fact._replace(values=values), *parts]
    if parts or observation.get("hasMember"):
        return [fact._replace(values=[NO_VALUE]), *parts]
    is_absent = "dataAbsentReason" in observation
    raise NoEventError(NoEvent.VALUE_ABSENT if is_absent else NoEvent.NO_VALUE)
