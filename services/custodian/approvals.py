"""Shows a custodian what a study plans, whom it reaches and what patients read; keeps decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.errors import Invalid
from services.parties import PartyNames, study_id
from services.requests import PROPOSED, PatientDirectory, Proposal, StudyProposals
from services.requests.descriptions import RequestDescriptions, RequestText
from services.requests.reach import StudyReach
from services.words import Words

MAX_REASON: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyReview:
    """What a custodian reads before deciding on a study.

    Attributes:
        proposal: the study, and the decision if there is one.
        owner_name: the organisation that runs it.
        reach: patients who would be asked: they hold the records that it needs and do not refuse.
        patients: all patients in the directory.
        text: the request as patients will read it.
    """

    proposal: Proposal
    owner_name: str
    reach: int
    patients: int
    text: RequestText

    @property
    def patients_read(self) -> list[str]:
        """The sections that patients will read, in order, without headings."""
        return [section.text for section in self.text.sections]


class CustodianApprovals:
    """Lists proposed studies and decides on them; the first decision on each is final."""

    def __init__(
        self,
        *,
        proposals: StudyProposals,
        reach: StudyReach,
        directory: PatientDirectory,
        parties: PartyNames,
        descriptions: RequestDescriptions,
    ) -> None:
        self._proposals = proposals
        self._reach = reach
        self._directory = directory
        self._parties = parties
        self._descriptions = descriptions

    def list_all(self) -> list[Proposal]:
        """Return every proposed study, newest first, decided or not."""
        return self._proposals.list_all()

    def get(self, name: str) -> Proposal:
        """Return a proposed study.

        Raises:
            NotFound: as `review`.
        """
        return self._proposals.get(study_id(name))

    def review(self, words: Words, name: str) -> StudyReview:
        """Return what the custodian reads about a study.

        Raises:
            NotFound: nobody proposed a study of this name.
        """
        proposal = self.get(name)
        return StudyReview(
            proposal=proposal,
            owner_name=self._parties.name_of(proposal.owner),
            reach=len(self._reach.subjects(proposal)),
            patients=self._directory.count(),
            text=self._descriptions.describe(words, proposal.request_details()),
        )

    def approve(self, name: str, *, by: str) -> None:
        """Let a study send requests and train; a decided one stays as it is.

        Raises:
            NotFound: as `review`.
        """
        self._proposals.approve(self.get(name).study, by)

    def refuse(self, words: Words, name: str, reason: str, *, by: str) -> None:
        """Refuse a study and store the reason; a decided one stays as it is.

        Raises:
            NotFound: as `review`.
            Invalid: the reason is empty.
        """
        proposal = self.get(name)
        if proposal.state != PROPOSED:
            return
        if not reason.strip():
            text = words("may-study-why")
            raise Invalid(text, {"why": [text]})
        self._proposals.refuse(proposal.study, by, reason.strip()[:MAX_REASON])
