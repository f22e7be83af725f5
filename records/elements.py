"""Reads elements of FHIR that may repeat, whatever shape a sender gave them."""

from __future__ import annotations

from typing import Any


def list_of(value: Any) -> list[Any]:
    """Return an element that repeats; what is no list counts as none."""
    return value if isinstance(value, list) else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an element that repeats, without what has another shape."""
    return [each for each in list_of(value) if isinstance(each, dict)]
