"""Enrols subjects for a custodian, and shows the consents and uses of one of its subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import define

from consent import ConsentLedger, Outcome, Signed
from services.errors import NotFound
from services.installation import Installation
from services.requests import PatientDirectory
from services.subjects import SubjectConsents, SubjectRecords, SubjectUses


@define(eq=False, repr=False, kw_only=True)
class CustodianSubjects:
    """A custodian reads about the subjects whose records it holds or that were enrolled here."""

    _ledger: ConsentLedger
    _subjects: SubjectRecords
    _directory: PatientDirectory
    _installation: Installation

    def assign(self, numbers: Iterable[str], known: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the subject of each hospital number, as the directory has it.

        A number that is new is entered with its `known` subject, or a random one.
        """
        return self._directory.get_or_add(numbers, known)

    def enrol(self, signed: Sequence[Signed]) -> list[Outcome]:
        """Enrol subjects by their first keys; return the ledger's answer to each."""
        return list(self._ledger.enrol(signed))

    def consents_of(self, party: str, subject: bytes) -> SubjectConsents:
        """Return every consent of a subject with its state now.

        Raises:
            NotFound: the subject is unknown, or not the party's.
        """
        self._require_own(party, subject)
        return self._subjects.consents_of(subject)

    def uses_of(self, party: str, subject: bytes, limit: int, before: int | None) -> SubjectUses:
        """Return at most `limit` uses and refusals before journal row `before`, newest first.

        Raises:
            NotFound: the subject is unknown, or not the party's.
        """
        self._require_own(party, subject)
        return self._subjects.uses_of(subject, limit, before)

    def _require_own(self, party: str, subject: bytes) -> None:
        is_enrolled_here = party == self._installation.organisation and self._subjects.is_enrolled(
            subject
        )
        if party not in self._subjects.custodians_of(subject) and not is_enrolled_here:
            raise NotFound
