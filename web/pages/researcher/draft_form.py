"""Turns the fields of the page that builds a question into choices, and choices into fields."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from models.question_choices import FeatureChoice, QuestionChoices
from services.errors import Invalid
from services.words import Words

MAX_FEATURES: Final = 60
_LISTS: Final = ("limits", "index_codes", "outcome_codes", "codes", "values")
_NUMBERS: Final = ("outcome_minimum", "outcome_maximum", "minimum", "maximum")
_TICKS: Final = ("never_before", "absent_is_negative", "is_boolean")
_YES: Final = "yes"


def choices_from(words: Words, form: Mapping[str, str]) -> QuestionChoices:
    """Return the choices of a form; a line of a list is one of its texts.

    Raises:
        Invalid: what should be a number is none; `fields` has the names of the form.
    """
    errors: dict[str, list[str]] = {}
    whole = _values(words, QuestionChoices, form, "", errors)
    whole["features"] = tuple(
        FeatureChoice(**_values(words, FeatureChoice, form, f"-{number}", errors))
        for number in range(MAX_FEATURES)
        if f"name-{number}" in form and form.get(f"remove-{number}") != _YES
    )
    if errors:
        raise Invalid(fields=errors)
    return QuestionChoices(**whole)


def form_of(choices: QuestionChoices) -> dict[str, str]:
    """Return the fields of the form that these choices make."""
    form = _texts(choices, "")
    for number, feature in enumerate(choices.features):
        form |= _texts(feature, f"-{number}")
    return form


def _values(
    words: Words,
    source: type[Any],
    form: Mapping[str, str],
    end: str,
    errors: dict[str, list[str]],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in _names(source):
        text = form.get(name + end, "").strip()
        if name in _LISTS:
            values[name] = tuple(line.strip() for line in text.splitlines() if line.strip())
        elif name in _TICKS:
            values[name] = text == _YES
        elif name in _NUMBERS:
            values[name] = _number(text)
            if text and values[name] is None:
                errors[name + end] = [words("builder-number")]
        else:
            values[name] = " ".join(text.split())
    return values


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _texts(part: Any, end: str) -> dict[str, str]:
    texts = {}
    for name in _names(type(part)):
        value = getattr(part, name)
        if isinstance(value, tuple):
            texts[name + end] = "\n".join(value)
        elif isinstance(value, bool):
            texts[name + end] = _YES if value else ""
        elif isinstance(value, float | int):
            texts[name + end] = f"{value:g}"
        else:
            texts[name + end] = value or ""
    return texts


def _names(source: type[Any]) -> list[str]:
    return [field.name for field in fields(source) if field.name != "features"]
