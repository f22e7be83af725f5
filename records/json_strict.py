"""Parse JSON that has only one meaning: no duplicate keys, no NaN, limited depth and numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final, NoReturn

import orjson

from records.errors import JsonInvalid

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 2**24
"""A short text such as [{},{},…] takes fifty times its size as objects of Python."""
_MAX_INTEGER_CHARACTERS: Final = 20
_MAX_EXACT_INTEGER_CHARACTERS: Final = 18
_MAX_NUMBER_CHARACTERS: Final = 256
# A string, or the rest of the text after an unterminated one. Possessive, and a match at every
# quote: so the whole text is scanned once.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BLANKS: Final = b" \t\r\n"
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_DEPTH_CHANGE: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def loads(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8, in time proportional to its length.

    Raises:
        JsonInvalid: not JSON, nested deeper than MAX_DEPTH, more than MAX_VALUES values, a
            duplicate key in an object, NaN, a number that no double holds, or text that is not
            Unicode.
    """
    require_depth(body, MAX_DEPTH)
    return _loads(body, _integer, _finite)


def loads_exact(body: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of a JSON text as `loads` does, but with every number as it is written.

    A number that `dumps_exact` would write otherwise is an orjson.Fragment of its digits, so that
    1.00 stays 1.00 and does not become 1.0.

    Raises:
        JsonInvalid: as for `loads`, with this depth.
    """
    plain = loads_plain(body, max_depth)
    return loads_digits(body, max_depth) if plain is None else plain


def loads_digits(body: bytes, max_depth: int) -> Any:
    """Return what `loads_exact` returns, for a text for which `loads_plain` returned None.

    Raises:
        JsonInvalid: as for `loads`, with this depth.
    """
    require_depth(body, max_depth)
    return _loads(body, exact_integer, exact_number)


def dumps_exact(value: Any) -> bytes:
    """Return the canonical JSON of a value that `loads_exact` returned: sorted keys, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def loads_plain(body: bytes, max_depth: int) -> Any:
    """Return the value of a text that is written as we would write it; None for any other text.

    Written again it is the same but for blanks: so it has no duplicate key, no escape of another
    form, and no number whose digits a parser would lose. It takes a tenth of the time.
    """
    # A value takes two bytes; each has a line that is indented, which must not fill the memory.
    is_small = len(body) <= MAX_VALUES // 32
    if not is_small:
        require_depth(body, max_depth)
    try:
        value = orjson.loads(body)
        written = orjson.dumps(value)
        # Blanks in strings do not count either: they cannot hide a key, a number or an escape.
        if written != body.strip(_BLANKS):
            written = written.translate(None, _BLANKS)
            if written != body.translate(None, _BLANKS):
                return None
        is_flat = written.count(b"{") + written.count(b"[") <= max_depth
        return None if is_small and not is_flat and _may_be_deep(value, max_depth) else value
    except (ValueError, TypeError):  # not JSON, or deeper than orjson reads or writes
        return None


def _may_be_deep(value: Any, max_depth: int) -> bool:
    """Return whether a value may be nested deeper, by the indentation of its lines."""
    # An empty list or object has no line of its own, so that there may be one level more.
    return b"\n" + b"  " * max_depth in orjson.dumps(value, option=orjson.OPT_INDENT_2)


def _depth(brackets: bytes) -> int:
    return max(accumulate(map(_DEPTH_CHANGE.__getitem__, brackets)), default=0)


def require_depth(body: bytes, max_depth: int) -> None:
    """Refuse a text that is nested deeper, or has too many values; before it is parsed.

    Raises:
        JsonInvalid: it is, or has.
    """
    _require_few(body.count(b'"') // 4)
    outside = _STRING.sub(b"", body)
    _require_few(_count(outside))
    if _depth(outside.translate(None, _NOT_BRACKETS)) > max_depth:
        raise JsonInvalid(
            f"the JSON text is nested deeper than {max_depth} levels; send it with less nesting"
        )


def _count(outside: bytes) -> int:
    """Return at least how many values a text has, of which the strings were cut out."""
    return sum(map(outside.count, (b",", b"[", b"{")))


def _require_few(values: int) -> None:
    """Refuse a text before it fills the memory; a value and its key have at most four quotes."""
    if values > MAX_VALUES:
        raise JsonInvalid(f"the JSON text has more than {MAX_VALUES} values; send it in parts")


def _loads(
    body: bytes, read_integer: Callable[[str], Any], read_number: Callable[[str], Any]
) -> Any:
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_unique_keys,
            parse_int=read_integer,
            parse_float=read_number,
            parse_constant=_refuse_constant,
        )
        if b"\\u" in body:  # the escape of half a surrogate pair is JSON, but not Unicode
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeDecodeError as exc:
        raise JsonInvalid(
            f"the text is not UTF-8 from byte {exc.start} on; save it as UTF-8"
        ) from exc
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        if exc.msg == "Extra data":
            problem = f"more text follows the JSON value, at {place}"
            raise JsonInvalid(f"{problem}; send one value, or NDJSON: one on each line") from exc
        raise JsonInvalid(f"the text is not valid JSON at {place}; correct it there") from exc
    except UnicodeEncodeError as exc:
        raise JsonInvalid(
            "the text has half a character (a lone surrogate); export it again"
        ) from exc
    except ValueError as exc:
        raise JsonInvalid(f"the text is not valid JSON: {exc}") from exc
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonInvalid("duplicate key in a JSON object; write each key once")
    return value


def _integer(text: str) -> int | float:
    # The time of int() grows with the square of the length, and no store holds more than 64 bits.
    value = int(text) if len(text) <= _MAX_INTEGER_CHARACTERS else 2**64
    return value if -(2**63) <= value < 2**64 else _finite(text)


def exact_integer(text: str) -> int | orjson.Fragment:
    """Return a whole number; its digits if they would be written otherwise or need not fit.

    Raises:
        ValueError: as for `exact_number`.
    """
    # "-0" is a number of its own, and a whole number of more digits need not fit 64 bits.
    is_short = len(text) <= _MAX_EXACT_INTEGER_CHARACTERS and text != "-0"
    return int(text) if is_short else exact_number(text)


def exact_number(text: str) -> orjson.Fragment:
    """Return a number as its digits.

    Raises:
        ValueError: it is too long, or greater than a double holds.
    """
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise ValueError(f"a number is longer than {_MAX_NUMBER_CHARACTERS} characters")
    _finite(text)
    return orjson.Fragment(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is greater than any that can be computed with")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no numbers of JSON")
