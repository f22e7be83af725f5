"""Decide whether an observation is, or may be, about another person than its patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from records.elements import objects_of
from records.references import split_relative, split_url

_PEOPLE: Final = frozenset(
    {"Patient", "RelatedPerson", "Group", "Person", "Practitioner", "PractitionerRole"}
)
_CODE: Final = "/observation-focusCode"
"""Ends the URL of the extension that names another person, such as a fetus, by a code."""


def is_about_another(resource: Mapping[str, Any]) -> bool:
    """Return whether the focus of an observation is another person, or nobody can tell.

    A focus on a tumour or a device is about the patient, and so is one on the patient. A reference
    that names no kind, such as a urn without type, may be to a fetus or a donor.
    """
    if resource.get("resourceType") != "Observation":
        return False
    extensions = objects_of(resource.get("extension"))
    if any(str(each.get("url")).endswith(_CODE) for each in extensions):
        return True
    focus = resource.get("focus") or []
    focus = focus if isinstance(focus, list) else [focus]
    return any(_is_another(each, resource) for each in focus)


def _is_another(focus: Any, observation: Mapping[str, Any]) -> bool:
    if not isinstance(focus, dict):
        return True
    subject, text = observation.get("subject"), focus.get("reference")
    own = subject.get("reference") if isinstance(subject, dict) else None
    if isinstance(text, str) and text == own:
        return False
    kind = focus.get("type") or _kind_of(text, observation)
    return not isinstance(kind, str) or not kind or kind in _PEOPLE


def _kind_of(text: Any, observation: Mapping[str, Any]) -> Any:
    if not isinstance(text, str):
        return ""
    if not text.startswith("#"):
        return split_url(text)[1] or split_relative(text)[0]
    inside = objects_of(observation.get("contained"))
    return next((each.get("resourceType") for each in inside if each.get("id") == text[1:]), "")
