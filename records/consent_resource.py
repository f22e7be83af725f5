"""Read a FHIR Consent as offers to a patient: what could be asked of them, and what could not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from consent import ANY, CATEGORIES, PURPOSES
from records.categories import read_rules
from records.elements import list_of
from records.event_times import read_moment
from records.event_values import codes_of

TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
PARTY_SYSTEM: Final = "urn:vouchsafe:party"
_RECIPIENT: Final = f"{TERMINOLOGY}/v3-ParticipationType|IRCP"
_RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"
_MAPPED: Final = frozenset(
    {"id", "type", "period", "actor", "action", "purpose", "class", "dataPeriod", "provision"}
)
"""What a provision may state; all else limits it in a way that our terms cannot say."""
_LISTS: Final = ("action", "actor", "class", "purpose", "provision")
_OF_PERIOD: Final = frozenset({"id", "start", "end"})
_OF_DENYING_ROOT: Final = frozenset({"id", "type", "period", "provision"})
"""What a root that denies may state beside permits; all else might limit those."""
_MODIFIERS: Final = ("implicitRules", "modifierExtension")
_SCOPE_ONLY: Final = ("sourceAttachment", "sourceReference", "policy", "policyRule", "verification")
_USES: Final = frozenset({f"{TERMINOLOGY}/consentaction|{word}" for word in ("access", "use")})
_IN_FORCE: Final = ("active", "proposed", "draft")
_MAX_NESTED: Final = 200

Provision = Mapping[str, Any]


class ConsentCode(StrEnum):
    """What could not be read of a Consent, or why it is no offer."""

    STATUS = "status"
    NO_PROVISION = "no-provision"
    NO_PERMIT = "no-permit"
    CONDITION = "condition"
    ACTION = "action"
    POLICY_CODE = "policy-code"
    PURPOSE = "purpose"
    NO_PURPOSE = "no-purpose"
    CATEGORY = "category"
    KIND = "kind"
    RECIPIENT = "recipient"
    NESTED = "nested"
    OWN_TERMS = "own-terms"


@dataclass(frozen=True, slots=True)
class ConsentNote:
    """Something of a Consent that is not in an offer.

    Attributes:
        code: what it is.
        element: its place in the resource.
        is_refusal: whether the provision it is in is no offer because of it.
    """

    code: ConsentCode
    element: str
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class ConsentOffer:
    """What a Consent says that a patient permits; only their signature makes it so.

    Attributes:
        recipient: a party id; "" if the resource names none that this platform knows.
        purposes: codes of the vocabulary.
        categories: codes of the vocabulary; None for all.
        data_from, data_to, until: ISO dates, or "".
    """

    recipient: str
    purposes: tuple[str, ...]
    categories: frozenset[str] | None
    data_from: str = ""
    data_to: str = ""
    until: str = ""


@dataclass(slots=True)
class ConsentReading:
    """The offers of a Consent, and what is not in them."""

    offers: list[ConsentOffer] = field(default_factory=list)
    notes: list[ConsentNote] = field(default_factory=list)

    def add(self, code: ConsentCode, element: str, *, is_refusal: bool = False) -> None:
        """Note something that is not in an offer."""
        self.notes.append(ConsentNote(code, element, is_refusal))


def read_consent(resource: Mapping[str, Any], *, now_s: float) -> ConsentReading:
    """Return what a Consent (R4; PCF Basic and Intermediate, MII) offers.

    A provision with a condition that our terms cannot state is no offer, so that none is wider than
    its source; only a class that names a kind of resource becomes the whole category of that kind,
    and a note says so. A nested deny of classes narrows the offer; with any other one there is
    none. What begins after `now_s` (seconds UTC) is no offer.
    """
    reading = ConsentReading()
    if resource.get("status") not in _IN_FORCE:
        reading.add(ConsentCode.STATUS, "Consent.status", is_refusal=True)
        return reading
    for name in _SCOPE_ONLY:
        if name in resource:
            reading.add(ConsentCode.OWN_TERMS, f"Consent.{name}")
    modifiers = [name for name in _MODIFIERS if name in resource]
    for name in modifiers:
        reading.add(ConsentCode.CONDITION, f"Consent.{name}", is_refusal=True)
    if not modifiers:
        _read_root(resource, reading, now_s)
    return reading


def _read_root(resource: Mapping[str, Any], reading: ConsentReading, now_s: float) -> None:
    root = resource.get("provision")
    if not isinstance(root, dict):
        reading.add(ConsentCode.NO_PROVISION, "Consent.provision", is_refusal=True)
        return
    if _is_permit(root, resource):
        _read_permit(root, "Consent.provision", reading, root, now_s)
    else:
        _read_exceptions(root, reading, now_s)
    if not reading.offers and not any(note.is_refusal for note in reading.notes):
        reading.add(ConsentCode.NO_PERMIT, "Consent.provision", is_refusal=True)


def _is_permit(root: Provision, resource: Mapping[str, Any]) -> bool:
    """Return whether the root permits; without a type the policy says it (OPTIN)."""
    if "type" in root:
        return bool(root["type"] == "permit")
    codes = codes_of(resource.get("policyRule"))
    return any(code.endswith("|OPTIN") for code in codes)


def _read_exceptions(root: Provision, reading: ConsentReading, now_s: float) -> None:
    """Read the permits below a root that denies: each is an offer of its own."""
    permits = [nested for _, nested in _nested(root) if nested.get("type") == "permit"]
    refusals = list(_limits_of_denial(root, now_s)) if permits else []
    if refusals:
        reading.notes += refusals
        return
    for place, nested in _nested(root):
        where = f"Consent.provision.provision[{place}]"
        if nested.get("type") == "permit":
            _read_permit(nested, where, reading, root, now_s)


def _limits_of_denial(root: Provision, now_s: float) -> Iterator[ConsentNote]:
    """Yield what a root that denies states beside its permits, for it might limit them."""
    where = "Consent.provision"
    for name in sorted(set(root) - _OF_DENYING_ROOT):
        yield ConsentNote(ConsentCode.CONDITION, f"{where}.{name}", True)
    yield from _limits_of_form(root, where, now_s)
    for place, nested in _nested(root):
        if nested.get("type") != "permit":
            yield ConsentNote(ConsentCode.NESTED, f"{where}.provision[{place}]", True)


def _limits_of_form(provision: Provision, where: str, now_s: float) -> Iterator[ConsentNote]:
    """Yield what cannot be read as FHIR has it, and a beginning in the future."""
    for name in _LISTS:
        value = provision.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            yield ConsentNote(ConsentCode.CONDITION, f"{where}.{name}", True)
    yield from _limits_of_period(provision, where, "period")
    yield from _limits_of_period(provision, where, "dataPeriod")
    begins = read_moment(_text(provision, "period", "start"))
    if begins is not None and begins.first > now_s:
        yield ConsentNote(ConsentCode.CONDITION, f"{where}.period.start", True)
    if len(list_of(provision.get("provision"))) > _MAX_NESTED:
        yield ConsentNote(ConsentCode.NESTED, f"{where}.provision", True)


def _limits_of_period(provision: Provision, where: str, name: str) -> Iterator[ConsentNote]:
    period = provision.get(name, {})
    if not isinstance(period, dict) or set(period) - _OF_PERIOD:
        yield ConsentNote(ConsentCode.CONDITION, f"{where}.{name}", True)
        return
    for end in ("start", "end"):
        if end in period and not _day(provision, name, end):
            yield ConsentNote(ConsentCode.CONDITION, f"{where}.{name}.{end}", True)


def _read_permit(
    permit: Provision, where: str, reading: ConsentReading, root: Provision, now_s: float
) -> None:
    """Add the offers of one permit: one for each recipient."""
    purposes = _purposes(permit, where, reading)
    categories, has_unknown = _categories(permit)
    if has_unknown:
        reading.add(ConsentCode.CATEGORY, f"{where}.class")
    if _names_kinds(permit):
        reading.add(ConsentCode.KIND, f"{where}.class")
    denied, refusals = _exceptions(permit, where)
    refusals += [*_limits(permit, where), *_limits_of_form(permit, where, now_s)]
    if not purposes:
        refusals.append(ConsentNote(ConsentCode.NO_PURPOSE, f"{where}.purpose", True))
    if categories is not None and not categories:
        refusals.append(ConsentNote(ConsentCode.CATEGORY, f"{where}.class", True))
    if refusals:
        reading.notes += refusals
        return
    if denied:
        # A protected one has to be named, as where nothing is denied (`ConsentImports`).
        sensitive = {rule.category for rule in read_rules().sensitive}
        categories = frozenset((categories or set(CATEGORIES) - {ANY} - sensitive) - denied)
    until = _day(permit, "period", "end") or _day(root, "period", "end")
    for recipient in _recipients(permit, where, reading):
        span = (_day(permit, "dataPeriod", "start"), _day(permit, "dataPeriod", "end"))
        reading.offers.append(ConsentOffer(recipient, purposes, categories, *span, until))


def _exceptions(permit: Provision, where: str) -> tuple[set[str], list[ConsentNote]]:
    """Return the categories that nested denies take out, and the exceptions that are others."""
    denied: set[str] = set()
    refusals: list[ConsentNote] = []
    for place, nested in _nested(permit):
        classes, has_unknown = _categories(nested)
        is_narrow = set(nested) <= {"id", "type", "class"} and not has_unknown
        if nested.get("type") == "deny" and is_narrow and classes:
            denied |= classes | (_protected() if _names_kinds(nested) else set())
        else:
            inner = f"{where}.provision[{place}]"
            refusals.append(ConsentNote(ConsentCode.NESTED, inner, True))
    return denied, refusals


def _limits(permit: Provision, where: str) -> Iterator[ConsentNote]:
    """Yield what limits a permit in a way that our terms cannot state."""
    for name in sorted(set(permit) - _MAPPED):
        code = ConsentCode.POLICY_CODE if name == "code" else ConsentCode.CONDITION
        yield ConsentNote(code, f"{where}.{name}", True)
    actions = [code for each in list_of(permit.get("action")) for code in codes_of(each)]
    if "action" in permit and not _USES & set(actions):
        yield ConsentNote(ConsentCode.ACTION, f"{where}.action", True)


def _purposes(permit: Provision, where: str, reading: ConsentReading) -> tuple[str, ...]:
    purposes: dict[str, None] = {}
    for place, coding in enumerate(list_of(permit.get("purpose"))):
        system, _, code = next(iter(codes_of(coding)), "").rpartition("|")
        if code != ANY and code in PURPOSES and PURPOSES[code].system == system:
            purposes[code] = None
        else:
            reading.add(ConsentCode.PURPOSE, f"{where}.purpose[{place}]")
    return tuple(purposes)


def _categories(provision: Provision) -> tuple[frozenset[str] | None, bool]:
    """Return the categories of `class` (None: it has none), and whether a class is unknown."""
    if "class" not in provision:
        return None, False
    categories: set[str] = set()
    has_unknown = False
    for coding in list_of(provision["class"]):
        code = next(iter(codes_of(coding)), "")
        meant = _categories_of(code)
        categories |= meant
        has_unknown |= not meant
    return frozenset(categories), has_unknown


def _names_kinds(provision: Provision) -> bool:
    """Return whether a class is a kind of resource, which may be filed under several categories."""
    codes = (code for coding in list_of(provision.get("class")) for code in codes_of(coding))
    return any(code.startswith(f"{_RESOURCE_TYPES}|") for code in codes)


def _protected() -> set[str]:
    """Return the categories in which a resource of any kind may be."""
    rules = read_rules()
    return {*(rule.category for rule in rules.sensitive), rules.restricted[0]}


def _categories_of(code: str) -> set[str]:
    system, _, word = code.rpartition("|")
    if word in CATEGORIES and CATEGORIES[word].system == system:
        return {word}
    if system != _RESOURCE_TYPES:
        return set()
    rules = read_rules()
    if word in ("Observation", "DiagnosticReport"):
        return set(rules.categories.values())
    return {rules.kinds[word]} if word in rules.kinds else set()


def _recipients(permit: Provision, where: str, reading: ConsentReading) -> list[str]:
    """Return the parties that receive, "" for one that is not named; a custodian is none."""
    recipients: dict[str, None] = {}
    for place, actor in enumerate(list_of(permit.get("actor"))):
        if not isinstance(actor, dict) or _RECIPIENT not in codes_of(actor.get("role")):
            continue
        reference = actor.get("reference")
        identifier = reference.get("identifier") if isinstance(reference, dict) else None
        is_ours = isinstance(identifier, dict) and identifier.get("system") == PARTY_SYSTEM
        value = identifier.get("value") if is_ours and isinstance(identifier, dict) else None
        if not isinstance(value, str):
            reading.add(ConsentCode.RECIPIENT, f"{where}.actor[{place}]")
        recipients[value if isinstance(value, str) else ""] = None
    return list(recipients) or [""]


def _nested(provision: Provision) -> Iterator[tuple[int, Provision]]:
    for place, nested in enumerate(list_of(provision.get("provision"))[:_MAX_NESTED]):
        yield place, nested if isinstance(nested, dict) else {}


def _text(provision: Provision, name: str, end: str) -> str:
    period = provision.get(name)
    text = period.get(end) if isinstance(period, dict) else None
    return text if isinstance(text, str) else ""


def _day(provision: Provision, name: str, end: str) -> str:
    """Return the first day of a start or the last day of an end, ISO; "" if there is none."""
    moment = read_moment(_text(provision, name, end))
    if moment is None:
        return ""
    at_s = moment.first if end == "start" else moment.last
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).date().isoformat()
