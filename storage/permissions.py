"""Group permitted records by subject, for lists that people choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from consent import REASONS, DecisionRequestBatch, Decisions
from storage.entry import Columns, columns_of
from storage.person_refusals import LINKED_REFUSAL, REFUSING, Persons

_PERMITTED, _DENIED, _NO_CONSENT = map(REASONS.index, ("permitted", "denied", "no-consent"))
_REFUSALS: Final = [REASONS.index(reason) for reason in sorted(REFUSING)]


class RecordList:
    """The current records as columns, numbered by subject; made once and used for many lists.

    `subject_numbers` (n,) indexes `subjects`, one for each record.
    """

    def __init__(self, columns: Columns) -> None:
        """Number the subjects in catalogue order."""
        numbers: dict[bytes, int] = {}
        of_records = [numbers.setdefault(entry.subject, len(numbers)) for entry in columns.entries]
        self.columns = columns
        self.subject_numbers = np.array(of_records, np.int32)
        self.subjects = list(numbers)
        self._rows: dict[bytes, list[int]] = {}
        self._names: dict[str, dict[str, bytes]] = {}

    def of_subject(self, subject: bytes) -> RecordList:
        """Return the records of one subject as a list of their own."""
        if not self._rows:  # on first use: most lists are used whole
            rows: dict[bytes, list[int]] = {}
            for row, entry in enumerate(self.columns.entries):
                rows.setdefault(entry.subject, []).append(row)
            self._rows = rows
        entries = self.columns.entries
        return RecordList(columns_of([entries[row] for row in self._rows.get(subject, ())]))

    def names(
        self, label: str, length: int, pseudonym: Callable[[bytes], bytes]
    ) -> Mapping[str, bytes]:
        """Return the subject of each name: the first characters of its pseudonym in hex.

        They are made once for each label.

        Args:
            label: of the pseudonyms.
            length: of the names, in characters; always the same for a label.
            pseudonym: returns the pseudonym of a subject under this label.
        """
        if label not in self._names:
            self._names[label] = {pseudonym(each).hex()[:length]: each for each in self.subjects}
        return self._names[label]

    def decision_request(self, party: str, purpose: str) -> DecisionRequestBatch:
        """Return the request to decide every record in the list."""
        return decision_request(self.columns, party, purpose)


def decision_request(columns: Columns, party: str, purpose: str) -> DecisionRequestBatch:
    """Return the request to decide every record of these columns."""
    return DecisionRequestBatch(
        party,
        purpose,
        columns.subjects,
        columns.records,
        columns.categories,
        columns.recorded_on,
    )


class PermittedSubjects(Mapping[bytes, dict[str, bytes]]):
    """For each subject with a permitted record: {category: id of the consent that permits it}."""

    def __init__(self, records: RecordList, decisions: Decisions) -> None:
        """Take the decisions on `records`, in the same order."""
        self._entries, self._consents = records.columns.entries, decisions.consents
        permitted = decisions.permitted().nonzero()[0]
        numbers = records.subject_numbers[permitted]
        order = np.argsort(numbers, kind="stable")
        self._indexes = permitted[order].tolist()
        present, starts = np.unique(numbers[order], return_index=True)
        bounds = [*starts.tolist(), len(self._indexes)]
        subjects = map(records.subjects.__getitem__, present.tolist())
        self._bounds = dict(zip(subjects, zip(bounds, bounds[1:], strict=False), strict=True))

    def __getitem__(self, subject: bytes) -> dict[str, bytes]:
        start, end = self._bounds[subject]
        indexes = self._indexes[start:end]
        return {self._entries[i].category: self._consents[i].tobytes() for i in indexes}

    def __contains__(self, subject: object) -> bool:
        return subject in self._bounds

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._bounds)

    def __len__(self) -> int:
        return len(self._bounds)


@dataclass(frozen=True, slots=True)
class SubjectRecords:
    """The current records of a subject: the category of each, by record id in hex.

    Attributes:
        permitted: those whose use is permitted now.
        refused: the others.
    """

    permitted: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def list_subject_records(records: RecordList, decisions: Decisions) -> dict[bytes, SubjectRecords]:
    """Return the current records of each subject of whom at least one is permitted."""
    is_permitted = decisions.permitted()
    numbers = records.subject_numbers
    listed: dict[bytes, SubjectRecords] = {}
    for row in np.isin(numbers, numbers[is_permitted]).nonzero()[0].tolist():
        entry = records.columns.entries[row]
        of_subject = listed.setdefault(entry.subject, SubjectRecords())
        side = of_subject.permitted if is_permitted[row] else of_subject.refused
        side[entry.record_id.hex()] = entry.category
    return listed


def apply_person_refusals(
    persons: Persons,
    records: RecordList,
    decisions: Decisions,
    decide: Callable[[Columns], npt.NDArray[np.uint8]],
) -> None:
    """Deny, in `decisions`, each record that its person refuses under a linked subject.

    A permitted record whose patient's consents ended with death counts as one without consent.
    """
    entries = records.columns.entries
    concerned = {*persons.links.groups(records.subjects), *persons.find_ended(records.subjects)}
    if not concerned:
        return
    rows = [index for index, entry in enumerate(entries) if entry.subject in concerned]
    refused = persons.find_refusals(
        [entries[row] for row in rows],
        lambda part: [REASONS[code] for code in decide(columns_of(part)).tolist()],
    )
    for place, outcome in refused.items():
        row, is_denied = rows[place], outcome == LINKED_REFUSAL
        if is_denied or decisions.reasons[row] == _PERMITTED:
            decisions.reasons[row] = _DENIED if is_denied else _NO_CONSENT
            decisions.consents[row] = 0


def refusing_subjects(records: RecordList, decisions: Decisions) -> set[bytes]:
    """Return the subjects with a record that is refused by a deny, an opt-out or unread terms."""
    refused = np.isin(decisions.reasons, _REFUSALS)
    return {records.subjects[number] for number in np.unique(records.subject_numbers[refused])}
