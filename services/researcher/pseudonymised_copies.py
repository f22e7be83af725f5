"""Pseudonymised copies under an agreement: conditions, download, and people to delete."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from models import Diagnostics, EarlierCopy, Question
from models.pseudonymised import RISK, PseudonymisedRequest
from services.errors import Conflict, Invalid, NotFound
from services.parties import study_name
from services.requests import FeasibilityCounts, NewCopy, Proposal, ReleasedCopies, ReleasedCopy
from services.requests.agreements import CopyAgreement
from services.requests.copy_deletions import CopyDeletion, CopyDeletions
from services.researcher.owned_studies import OwnedStudies
from storage import ACCEPTED_DUTIES, RecordStore

ENDED: Final = "ended"
OVERDUE: Final = "overdue"
_REFUSALS: Final = {
    ENDED: "The agreement has ended. Delete every copy and confirm it; a new study can ask again.",
    OVERDUE: "Deletions are overdue. Delete these people's rows and confirm it, then download.",
}


class CopyRefused(Conflict):
    """No new copy leaves; `code` is ``ended`` or ``overdue``."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(_REFUSALS[code])
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudonymisedOffer:
    """What a pseudonymised copy of a study holds, and what became of earlier ones.

    Attributes:
        people: how many permit it; the count moves in steps of 11.
        risk: what the researcher must know about it.
        copies: the copies downloaded so far, newest first.
        deletions: the people whose rows must go, those that wait first.
        overdue: how many of them are past their deadline.
        refusal: why no copy can be downloaded now: ``ended``, ``overdue`` or "".
        duties: accepted with the agreement by a download (codes of OBLIGATIONS).
    """

    study: Proposal
    agreement: CopyAgreement
    question: Question
    people: int
    risk: str
    copies: Sequence[ReleasedCopy]
    deletions: Sequence[CopyDeletion]
    overdue: int
    refusal: str
    duties: Sequence[str] = ACCEPTED_DUTIES

    @property
    def has_expired_copies(self) -> bool:
        """Whether the agreement has ended, and a copy is not deleted yet, as far as they said."""
        return self.refusal == ENDED and any(copy.deleted_at_s is None for copy in self.copies)

    @property
    def waiting(self) -> list[CopyDeletion]:
        """The people whose rows are not deleted yet, as far as the study said."""
        return [each for each in self.deletions if each.acknowledged_at_s is None]

    @property
    def acknowledged(self) -> list[CopyDeletion]:
        """The people whose rows the study deleted, as it said."""
        return [each for each in self.deletions if each.acknowledged_at_s is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCopyFile:
    """A sealed copy that leaves now, and its file name."""

    name: str
    content: bytes


@define(eq=False, repr=False, kw_only=True)
class PseudonymisedCopies:
    """The pseudonymised copies of a researcher's studies.

    NotFound is raised unless the party has such an approved study with an agreement;
    LedgerUnavailable (consent) where permissions cannot be checked now.
    """

    _owned: OwnedStudies
    _copies: ReleasedCopies
    _deletions: CopyDeletions
    _store: RecordStore
    _diagnostics: Diagnostics
    _feasibility: FeasibilityCounts

    def get(self, party: str, name: str) -> PseudonymisedOffer:
        """Return what a study may download, what it downloaded, and whose rows must go."""
        study, agreement = self._require(party, name)
        self._deletions.update(study)
        subjects = self._store.permitted_subjects(study.study, agreement.purpose)
        permitted = len(set(self._store.persons(subjects).values()))
        return PseudonymisedOffer(
            study=study,
            agreement=agreement,
            question=self._diagnostics.question(study.question),
            people=self._feasibility.of_study(study.study, "pseudonymised copies", permitted),
            risk=RISK,
            copies=self._copies.list_by_study(study.study),
            deletions=self._deletions.list_by_study(study.study),
            overdue=self._deletions.count(study.study).overdue,
            refusal=self._refusal(study, agreement),
        )

    def download(self, party: str, account_id: str, name: str) -> SealedCopyFile:
        """Return a copy of the people who permit it now, encrypted; it is stored before it leaves.

        Raises:
            CopyRefused: the agreement has ended, or deletions are overdue.
            TooManyRequests: many copies of the study were made within a day.
            CohortTooSmall, ConsentsChanged (models): too few people permit it, or they changed.
        """
        study, agreement = self._require(party, name)
        self._deletions.update(study)
        refusal = self._refusal(study, agreement)
        if refusal:
            raise CopyRefused(refusal)
        self._copies.require_room(study.study)
        release = secrets.token_hex(16)
        request = PseudonymisedRequest(
            study=study.study,
            release=release,
            actor=f"researcher:{account_id}",
            title=agreement.title,
            text=agreement.text,
            ends_on=agreement.ends_on,
            public_key=agreement.public_key,
            deleted=self._deleted(study),
            whole_records=agreement.whole_records,
        )
        released = self._diagnostics.pseudonymise(study.question, request)
        copy = NewCopy(
            study=study.study,
            release=release,
            account=account_id,
            ends_at_s=agreement.ends_at_s,
            plan=None,
            is_first=False,
            parts=released.parts,
            whole_records=agreement.whole_records,
        )
        self._copies.add(copy, released.parts)
        file_name = f"{study_name(study.study)}.sealed"
        return SealedCopyFile(name=file_name, content=released.content)

    def acknowledge(self, party: str, name: str, names: Sequence[str]) -> None:
        """Store that a study deleted the rows of these people; repeating it changes nothing.

        Raises:
            Invalid: a name was never listed; nothing was stored.
        """
        study, _ = self._require(party, name)
        listed = {each.name for each in self._deletions.list_by_study(study.study)}
        if not names or not set(names) <= listed:
            raise Invalid.of("names", "Choose pseudonyms that are listed for deletion.")
        self._deletions.acknowledge(study.study, names)

    def confirm_deletion(self, party: str, name: str, copy_id: str) -> None:
        """Store that a whole copy is deleted, with the rows of everybody in it.

        Raises:
            NotFound: also if there is no such copy, or it was confirmed before.
        """
        study, _ = self._require(party, name)
        is_new = self._copies.confirm_deletion(study.study, copy_id)
        # Also on repetition: a first call may have been interrupted before it came here.
        self._deletions.acknowledge_copy(study.study, copy_id)
        if not is_new:
            raise NotFound

    def list_studies(self, party: str) -> list[PseudonymisedOffer]:
        """Return what every study of a party with copies under an agreement must do."""
        studies = [study for study in self._owned.list(party) if study.agreement]
        with_copies = [study for study in studies if self._copies.list_by_study(study.study)]
        return [self.get(party, study.study) for study in with_copies]

    def _require(self, party: str, name: str) -> tuple[Proposal, CopyAgreement]:
        study = self._owned.get_approved(party, name)
        if not study.wants_copy or study.agreement is None:
            raise NotFound
        return study, study.agreement

    def _refusal(self, study: Proposal, agreement: CopyAgreement) -> str:
        if agreement.ends_at_s < self._diagnostics.clock():
            return ENDED
        return OVERDUE if self._deletions.count(study.study).overdue else ""

    def _deleted(self, study: Proposal) -> tuple[EarlierCopy, ...]:
        """Return whose rows must go from the study's earlier copies, for the manifest."""
        waiting = self._deletions.list_by_study(study.study)
        names = {each.name for each in waiting if each.acknowledged_at_s is None}
        copies = self._copies.list_by_study(study.study)
        return tuple(
            EarlierCopy(copy.release, tuple(sorted(names & set(copy.pseudonyms))))
            for copy in copies
        )
