"""Say where a resource is filed: its day, its identity, and the content that makes a version."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from records.documents import UNDATED
from records.fhir_entries import FhirEntry
from records.json_strict import dumps_exact
from records.references import split_relative, split_url

MAX_IDENTITY_CHARACTERS: Final = 512
_START_ELEMENTS: Final = (
    ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
    + ("performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod")
    + ("occurenceDateTime", "occurencePeriod", "occurenceTiming")  # so in FHIR R5
    + ("onsetDateTime", "onsetPeriod", "started", "period", "actualPeriod", "billablePeriod")
    + ("servicedPeriod", "servicedDate", "collection", "issued", "recordedDate", "authoredOn")
    + ("authored", "dateTime", "date", "dateAsserted", "assertedDate", "whenHandedOver")
    + ("whenPrepared", "start", "created", "recorded", "executionPeriod", "receivedTime", "sent")
    + ("occurrenceTiming", "timingDateTime", "timingPeriod", "timingTiming", "createdDateTime")
    + ("createdPeriod", "identifiedDateTime", "identifiedPeriod", "startDate", "statusDate")
    + ("dateRecorded", "dateWritten", "enteredDate", "detected", "lastModified")
)
"""The clinical start comes first; what follows is when somebody wrote it down."""
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?\Z")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.")
_WRITING: Final = frozenset({"lastUpdated", "versionId"})
"""The elements of meta that say when a version was written."""
_FILED_WITHOUT_DAY: Final = frozenset({"Patient", "RelatedPerson"})


def day_of(resource: Mapping[str, Any]) -> str:
    """Return the day (ISO date) under which a resource is filed, or UNDATED.

    A year or month alone counts as its last day, so that nothing is known before it happened.
    """
    if resource.get("resourceType") in _FILED_WITHOUT_DAY:
        return UNDATED
    for element in _START_ELEMENTS:
        if element not in resource:
            continue
        for text in _texts(resource[element]):
            day = read_day(text)
            if day is not None:
                return day
    return UNDATED


def read_day(text: Any) -> str | None:
    """Return the day of a FHIR date or dateTime, as written in its own zone; None if it is none."""
    match = _DATE.match(text) if isinstance(text, str) else None
    return None if match is None else _day(match[1], match[2], match[3])


# Many resources have the same day.
@lru_cache(maxsize=4_096)
def _day(year: str, month: str | None, day: str | None) -> str | None:
    try:
        numbers = int(year), int(month or 12)
        last = calendar.monthrange(*numbers)[1]
        return datetime.date(*numbers, int(day or last)).isoformat()
    except ValueError:
        return None


def _texts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        names = ("start", "end", "collectedDateTime", "collectedPeriod", "event")
        for name in (*names, "repeat", "boundsPeriod"):
            yield from _texts(value.get(name))
    elif isinstance(value, list):
        yield from value[:1]
    else:
        yield value


def updated_us(entry: FhirEntry) -> int | None:
    """Return when an entry was last changed in microseconds since 1970 (UTC), or None."""
    meta = (entry.resource or {}).get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else entry.modified
    try:
        moment = datetime.datetime.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since // datetime.timedelta(microseconds=1)


def version_number(resource: Mapping[str, Any]) -> int:
    """Return meta.versionId as a number, or 0."""
    meta = resource.get("meta")
    text = meta.get("versionId") if isinstance(meta, dict) else None
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else 0


def content_of(resource: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of what makes a version: all but when it was last written."""
    return content_in(resource, b"")


def content_in(resource: Mapping[str, Any], written: bytes) -> bytes:
    """Return `content_of` a resource; `written` is its canonical JSON, or b"" if not known."""
    meta = resource.get("meta")
    if not isinstance(meta, dict) or _WRITING.isdisjoint(meta):
        return written or dumps_exact(resource)
    lasting = {key: meta[key] for key in meta if key not in _WRITING}
    return dumps_exact({**resource, "meta": lasting})


def identity_of(entry: FhirEntry, sender: str) -> str:
    """Return the name that is the same in each version of a resource, or "" if it has none.

    It is the URL at its server, else its sender, type and id, else its fullUrl. A deletion has the
    identity of what it deletes.
    """
    resource = entry.resource or {}
    base, kind, identity = split_url(entry.url)
    own = resource.get("id")
    if not base and not resource:
        base, kind, identity = split_url(entry.target)
        if not base:
            kind, identity = split_relative(entry.target)
    elif isinstance(own, str) and own:
        kind, identity = entry.kind, own
    if identity:
        name = f"{base}/{kind}/{identity}" if base else f"{sender}|{kind}/{identity}"
    else:
        name = entry.url if _URI.match(entry.url) else ""
    return name if len(name) <= MAX_IDENTITY_CHARACTERS else ""


def business_identity_of(entry: FhirEntry, sender: str, subject: bytes) -> str:
    """Return the name that a resource's first business identifier gives it, or "" if none does.

    Such a number is unique neither between senders nor between patients, and names nothing without
    its system; so the name has the sender and the subject in it.
    """
    identifiers = (entry.resource or {}).get("identifier")
    first = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
    system, value = (
        (first.get("system"), first.get("value")) if isinstance(first, dict) else ("", "")
    )
    if not (isinstance(system, str) and system and isinstance(value, str) and value):
        return ""
    name = f"business|{sender}|{subject.hex()}|{entry.kind}|{system}|{value}"
    return name if len(name) <= MAX_IDENTITY_CHARACTERS else ""


def document_source(subject: bytes, category: str, recorded_on: str, part: int) -> str:
    """Return the name by which the document of a subject, category and day is found again."""
    return "\0".join(("document", subject.hex(), category, recorded_on, str(part)))
