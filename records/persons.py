"""Choose which of a Patient's identifiers names the person at the custodian."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from records.outcomes import EntryCode

MAX_ID_CHARACTERS: Final = 200
TYPE: Final = "type:"
DEFAULT_SYSTEMS: Final = ("type:MR",)
"""Used where no system is configured: the medical record number, else the only identifier."""


def find_person(
    resource: dict[str, Any], systems: Sequence[str] = ()
) -> tuple[str | None, EntryCode]:
    """Return the name of a Patient's person, or None and why there is none.

    The first system that the Patient has an identifier of decides. The value in the first
    configured system is the hospital number itself; every other one is `system|value`, so that
    equal numbers of two hospitals never become one person.

    Args:
        resource: a Patient.
        systems: URIs, or `type:CODE` for the code of Identifier.type, the most trusted first.
    """
    identifiers = list(_identifiers(resource))
    for index, system in enumerate(systems or DEFAULT_SYSTEMS):
        matching = [identifier for identifier in identifiers if _is_of(identifier, system)]
        names = {_name(each, plain=bool(systems) and index == 0) for each in matching}
        if len(names) > 1:
            return None, EntryCode.AMBIGUOUS_IDENTIFIER
        if names:
            return names.pop(), EntryCode.NOTHING
    names = {_name(identifier, plain=False) for identifier in identifiers}
    if not systems and len(names) == 1:
        return names.pop(), EntryCode.NOTHING
    return None, EntryCode.NO_IDENTIFIER


def patient_state(resource: dict[str, Any]) -> EntryCode:
    """Return what a custodian should know of a Patient: replaced by another one, or deceased."""
    if resource.get("resourceType") != "Patient":
        return EntryCode.NOTHING
    links = resource.get("link")
    kinds = {
        each.get("type") for each in (links if isinstance(links, list) else []) if _is_link(each)
    }
    if "replaced-by" in kinds:
        return EntryCode.REPLACED_PATIENT
    return EntryCode.DECEASED if is_deceased(resource) else EntryCode.NOTHING


def is_deceased(resource: Mapping[str, Any]) -> bool | None:
    """Return whether a Patient has died; None if it does not say."""
    if isinstance(resource.get("deceasedDateTime"), str):
        return True
    stated = resource.get("deceasedBoolean")
    return stated if isinstance(stated, bool) else None


def _is_link(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def identifier_names(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (system, value) of each identifier that is in use; a missing system is ""."""
    return [(_system(each), each["value"]) for each in _identifiers(resource)]


def person_of_identifier(identifier: Any, systems: Sequence[str]) -> str | None:
    """Return the person that a logical reference names by a configured system, or None."""
    if not isinstance(identifier, dict) or not _is_usable(identifier):
        return None
    for index, system in enumerate(systems):
        if not system.startswith(TYPE) and _is_of(identifier, system):
            return _name(identifier, plain=index == 0)
    return None


def _identifiers(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    identifiers = resource.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else []:
        if isinstance(identifier, dict) and _is_usable(identifier):
            yield identifier


def _is_usable(identifier: dict[str, Any]) -> bool:
    value: Any = identifier.get("value")
    is_value = isinstance(value, str) and value.strip() != "" and value.isprintable()
    return is_value and len(value) <= MAX_ID_CHARACTERS and identifier.get("use") != "old"


def _is_of(identifier: dict[str, Any], system: str) -> bool:
    if not system.startswith(TYPE):
        return identifier.get("system") == system
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    code = system.removeprefix(TYPE)
    return any(
        isinstance(coding, dict) and coding.get("code") == code
        for coding in (codings if isinstance(codings, list) else [])
    )


def _system(identifier: dict[str, Any]) -> str:
    system = identifier.get("system")
    return system if isinstance(system, str) else ""


def _name(identifier: dict[str, Any], *, plain: bool) -> str:
    system, value = _system(identifier), str(identifier["value"]).strip()
    return value if plain or not system else f"{system}|{value}"
