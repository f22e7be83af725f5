"""Read the results that a report or a panel contains instead of referring to them elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from records.certainty import NOT_IN_FORCE, UNKNOWN
from records.elements import list_of, objects_of

_TIMES: Final = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
_INHERITED: Final = (*_TIMES, "issued", "subject", "focus")
_MODIFIERS: Final = ("modifierExtension", "implicitRules")
_PANEL: Final = "Observation"
_MEMBERS: Final = ("hasMember", "derivedFrom")
_RELATED: Final = frozenset({"has-member", "derived-from"})


def contained_results(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the Observations inside a report, with its times and subject where they have none.

    Those inside another Observation are its results if it says that they are members of it, or
    that its value comes from them. What takes the whole back, or may turn its meaning, does so with
    its results.
    """
    inside, kind = resource.get("contained"), resource.get("resourceType")
    if kind not in ("DiagnosticReport", _PANEL) or not isinstance(inside, list):
        return
    members = _members(resource) if kind == _PANEL else None
    inherited = {name: resource[name] for name in _INHERITED if name in resource}
    turned = {name: resource[name] for name in _MODIFIERS if name in resource}
    status = str(resource.get("status") or UNKNOWN)
    if status in NOT_IN_FORCE:
        turned["status"] = status
    for part in inside:
        if not isinstance(part, dict) or part.get("resourceType") != "Observation":
            continue
        if members is None or f"#{part.get('id')}" in members:
            has_time = any(name in part for name in _TIMES)
            given = {
                name: value
                for name, value in inherited.items()
                if not (has_time and name in _TIMES)
            }
            yield {**given, **part, **turned, **_about_another(part, resource)}


def _members(panel: Mapping[str, Any]) -> set[str]:
    """Return the references of an Observation to its members and sources, of FHIR STU3 too."""
    targets = [each for name in _MEMBERS for each in list_of(panel.get(name))]
    targets += [
        each.get("target")
        for each in objects_of(panel.get("related"))
        if each.get("type") in _RELATED
    ]
    return {_reference(each) for each in targets}


def _about_another(result: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the elements that name whom a result is about, if its report names somebody else.

    The report is filed under its own patient, so such a result would count for the wrong person.
    """
    subject = report.get("subject")
    own = result.get("subject", subject)
    if own == subject or _reference(own) == _reference(subject) != "":
        return {}
    return {"subject": subject, "focus": [own]}


def _reference(element: Any) -> str:
    text = element.get("reference") if isinstance(element, dict) else None
    return text if isinstance(text, str) else ""
