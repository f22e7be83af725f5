"""Links two patients of the directory that are one person, and undoes a wrong link."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from attrs import define

from models import Diagnostics
from services.custodian.patient_journal import PatientJournal
from services.errors import Conflict, Invalid, NotFound
from services.requests import PatientDirectory
from services.requests.censuses import Censuses
from services.requests.history import LINKED_PERSON, UNLINKED_PERSON
from services.words import Words
from storage import RecordStore
from storage.person_links import DISMISSED, LINKED, PROPOSED, UNDONE, PersonLink

LOG: Final = logging.getLogger("vouchsafe.custodian")
CUSTODIAN_SOURCE: Final = "custodian"
MAX_LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPatients:
    """A link, and the hospital numbers of its two patients; "" where one was erased.

    Attributes:
        link: the two subjects, and who decided what.
        numbers: of the first and the second subject.
        records: how many records each of them has.
        affected_models: the ids of models that this decision marked for retraining.
    """

    link: PersonLink
    numbers: Sequence[str]
    records: Sequence[int]
    affected_models: Sequence[str] = ()

    @property
    def is_waiting(self) -> bool:
        """True until the custodian decides on the proposal."""
        return self.link.state == PROPOSED

    @property
    def is_linked(self) -> bool:
        """True while the two count as one person."""
        return self.link.state == LINKED


@define(eq=False, repr=False, kw_only=True)
class CustodianLinks:
    """Proposes, confirms, dismisses and undoes links.

    A linked patient's records stay under their own subject and consent. The two count as one person
    in models, tests and copies, and what one of them refuses is refused for both.

    NotFound is raised for a link that does not exist.
    """

    _store: RecordStore
    _directory: PatientDirectory
    _diagnostics: Diagnostics
    _journal: PatientJournal
    _censuses: Censuses

    def list_all(self) -> list[LinkedPatients]:
        """Return the newest 200 links: those that wait first, then those in force."""
        links = self._store.links.list_newest(MAX_LISTED)
        numbers = self._directory.numbers_of({s for link in links for s in link.subjects})
        return [self._patients(link, numbers) for link in links]

    def get(self, identity: str) -> LinkedPatients:
        """Return a link."""
        link = self._store.links.find(identity)
        if link is None:
            raise NotFound
        return self._patients(link, self._directory.numbers_of(link.subjects))

    def propose(self, words: Words, number: str, other: str, *, by: str) -> LinkedPatients:
        """Return the proposal to link two hospital numbers; nothing is linked yet.

        Raises:
            Invalid: a number is nobody's, or both are the same.
        """
        first = self._subject(words, number, "number")
        second = self._subject(words, other, "other")
        if first == second:
            raise Invalid.of("other", words("links-same-error"))
        link = self._store.links.propose(first, second, CUSTODIAN_SOURCE, by)
        return self.get(link.id)

    def confirm(self, identity: str, *, by: str) -> LinkedPatients:
        """Link the two patients; both see it in their history. Repeating it changes nothing.

        On return they count as one person, and models trained on records of either are marked for
        retraining: their tests counted two people.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable (storage): nothing was linked.
        """
        return self._change(identity, LINKED, LINKED_PERSON, by)

    def undo(self, identity: str, *, by: str) -> LinkedPatients:
        """End a link; both see it in their history. Repeating it changes nothing.

        Models trained on records of either are marked for retraining: they learned from rows that
        mixed two people.

        Raises:
            Conflict: the two are not linked.
            LedgerUnavailable (consent), JournalUnavailable (storage): the link stays.
        """
        if self.get(identity).link.state not in (LINKED, UNDONE):
            raise Conflict(f"link {identity} is not in force, so there is nothing to undo")
        return self._change(identity, UNDONE, UNLINKED_PERSON, by)

    def dismiss(self, identity: str, *, by: str) -> LinkedPatients:
        """Store that two patients are different people; files do not propose it again.

        Raises:
            Conflict: the two are linked; undo the link instead. Or somebody else decides now.
        """
        decided = self.get(identity)
        if decided.is_linked:
            raise Conflict(f"link {identity} is in force. Undo it instead.")
        state = decided.link.state
        is_changed = self._store.links.decide(identity, DISMISSED, by, before=state)
        if state != DISMISSED and not is_changed:
            raise Conflict(f"link {identity} was decided by somebody else. Open it again.")
        LOG.info("link %s dismissed by %s", identity, by)
        return self.get(identity)

    def _change(self, identity: str, state: str, outcome: str, by: str) -> LinkedPatients:
        link = self.get(identity).link
        if link.state != state:
            self._journal.record(outcome, f"link {identity}", link.subjects, by=by)
            self._store.links.decide(identity, state, by)
            LOG.info("link %s is %s, decided by %s", identity, state, by)
        # Also on repetition: a first call may have been interrupted before it came here.
        self._censuses.delete()
        records = [e.record_id.hex() for s in link.subjects for e in self._store.records_of(s)]
        affected = self._diagnostics.apply_corrections(records)
        return replace(self.get(identity), affected_models=[each.model.id for each in affected])

    def _subject(self, words: Words, number: str, name: str) -> bytes:
        subject = self._directory.find_subject(number)
        if subject is None:
            raise Invalid.of(name, words("links-number-error"))
        return subject

    def _patients(self, link: PersonLink, numbers: dict[bytes, str]) -> LinkedPatients:
        first, second = link.subjects
        return LinkedPatients(
            link=link,
            numbers=(numbers.get(first, ""), numbers.get(second, "")),
            records=(len(self._store.records_of(first)), len(self._store.records_of(second))),
        )
