"""Reads JSON that means one thing only: no second key, no NaN, no endless depth or number."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from records.errors import JsonInvalid

MAX_DEPTH: Final = 32
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def loads(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises:
        JsonInvalid: not JSON, deeper than 32, a key twice in one object, NaN, a number that no
            double holds, or text that is not Unicode.
    """
    _require_shallow(body)
    try:
        value = orjson.loads(body)
        json.loads(body, object_pairs_hook=_require_single, parse_int=_skip, parse_float=_skip)
    except ValueError as exc:
        raise JsonInvalid("the body is not JSON") from exc
    return value


def _require_shallow(body: bytes) -> None:
    # Before any parser sees it: parsers call themselves once a level.
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise JsonInvalid(f"the body is nested deeper than {MAX_DEPTH}")


def _require_single(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise JsonInvalid("a key stands twice in one object")


def _skip(_: str) -> None:
    """Read no number: the other parser has done so."""
