"""Find which parts of a JSON text have no single meaning, so that the others can be kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from records.errors import JsonInvalid
from records.json_strict import exact_integer, exact_number, require_depth

MAX_PARSED_DEPTH: Final = 256
"""A text that is nested deeper is not read at all: the parser calls itself for each level."""


class Flaw(StrEnum):
    """What is wrong with a part of a JSON text; it is in the place of that part."""

    NUMBER = "number"
    NOT_FINITE = "not-finite"
    DUPLICATE_KEY = "duplicate-key"
    NOT_UNICODE = "not-unicode"
    DEPTH = "depth"


def loads_with_flaws(body: bytes) -> Any:
    """Return the value as `loads_exact` does, with a Flaw in place of each part that it refuses.

    Texts that are not Unicode stay as they are: `find_flaw` finds them.

    Raises:
        JsonInvalid: it is not JSON, not UTF-8, or nested deeper than MAX_PARSED_DEPTH.
    """
    require_depth(body, MAX_PARSED_DEPTH)
    try:
        return json.loads(
            body.decode(),
            object_pairs_hook=_unique_keys,
            parse_int=_flagged(exact_integer),
            parse_float=_flagged(exact_number),
            parse_constant=lambda _: Flaw.NOT_FINITE,
        )
    except ValueError as exc:
        raise JsonInvalid("the text is not valid JSON in UTF-8") from exc


def find_flaw(value: Any, max_depth: int) -> Flaw | None:
    """Return the first flaw in a value that `loads_with_flaws` returned, None if it has none."""
    if isinstance(value, Flaw):
        return value
    if isinstance(value, str):
        return None if _is_unicode(value) else Flaw.NOT_UNICODE
    if not isinstance(value, dict | list):
        return None
    if not max_depth:
        return Flaw.DEPTH
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    flaws = (find_flaw(part, max_depth - 1) for part in parts)
    return next(filter(None, flaws), None)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Flaw:
    value = dict(pairs)
    return value if len(value) == len(pairs) else Flaw.DUPLICATE_KEY


def _flagged(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def read_or_flag(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return Flaw.NUMBER

    return read_or_flag


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
