"""Define a resource that is filed, and decide by age and content what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from records.fhir_entries import FhirEntry
from records.json_strict import dumps_exact
from records.medicines import with_medicine, with_whole_medicine
from records.outcomes import EntryCode, EntryOutcome, Outcome
from records.placement import content_of, identity_of, updated_us, version_number
from services.custodian.items import Item

NO_CONTENT: Final = bytes(32)
"""The content of a deletion."""


class Medicine(NamedTuple):
    """A medicine that a resource refers to.

    Attributes:
        reference: as it is written in the resource.
        identity: the name that is the same in each version of the medicine.
        resource: the Medication.
    """

    reference: str
    identity: str
    resource: dict[str, Any]


@dataclass(slots=True)
class Filing:
    """A resource of a known patient, or a deletion, and what becomes of it.

    Attributes:
        number: of its entry in the file.
        entry: the resource as it arrived; a deletion has none.
        subject: whose it is; b"" for a deletion.
        outcome, code: what became of it; set by `ResourceFiling.file`.
        resource: its canonical bytes.
        content: keyed hash of subject and content.
        identity: the name that is the same in each version.
        sender: who sent it, if that is not the sender of the delivery.
        record_id: the document that it is filed in.
        medicine: what the resource refers to, so that it is filed in the same document.
        beside: of such a medicine, the resource that refers to it.
        place: subject, category and day of the document that it is in, or is needed in.
        is_waiting: of a deletion, whether what it deletes waits for its patient.
        same_key: the key of the item that has this content under another identity, or b"".
        into: of such a medicine, the record of the resource, if that stays where it is.
        is_stored: whether it was read from its document, so that its content is no news.
    """

    number: int
    entry: FhirEntry
    subject: bytes
    outcome: Outcome = Outcome.STORED
    code: EntryCode = EntryCode.NOTHING
    resource: bytes = b""
    content: bytes = NO_CONTENT
    identity: str = ""
    record_id: str = ""
    sender: str = ""
    medicine: Medicine | None = None
    beside: Mapping[str, Any] | None = None
    is_waiting: bool = False
    place: tuple[bytes, str, str] | None = None
    same_key: bytes = b""
    into: str = ""
    is_stored: bool = False

    @property
    def is_deletion(self) -> bool:
        """Whether the entry deletes its resource."""
        return self.entry.resource is None

    @property
    def report(self) -> EntryOutcome:
        """What became of its entry."""
        return EntryOutcome(self.number, self.outcome, self.entry.kind, self.code)

    @property
    def joined(self) -> dict[str, Any]:
        """The resource as it reads with its medicine: what its events come from."""
        return with_medicine(self.entry.resource or {}, self._medicines)

    @property
    def readable(self) -> bytes | Mapping[str, Any]:
        """The resource with its medicine, in a form of which numbers can be read."""
        if self.medicine is not None:
            return dumps_exact(self.joined)
        resource = self.entry.resource
        return resource if resource is not None and self.entry.is_plain else self.resource

    @property
    def classified(self) -> dict[str, Any]:
        """The resource with all of its medicine inside: what its category comes from."""
        return with_whole_medicine(self.entry.resource or {}, self._medicines)

    @property
    def _medicines(self) -> dict[str, dict[str, Any]]:
        return {self.medicine.reference: self.medicine.resource} if self.medicine else {}


def newest_of_each(filings: Sequence[Filing]) -> list[Filing]:
    """Return the newest version of each resource; the others of this file are older."""
    versions: dict[str, list[Filing]] = {}
    for filing in filings:
        versions.setdefault(filing.identity, []).append(filing)
    winners = []
    for group in versions.values():
        if len(group) == 1:
            winners += group
            continue
        winner = max(enumerate(group), key=_age_of(group))[1]
        for filing in group:
            if filing is winner:
                continue
            is_same = not filing.is_deletion and filing.content == winner.content
            filing.outcome = Outcome.SAME if is_same else Outcome.OLDER
            filing.code = EntryCode.NOTHING if is_same else EntryCode.NEWER_STORED
        winners.append(winner)
    return winners


def _age_of(group: Sequence[Filing]) -> Callable[[tuple[int, Filing]], tuple[int, int, int]]:
    times = [updated_us(filing.entry) for filing in group]
    is_dated, is_undated = None not in times, set(times) == {None}

    def age(numbered: tuple[int, Filing]) -> tuple[int, int, int]:
        index, filing = numbered
        order = -index if filing.entry.newest_first else index
        version = version_number(filing.entry.resource or {})
        if is_dated:
            return (times[index] or 0, version, order)
        # Content without a date never counts before content with one.
        is_certain = filing.is_deletion or times[index] is not None or is_undated
        return (int(is_certain), 0, order)

    return age


def decide(filing: Filing, item: Item | None) -> bool:
    """Set what becomes of a resource; return whether anything has to be stored."""
    if item is None:
        filing.outcome = Outcome.STORED
        return True
    if filing.is_stored:
        # Not what arrived: a record that was moved names its patient in another way.
        filing.outcome, filing.content = Outcome.SAME, item.content
        return False
    at_us = updated_us(filing.entry)
    is_later = at_us is not None and (item.updated_us is None or at_us > item.updated_us)
    is_earlier = at_us is not None and item.updated_us is not None and at_us < item.updated_us
    if filing.content == item.content and not item.is_deleted:
        filing.outcome = Outcome.SAME
        return False
    if is_earlier or (item.is_deleted and filing.content == item.content and not is_later):
        filing.outcome, filing.code = Outcome.OLDER, EntryCode.NEWER_STORED
        return False
    is_error = (filing.entry.resource or {}).get("status") == "entered-in-error"
    if at_us is None and item.updated_us is not None and not is_error:
        filing.outcome, filing.code = Outcome.REFUSED, EntryCode.UNDATED
        return False
    filing.outcome = Outcome.STORED if item.is_deleted else Outcome.CORRECTED
    if is_error and not item.is_deleted:
        filing.outcome = Outcome.DELETED
    return True


def rounds(filings: Sequence[Filing]) -> list[list[Filing]]:
    """Return filings in parts to be filed one after the other.

    The same content under two names, as an export comes with URLs and without, is never in one
    part: so the second is seen to be stored already. Without a name each counts for itself.
    """
    seen: Counter[tuple[bytes, bytes]] = Counter()
    parts: list[list[Filing]] = []
    for filing in filings:
        number = 0
        if filing.entry.resource is not None and identity_of(filing.entry, filing.sender):
            key = (filing.subject, content_of(filing.entry.resource))
            number, seen[key] = seen[key], seen[key] + 1
        if number == len(parts):
            parts.append([])
        parts[number].append(filing)
    return parts
