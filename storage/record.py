"""Says what a record is: coded observations of one subject, with one canonical form in bytes."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import orjson

from consent import is_known
from storage.errors import RecordInvalid

Value = float | int | str | bool

MAX_RECORD_BYTES: Final = 2**20
MAX_OBSERVATIONS: Final = 4096
MAX_CODE_CHARACTERS: Final = 128
MAX_TEXT_CHARACTERS: Final = 4096
SUBJECT_BYTES: Final = 32
SCHEMA: Final = 1

_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_CODE: Final = re.compile(r"[!-{}~]{1,64}\|[!-{}~]{1,128}\Z")
# Control characters, line separators, and the halves of surrogate pairs, which are no text at all.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_VALUE_TYPES: Final = frozenset({float, int, str, bool})


@dataclass(frozen=True, slots=True)
class Record:
    """One clinical document: observations of one category, made on one day.

    ``observations`` maps a code ``system|code`` to (value, unit); what is missing is absent. An
    empty ``record_id`` is given by the deposit: 16 random bytes in hex. Its repr shows no values.
    """

    subject: bytes
    category: str
    custodian: str
    recorded_on: str
    observations: Mapping[str, tuple[Value, str]] = field(repr=False)
    record_id: str = ""
    version: int = 1


def require_record(record: Record) -> None:
    """Check everything about a record that can be checked without knowing its question.

    Raises:
        RecordInvalid: names the field and what it must be, never its value.
    """
    if len(record.subject) != SUBJECT_BYTES:
        raise RecordInvalid("subject: must be 32 bytes")
    if record.category == "*" or not is_known("category", record.category):
        raise RecordInvalid("category: not in the vocabulary")
    if not 0 < len(record.custodian) <= MAX_CODE_CHARACTERS or not record.custodian.isprintable():
        raise RecordInvalid(f"custodian: 1 to {MAX_CODE_CHARACTERS} printable characters")
    if record.record_id and not _RECORD_ID.match(record.record_id):
        raise RecordInvalid("record_id: 32 lower-case hex characters")
    if not 0 < record.version < 2**32:
        raise RecordInvalid("version: from 1")
    _require_date(record.recorded_on)
    if len(record.observations) > MAX_OBSERVATIONS:
        raise RecordInvalid(f"observations: at most {MAX_OBSERVATIONS}")
    for code, (value, unit) in record.observations.items():
        _require_observation(code, value, unit)


def _require_date(text: str) -> None:
    try:
        well_formed = datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        well_formed = False
    if not well_formed:
        raise RecordInvalid("recorded_on: a date such as 2018-01-31")


def _require_observation(code: str, value: Value, unit: str) -> None:
    if type(code) is not str or not _is_code(code):
        raise RecordInvalid("observations: a code is 'system|code' in printable ASCII")
    if type(unit) is not str or not _is_unit(unit):
        raise RecordInvalid(
            f"{code}: a unit has at most {MAX_CODE_CHARACTERS} printable characters"
        )
    if type(value) not in _VALUE_TYPES:
        raise RecordInvalid(f"{code}: a number, a text, or true or false")
    if type(value) is float and not math.isfinite(value):
        raise RecordInvalid(f"{code}: not a finite number")
    if type(value) is int and abs(value) >= 2**53:
        raise RecordInvalid(f"{code}: a whole number below 2^53")
    if type(value) is str and not _is_text(value, MAX_TEXT_CHARACTERS):
        raise RecordInvalid(f"{code}: at most {MAX_TEXT_CHARACTERS} printable characters")


# Records repeat few codes and units, so these two are remembered; values never are.
@lru_cache(maxsize=MAX_OBSERVATIONS)
def _is_code(code: str) -> bool:
    return _CODE.match(code) is not None


@lru_cache(maxsize=MAX_OBSERVATIONS)
def _is_unit(unit: str) -> bool:
    return _is_text(unit, MAX_CODE_CHARACTERS)


def _is_text(text: str, most: int) -> bool:
    composed = _composed(text)
    return len(composed) <= most and not _UNPRINTABLE.search(composed)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def canonical(record: Record) -> bytes:
    """Return the one form of the record's content in bytes, which is what gets sealed.

    JSON in UTF-8 with sorted keys and no spaces; texts in Unicode NFC (docs/spec/envelope.md).

    Raises:
        RecordInvalid: see `require_record`; or more than MAX_RECORD_BYTES.
    """
    require_record(record)
    packed = _packed(record.recorded_on, dict(record.observations))
    if not packed.isascii():  # some text may have another spelling; most records are spared this
        packed = _packed(
            record.recorded_on,
            {
                code: (_composed(value) if type(value) is str else value, _composed(unit))
                for code, (value, unit) in record.observations.items()
            },
        )
    if len(packed) > MAX_RECORD_BYTES:
        raise RecordInvalid(f"record: at most {MAX_RECORD_BYTES} bytes")
    return packed


def _packed(recorded_on: str, observations: dict[str, tuple[Value, str]]) -> bytes:
    content = {"observations": observations, "recorded_on": recorded_on, "schema": SCHEMA}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def parse(content: bytes) -> tuple[str, dict[str, tuple[Value, str]]]:
    """Return (recorded_on, observations) of canonical bytes that a seal has vouched for.

    Their form is checked to the byte: one content has one form. Lengths, dates and codes were
    checked when they were sealed.

    Raises:
        RecordInvalid: not such bytes.
    """
    try:
        found = orjson.loads(content)
        recorded_on: str = found["recorded_on"]
        observations = {
            code: (value, unit)
            for code, (value, unit) in found["observations"].items()
            if type(value) in _VALUE_TYPES and type(unit) is str
        }
        # Written again it must be the same: so no other field, spelling or order, nothing doubled.
        is_canonical = type(recorded_on) is str and _packed(recorded_on, observations) == content
    except (ValueError, KeyError, TypeError, AttributeError):
        is_canonical = False
    if not is_canonical:
        raise RecordInvalid("record: not in canonical form")
    return recorded_on, observations
