"""Define a record: what one subject's document holds, and its canonical bytes."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import orjson

from consent import is_known
from storage import document as documents
from storage.document import Arrival, Document
from storage.errors import RecordInvalid

Value = float | int | str | bool

MAX_RECORD_BYTES: Final = 2**20
MAX_OBSERVATIONS: Final = 4096
MAX_CODE_CHARACTERS: Final = 128
_MAX_CACHED_CHARACTERS: Final = 512
"""A longer code or unit would stay in memory, with thousands of others."""
MAX_TEXT_CHARACTERS: Final = 4096
SUBJECT_BYTES: Final = 32
_DATE_CHARACTERS: Final = 10
SCHEMA: Final = 1

Observations = Mapping[str, tuple[Value, str]]
"""`system|code` → (value, unit)."""

_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_CODE: Final = re.compile(r"[!-{}~]{1,64}\|[!-{}~]{1,128}\Z")
# Control characters, line separators, and unpaired surrogates.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_VALUE_TYPES: Final = frozenset({float, int, str, bool})


@dataclass(frozen=True, slots=True)
class Record:
    """One clinical document: what is known of one subject, in one category, of one day.

    Attributes:
        observations: of a record of schema 1: `system|code` → (value, unit); missing values are
            absent. Empty for schema 2; `records.documents.observations` reads both.
        record_id: 16 random bytes in hex; the deposit sets an empty one.
        resources: of a document of schema 2: whole FHIR resources, each in canonical JSON
            (docs/spec/document.md).
        arrivals: where each of the resources came from, in the same order.
        extract: of a record that was released to an extractor, what this made of it; then there is
            no other content (storage/extracts.py).

    The repr shows no values.
    """

    subject: bytes
    category: str
    custodian: str
    recorded_on: str
    observations: Observations = field(repr=False)
    record_id: str = ""
    version: int = 1
    resources: tuple[bytes, ...] = field(default=(), repr=False)
    arrivals: tuple[Arrival, ...] = field(default=(), repr=False)
    extract: bytes = field(default=b"", repr=False)


def renumber(records: Sequence[Record], first: int) -> list[Record]:
    """Return the versions of a record, the oldest first, with their numbers from `first` on."""
    return [replace(record, version=first + index) for index, record in enumerate(records)]


def require_record(record: Record) -> None:
    """Check a record's fields.

    Raises:
        RecordInvalid: the message names the field and what it must be, never its value.
    """
    if len(record.subject) != SUBJECT_BYTES:
        raise RecordInvalid("subject: must be 32 bytes")
    if record.category == "*" or not is_known("category", record.category):
        raise RecordInvalid("category: must be a code of the vocabulary")
    if not 0 < len(record.custodian) <= MAX_CODE_CHARACTERS or not record.custodian.isprintable():
        raise RecordInvalid(f"custodian: must be 1 to {MAX_CODE_CHARACTERS} printable characters")
    if record.record_id and not _RECORD_ID.match(record.record_id):
        raise RecordInvalid("record_id: must be 32 lower-case hex characters")
    if not 0 < record.version < 2**32:
        raise RecordInvalid("version: must be from 1 to 2^32 - 1")
    _require_date(record.recorded_on)
    _require_content(record)


def _require_content(record: Record) -> None:
    if record.extract:
        raise RecordInvalid("extract: must be empty; what was extracted is not the record")
    if record.observations and record.resources:
        raise RecordInvalid("resources: must be empty in a record with observations")
    if len(record.observations) > MAX_OBSERVATIONS:
        raise RecordInvalid(f"observations: must be at most {MAX_OBSERVATIONS}")
    for code, (value, unit) in record.observations.items():
        _require_observation(code, value, unit)


def _require_date(text: str) -> None:
    if len(text) != _DATE_CHARACTERS or not _is_date(text):
        raise RecordInvalid("recorded_on: must be a date such as 2018-01-31")


def _require_observation(code: str, value: Value, unit: str) -> None:
    if type(code) is not str or len(code) > _MAX_CACHED_CHARACTERS or not _is_code(code):
        raise RecordInvalid("observations: each code must be system|code in printable ASCII")
    if type(unit) is not str or len(unit) > _MAX_CACHED_CHARACTERS or not _is_unit(unit):
        raise RecordInvalid(
            f"{code}: the unit must be at most {MAX_CODE_CHARACTERS} printable characters"
        )
    if type(value) not in _VALUE_TYPES:
        raise RecordInvalid(f"{code}: must be a number, a text, or true or false")
    if type(value) is float and not math.isfinite(value):
        raise RecordInvalid(f"{code}: must be a finite number")
    if type(value) is int and abs(value) >= 2**53:
        raise RecordInvalid(f"{code}: must be a whole number below 2^53")
    if type(value) is str and not _is_text(value, MAX_TEXT_CHARACTERS):
        raise RecordInvalid(f"{code}: must be at most {MAX_TEXT_CHARACTERS} printable characters")


# Records repeat few days, codes and units, so these three are cached; values never are.
@lru_cache(maxsize=MAX_OBSERVATIONS)
def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@lru_cache(maxsize=MAX_OBSERVATIONS)
def _is_code(code: str) -> bool:
    return _CODE.match(code) is not None


@lru_cache(maxsize=MAX_OBSERVATIONS)
def _is_unit(unit: str) -> bool:
    return _is_text(unit, MAX_CODE_CHARACTERS)


def _is_text(text: str, max_characters: int) -> bool:
    composed = _composed(text)
    return len(composed) <= max_characters and not _UNPRINTABLE.search(composed)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def canonical(record: Record) -> bytes:
    """Return the record's content in its canonical bytes, which are what is encrypted.

    Schema 1 is JSON in UTF-8 with sorted keys and no spaces; texts in Unicode NFC
    (docs/spec/envelope.md). Schema 2, for records with resources, is docs/spec/document.md.

    Raises:
        RecordInvalid: see `require_record`; or more than MAX_RECORD_BYTES.
    """
    require_record(record)
    if record.resources:
        packed = documents.pack(Document(record.recorded_on, record.resources, record.arrivals))
        return _require_size(packed)
    packed = _packed(record.recorded_on, dict(record.observations))
    if not packed.isascii():  # rare: only then can a text have another Unicode form
        packed = _packed(
            record.recorded_on,
            {
                code: (_composed(value) if type(value) is str else value, _composed(unit))
                for code, (value, unit) in record.observations.items()
            },
        )
    return _require_size(packed)


def _require_size(packed: bytes) -> bytes:
    if len(packed) > MAX_RECORD_BYTES:
        raise RecordInvalid(f"record: {len(packed)} bytes; must be at most {MAX_RECORD_BYTES}")
    return packed


def _packed(recorded_on: str, observations: dict[str, tuple[Value, str]]) -> bytes:
    content = {"observations": observations, "recorded_on": recorded_on, "schema": SCHEMA}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def read_content(content: bytes) -> tuple[Observations, Document]:
    """Return the observations and the document in canonical bytes from an authentic envelope.

    Of a record of schema 1 the document has only its day; one of schema 2 has no observations.

    Raises:
        RecordInvalid: the bytes are not canonical.
    """
    if documents.is_document(content):
        return {}, documents.unpack(content)
    recorded_on, observations = parse(content)
    return observations, Document(recorded_on, (), ())


def parse(content: bytes) -> tuple[str, dict[str, tuple[Value, str]]]:
    """Return (recorded_on, observations) of the canonical bytes of a record of schema 1.

    The form is checked to the byte; lengths, dates and codes were checked before sealing.

    Raises:
        RecordInvalid: the bytes are not canonical.
    """
    try:
        fields = orjson.loads(content)
        recorded_on: str = fields["recorded_on"]
        observations = {
            code: (value, unit)
            for code, (value, unit) in fields["observations"].items()
            if type(value) in _VALUE_TYPES and type(unit) is str
        }
        # Encoded again it must be the same: no other field, form or order, and no duplicate.
        is_canonical = type(recorded_on) is str and _packed(recorded_on, observations) == content
    except (ValueError, KeyError, TypeError, AttributeError):
        is_canonical = False
    if not is_canonical:
        raise RecordInvalid("record: must be in canonical form")
    return recorded_on, observations
