"""Read the results that a DiagnosticReport contains instead of referring to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from records.certainty import NOT_IN_FORCE, UNKNOWN

_TIMES: Final = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
_INHERITED: Final = (*_TIMES, "issued", "subject")
_MODIFIERS: Final = ("modifierExtension", "implicitRules")


def contained_results(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the Observations inside a report, with its times and subject where they have none.

    What takes the report back, or may turn its meaning, does so with its results.
    """
    inside = resource.get("contained")
    if resource.get("resourceType") != "DiagnosticReport" or not isinstance(inside, list):
        return
    inherited = {name: resource[name] for name in _INHERITED if name in resource}
    turned = {name: resource[name] for name in _MODIFIERS if name in resource}
    status = str(resource.get("status") or UNKNOWN)
    if status in NOT_IN_FORCE:
        turned["status"] = status
    for part in inside:
        if isinstance(part, dict) and part.get("resourceType") == "Observation":
            has_time = any(name in part for name in _TIMES)
            given = {
                name: value
                for name, value in inherited.items()
                if not (has_time and name in _TIMES)
            }
            yield {**given, **part, **turned, **_about_another(part, resource)}


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
