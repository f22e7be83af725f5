"""Who may be counted before anybody is asked: one rule for every count that a researcher reads."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from consent import MLTRAINING
from services.requests.counting_rules import CountingRules
from services.requests.proposals import StudyProposals
from storage import RecordStore


@define(eq=False, repr=False, kw_only=True)
class CountablePeople:
    """The custodian's decision on counting, and the people whom their own decisions leave out."""

    _rules: CountingRules
    _store: RecordStore
    _proposals: StudyProposals
    _organisation: str

    @property
    def is_allowed(self) -> bool:
        """Whether the custodian lets people be counted now."""
        return self._rules.get().is_allowed

    def require(self) -> None:
        """Raise CountingOff unless counting is allowed."""
        self._rules.require()

    def owner_of(self, party: str) -> str:
        """Return the organisation that counts for a party: that of a study, or the party itself."""
        study = self._proposals.find(party)
        return study.owner if study else party

    def find_refusing(self, party: str) -> set[bytes]:
        """Return who opted out, or refuses the party, its organisation or the custodian.

        A refusal under one number of a person counts for all of them, as linked now and, since a
        census may be older than an undone link, for the number itself.

        Raises:
            LedgerUnavailable (consent): refusals cannot be checked now.
        """
        refusing: set[bytes] = set()
        for each in {party, self.owner_of(party), self._organisation}:
            refusing |= self._store.refusing_subjects(each, MLTRAINING)
        return refusing | set(self._store.persons(refusing).values())

    def list_with(self, categories: Sequence[str], party: str) -> set[bytes]:
        """Return the living people with a record of each category who may be counted for a party.

        Raises:
            CountingOff: the custodian does not allow it.
            LedgerUnavailable (consent): refusals cannot be checked now.
        """
        self.require()
        subjects = self._store.list_subjects_with(categories)
        excluded = self.find_refusing(party) | self._store.find_deceased(subjects)
        persons = self._store.persons(s for s in subjects if s not in excluded)
        return set(persons.values()) - excluded
