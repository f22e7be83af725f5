"""Decide which facts a FHIR resource states about its subject, since when, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final, NamedTuple

from records.ages import DATED_AFTER_ARRIVAL, WITHOUT_BIRTH, read_age
from records.certainty import CONFIRMED, UNKNOWN, certainty, is_modified, is_negated, unsure_intent
from records.contained import contained_results
from records.event_times import AGE, NO_TIME, Moment, read_moment
from records.event_values import (
    CODE,
    NO_VALUE,
    Resource,
    Value,
    is_value_absent,
    meant_codes_of,
    values_of,
)
from records.focus import is_about_another
from records.medicines import medicine_concepts
from records.persons import is_deceased

BIRTH: Final = "BIRTH"
SEX: Final = "SEX"
DEATH: Final = "DEATH"
DEATH_UNDATED: Final = "DEATH-UNDATED"
"""That a person has died, where nobody says when; no question may ask for it."""
PERSON_CODES: Final = (BIRTH, SEX, DEATH)


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
    AFTER_ARRIVAL = DATED_AFTER_ARRIVAL
    AGE_WITHOUT_BIRTH = WITHOUT_BIRTH
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

    @property
    def beginnings(self) -> list[str]:
        """How its elements begin that may be an age or a text in place of a date."""
        ends = "DateTime"
        return [name.removesuffix(ends) for name in self.times if name.endswith(ends)]


def _times(name: str) -> tuple[str, ...]:
    return (f"{name}DateTime", f"{name}Period", f"{name}Instant", f"{name}Timing")


_MEDICATION: Final = ("medicationCodeableConcept", "medicationReference", "medication")
"""The last is how FHIR R5 calls it."""
_RECORDED: Final = ("recordedDate", "assertedDate", "dateRecorded")
"""The others are how FHIR STU3 and DSTU2 call it, of which files are still sent."""
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
    "Procedure": _Rule(
        ("code",),
        (*_times("performed"), *_times("occurrence")),
        (),
        frozenset({"in-progress", "completed"}),
    ),
    "Encounter": _Rule(
        ("class", "type"),
        ("period", "actualPeriod"),
        (),
        frozenset(
            {"arrived", "triaged", "in-progress", "onleave", "finished", "completed", "discharged"}
        ),
    ),
    "Immunization": _Rule(
        ("vaccineCode",), (*_times("occurrence"), "date"), ("recorded",), frozenset({"completed"})
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
        frozenset({"active", "completed", "on-hold", "stopped", "recorded"}),
    ),
    "MedicationAdministration": _Rule(
        _MEDICATION,
        (*_times("effective"), *_times("occurence")),  # FHIR R5 has this spelling
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
RELATIVES: Final = frozenset({"FamilyMemberHistory"})
"""Kinds that state something about a patient's relatives."""


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
        others: the medicines that it may refer to, by name (`medicines_of`).

    Raises:
        NoEventError: it states nothing that a question may read.
    """
    kind = resource.get("resourceType")
    if kind == "Patient":
        return _person(resource)
    rule = _RULES.get(str(kind))
    if rule is None:
        is_relative = kind in RELATIVES
        raise NoEventError(NoEvent.OTHER_PERSON if is_relative else NoEvent.KIND)
    status = _status(resource, rule)
    if is_modified(resource):
        raise NoEventError(NoEvent.MODIFIER)
    if is_about_another(resource):
        raise NoEventError(NoEvent.OTHER_PERSON)
    codes = _codes(resource, rule, others)
    if not codes:
        raise NoEventError(NoEvent.NO_CODE)
    start, end, known = _when(resource, rule)
    if kind != "Observation":
        stated = Fact(codes, start, end, known, [NO_VALUE], status)
        return [stated, *_facts_inside(resource)]
    # The value of a period, such as a day's urine, is not known before the period ends.
    own = Fact(codes, start, end, max(known, end), [], status)
    inside = _facts_inside(resource) if "contained" in resource else []
    return [*_measured(resource, own, is_panel=bool(inside)), *inside]


def _facts_inside(report: Resource) -> list[Fact]:
    """Return what the results inside a report state; those that state nothing are left out."""
    facts: list[Fact] = []
    for result in contained_results(report):
        with suppress(NoEventError):
            facts += facts_of(result, {})
    return facts


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
    elif is_deceased(patient):
        at_s = NO_TIME.first
        facts.append(Fact([DEATH_UNDATED], NO_TIME, at_s, at_s, [NO_VALUE], CONFIRMED))
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


def requires_status(kind: str) -> bool:
    """Return whether FHIR requires a status of this kind: without one nothing is certain."""
    rule = _RULES.get(kind)
    return rule is not None and bool(rule.sure)


def has_rule(kind: str) -> bool:
    """Return whether resources of this kind give events by their codes."""
    return kind in _RULES


def is_sure(resource: Resource) -> bool:
    """Return whether status and intent of a resource are ones that make its event certain."""
    rule = _RULES.get(str(resource.get("resourceType")))
    if unsure_intent(resource):
        return False
    return rule is None or not rule.sure or str(resource.get("status")) in rule.sure


def find_start(resource: Resource) -> Moment | None:
    """Return when an event of a kind that gives some started, None if no date can be read."""
    rule = _RULES.get(str(resource.get("resourceType")))
    try:
        return None if rule is None else _when(resource, rule)[0]
    except NoEventError:
        return None


def has_only_age(resource: Resource) -> bool:
    """Return whether nothing but an age says when an event was."""
    rule = _RULES.get(str(resource.get("resourceType")))
    start = find_start(resource)
    if rule is None or start is None or start.precision != AGE:
        return False
    return all(read_moment(resource.get(name)) is None for name in rule.recorded)


def has_only_text(resource: Resource) -> bool:
    """Return whether only a text, which cannot be read as a date, says when an event was."""
    rule = _RULES.get(str(resource.get("resourceType")))
    if rule is None or find_start(resource) is not None:
        return False
    return any(isinstance(resource.get(f"{name}String"), str) for name in rule.beginnings)


def gives_events(resource: Resource) -> bool:
    """Return whether a resource of its own, without others beside it, gives an event."""
    try:
        return bool(facts_of(resource, {}))
    except (NoEventError, *MALFORMED):
        return False


def _codes(resource: Resource, rule: _Rule, others: Mapping[str, Resource]) -> list[str]:
    codes: list[str] = []
    for name in rule.concepts:
        element = resource.get(name)
        if element is None:
            continue
        if name in ("medicationReference", "medication"):
            element = [] if codes else medicine_concepts(resource, others)
        for concept in element if isinstance(element, list) else (element,):
            codes += meant_codes_of(concept)
    # Two ingredients of a medicine may have a code in common.
    return list(dict.fromkeys(codes)) if len(codes) > 1 else codes


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
    known = NO_TIME.first if recorded is None else recorded.known
    for name in rule.beginnings:
        age = read_age(resource, name)
        if age is not None:
            return age, age.last, known
    if recorded is None:
        raise NoEventError(NoEvent.NO_DATE)
    return recorded, recorded.first, recorded.known


def _span(element: Any) -> tuple[Moment | None, int]:
    """Return the start of a date or Period, and the first second of its end."""
    if not isinstance(element, dict):
        moment = read_moment(element)
        return moment, 0 if moment is None else moment.first
    first, last = _ends(element)
    start, end = read_moment(first), read_moment(last)
    start = start or end
    if start is None:
        return None, 0
    return start, max(start.first, end.first) if end is not None else start.first


def _ends(element: Resource) -> tuple[Any, Any]:
    """Return start and end of a Period, or of the moments or the bounds of a Timing."""
    moments = element.get("event")
    if isinstance(moments, list) and moments:
        return moments[0], moments[-1]
    repeat = element.get("repeat")
    period = repeat.get("boundsPeriod") if isinstance(repeat, dict) else element
    period = period if isinstance(period, dict) else {}
    return period.get("start"), period.get("end")


def _measured(observation: Resource, fact: Fact, *, is_panel: bool) -> list[Fact]:
    """Return the observation's own value and each component's as a fact."""
    parts = [
        fact._replace(codes=codes, values=values)
        for component in observation.get("component") or ()
        for codes, values in ((meant_codes_of(component.get("code")), values_of(component)),)
        if codes and values and not component.get("modifierExtension")
    ]
    values = values_of(observation)
    if values:
        return [fact._replace(values=values), *parts]
    if parts or is_panel or observation.get("hasMember"):
        return [fact._replace(values=[NO_VALUE]), *parts]
    is_absent = is_value_absent(observation) or "dataAbsentReason" in observation
    raise NoEventError(NoEvent.VALUE_ABSENT if is_absent else NoEvent.NO_VALUE)
