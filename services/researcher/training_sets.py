"""Training sets that leave as copies: conditions, download, and deletion after withdrawals."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from attrs import define

from consent import DAY_S, HRESCH
from models import (
    AGREEMENT,
    MIN_COHORT,
    CopyPlan,
    Diagnostics,
    EarlierCopy,
    Model,
    Question,
    Release,
    ReleaseRequest,
    permitted_row_keys,
)
from models.pseudonymised import permitted_parts
from models.question_parts import DIRECT
from services.dates import iso_day
from services.errors import Conflict, NotFound
from services.parties import study_name
from services.requests import FeasibilityCounts, NewCopy, Proposal, ReleasedCopies, ReleasedCopy
from services.requests.copy_deletions import find_left
from services.requests.reach import needed_categories
from services.researcher.owned_studies import OwnedStudies
from storage import RecordStore

RowParts = Mapping[bytes, Set[str]]
"""What each row may be made of now, by its key."""
MAX_DAYS: Final = 365
"""How long a copy may be kept."""


class StudyEnded(Conflict):
    """No new copy leaves: the study has ended."""

    def __init__(self, until_s: int) -> None:
        """Name the last day of the study."""
        ended = f"The study ended on {iso_day(until_s - 1)}: no new copy leaves."
        super().__init__(f"{ended} Propose a new study to ask again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedColumn:
    """A feature that a copy may have; see `models.question_parts.Feature.disclosure`."""

    code: str
    words: str
    disclosure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetOffer:
    """What a copy of a study's training set holds, under which conditions, and earlier copies.

    Attributes:
        people: how many permit a copy; the count moves in steps of 11.
        agreement: the conditions that must be accepted.
        ends_at_s: until when a copy that is downloaded now may be kept.
        is_over: whether the study has ended, so that no new copy leaves.
    """

    study: Proposal
    question: Question
    people: int
    agreement: str
    ends_at_s: int
    is_over: bool
    copies: Sequence[ReleasedCopy]

    @property
    def is_enough(self) -> bool:
        """Whether the people who permit a copy are enough for one."""
        return self.people >= MIN_COHORT

    @property
    def is_fixed(self) -> bool:
        """Whether an earlier copy fixed the columns."""
        return _plan(self.copies) is not None

    @property
    def columns(self) -> list[OfferedColumn]:
        """The features that a copy has, or that a first copy may have."""
        plan = _plan(self.copies)
        return [
            OfferedColumn(code=feature.code, words=feature.words, disclosure=feature.disclosure)
            for position, feature in enumerate(self.question.features)
            if feature.disclosure != DIRECT and (plan is None or position in plan.columns)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyNotice:
    """A copy that was downloaded, and whether it must be deleted now.

    Attributes:
        withdrawals: how many people in it permit it no longer; 1 to 10 if fewer than 11.
    """

    study: Proposal
    copy: ReleasedCopy
    withdrawals: int
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What a researcher must do after withdrawals: copies to delete, models to replace."""

    copies: Sequence[CopyNotice]
    models: Sequence[Model]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetFile:
    """A training set that leaves now: a ZIP, and its file name."""

    name: str
    release: Release


@define(eq=False, repr=False, kw_only=True)
class TrainingSets:
    """The training sets of a researcher's studies."""

    _owned: OwnedStudies
    _copies: ReleasedCopies
    _store: RecordStore
    _diagnostics: Diagnostics
    _feasibility: FeasibilityCounts

    def get(self, party: str, name: str) -> TrainingSetOffer:
        """Return what a study may download, and what it downloaded.

        Raises:
            NotFound: there is no such approved study of this party, or it asks for no copy.
        """
        study = self._require(party, name)
        subjects = self._store.permitted_subjects(study.study, HRESCH)
        permitted = len(set(self._store.persons(subjects).values()))
        return TrainingSetOffer(
            study=study,
            question=self._diagnostics.question(study.question),
            people=self._feasibility.of_study(study.study, "copies", permitted),
            agreement=AGREEMENT,
            ends_at_s=self._ends_at_s(study),
            is_over=self._is_over(study),
            copies=self._copies.list_by_study(study.study),
        )

    def download(
        self, party: str, account_id: str, name: str, columns: Sequence[str] = ()
    ) -> TrainingSetFile:
        """Return the set of the people who permit a copy now; it is stored before it leaves.

        `columns` are the codes of the features of a first copy; if empty, the platform chooses.
        Later copies have the columns of the first, or they could be joined to more.

        Raises:
            NotFound: as `get`.
            StudyEnded: the study has ended.
            TooManyRequests: many copies of the study were made within a day.
            Conflict: another copy of the study was made meanwhile.
            CohortTooSmall (models): too few people permit a copy.
            ModelsInvalid (models): a column is not a feature, or a direct identifier.
        """
        study = self._require(party, name)
        if self._is_over(study):
            raise StudyEnded(study.until_s)
        self._copies.require_room(study.study)
        ends_at_s, release = self._ends_at_s(study), secrets.token_hex(16)
        earlier = self._copies.list_by_study(study.study)
        request = ReleaseRequest(
            study=study.study,
            release=release,
            ends_on=iso_day(ends_at_s),
            actor=f"researcher:{account_id}",
            columns=tuple(columns),
            plan=_plan(earlier),
            earlier=tuple(
                EarlierCopy(copy.release, copy.pseudonyms, copy.parts, copy.left_out)
                for copy in earlier
            ),
        )
        released = self._diagnostics.release(study.question, request)
        copy = NewCopy(
            study=study.study,
            release=release,
            account=account_id,
            ends_at_s=ends_at_s,
            plan=released.plan,
            is_first=_plan(earlier) is None,
            parts=released.parts,
            earlier=len(earlier),
            left_out=released.left_out,
        )
        self._copies.add(copy, released.names)
        return TrainingSetFile(name=f"{study_name(study.study)}.zip", release=released)

    def notices(self, party: str) -> Notices:
        """Return every copy of a party's studies, and the models that must be replaced."""
        studies = self._owned.list(party)
        return Notices(
            copies=[notice for study in studies for notice in self._notices(study)],
            models=[model for model in self._owned.models(studies) if model.state == "affected"],
        )

    def confirm_deletion(self, party: str, copy_id: str) -> None:
        """Store that the study confirmed that a copy is deleted.

        Raises:
            NotFound: there is no such copy, it is another party's, or it was confirmed before.
        """
        studies = [study for study in self._owned.list(party) if study.agreement is None]
        if not any(self._copies.confirm_deletion(study.study, copy_id) for study in studies):
            raise NotFound

    def _require(self, party: str, name: str) -> Proposal:
        study = self._owned.get_approved(party, name)
        if study.copy_kind != "anonymised":
            raise NotFound
        return study

    def _is_over(self, study: Proposal) -> bool:
        return study.until_s <= self._diagnostics.clock()

    def _ends_at_s(self, study: Proposal) -> int:
        return min(study.until_s, int(self._diagnostics.clock()) + MAX_DAYS * DAY_S)

    def _notices(self, study: Proposal) -> list[CopyNotice]:
        copies = self._copies.list_summaries(study.study)
        anonymised = [copy for copy in copies if not copy.is_pseudonymised]
        # Decided once, whatever the number of copies.
        parts = self._permitted_parts(study) if anonymised else {}
        return [self._notice(study, copy, parts) for copy in anonymised]

    def _permitted_parts(self, study: Proposal) -> RowParts:
        used = self._diagnostics.question(study.question).training_categories
        current = self._store.permitted_records(study.study, HRESCH)
        return permitted_parts(self._store, current, used)

    def _notice(self, study: Proposal, copy: ReleasedCopy, parts: RowParts) -> CopyNotice:
        withdrawals = self._withdrawals(study, self._copies.get(copy.id), parts)
        has_ended = copy.ends_at_s <= self._diagnostics.clock()
        return CopyNotice(
            study=study,
            copy=copy,
            withdrawals=self._feasibility.leavers(f"{copy.id} gone", withdrawals),
            is_due=copy.deleted_at_s is None and (withdrawals > 0 or has_ended),
        )

    def _withdrawals(self, study: Proposal, copy: ReleasedCopy, parts: RowParts) -> int:
        """Return how many people of a copy do not permit every record of their row any longer."""
        if copy.parts:
            name_in = self._copies.name_in(copy)
            return len(find_left(copy, {name_in(key): part for key, part in parts.items()}))
        question = self._diagnostics.question(study.question)
        used = question.training_categories
        # Of a copy from before its parts were stored, only the needed categories are known.
        permitted, needed = (
            self._store.permitted_subjects(study.study, HRESCH),
            needed_categories(question),
        )
        keys = permitted_row_keys(self._store, permitted, needed, used)
        names = set(map(self._copies.name_in(copy), keys))
        return len(set(copy.pseudonyms) - names)


def _plan(copies: Sequence[ReleasedCopy]) -> CopyPlan | None:
    """Return what the first copy of a study fixed for the others."""
    return next((copy.plan for copy in reversed(copies) if copy.plan is not None), None)
