"""Groups what a party is permitted by subject, for lists that people choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from consent import DecisionRequestBatch, Decisions
from storage.entry import Columns


class RecordList:
    """The current records as columns, and whose each is; made once for many lists."""

    def __init__(self, columns: Columns) -> None:
        """Number the subjects in catalogue order."""
        known: dict[bytes, int] = {}
        numbers = [known.setdefault(one.subject, len(known)) for one in columns.entries]
        self.columns = columns
        self.whose = np.array(numbers, np.int32)
        self.people = list(known)

    def asked(self, party: str, purpose: str) -> DecisionRequestBatch:
        """Return what is to be decided: every record that is listed."""
        held = self.columns
        named = (held.subjects, held.records, held.categories, held.recorded_on)
        return DecisionRequestBatch(party, purpose, *named)


class PermittedSubjects(Mapping[bytes, dict[str, bytes]]):
    """For each subject with a permitted record, {category: the consent that says so}."""

    def __init__(self, listed: RecordList, decided: Decisions) -> None:
        """Take the decisions on what was `listed`, in its order."""
        self._entries, self._consents = listed.columns.entries, decided.consents
        places = decided.permitted().nonzero()[0]
        whose = listed.whose[places]
        order = np.argsort(whose, kind="stable")
        self._places = places[order].tolist()
        numbers, starts = np.unique(whose[order], return_index=True)
        bounds = [*starts.tolist(), len(self._places)]
        names = map(listed.people.__getitem__, numbers.tolist())
        self._parts = dict(zip(names, zip(bounds, bounds[1:], strict=False), strict=True))

    def __getitem__(self, subject: bytes) -> dict[str, bytes]:
        first, end = self._parts[subject]
        places = self._places[first:end]
        return {self._entries[one].category: self._consents[one].tobytes() for one in places}

    def __contains__(self, subject: object) -> bool:
        return subject in self._parts

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
