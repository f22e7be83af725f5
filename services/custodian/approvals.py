"""Shows a custodian what a study plans, whom it reaches and what patients read; keeps decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consent import ConsentError
from models import Question
from services.errors import Invalid
from services.parties import study_id
from services.requests import PROPOSED, Proposal, ReleasedCopy
from services.requests.copy_deletions import DeletionCounts
from services.requests.descriptions import RequestText
from services.requests.stores import RequestStores
from services.text_lengths import require_length
from services.words import Words

MAX_REASON: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyReview:
    """What a custodian reads before deciding on a study.

    Attributes:
        reach: how many patients the study may ask at most; None while that cannot be checked.
        needed: the categories without which nobody is asked.
        patients: all patients in the directory.
        text: the request as patients will read it.
        copies: the copies of both kinds that left so far, newest first.
        deletions: how many people's rows must go from the pseudonymised ones, and what the study
            said.
    """

    proposal: Proposal
    owner_name: str
    reach: int | None
    needed: Sequence[str]
    patients: int
    question: Question
    text: RequestText
    copies: Sequence[ReleasedCopy]
    deletions: DeletionCounts

    @property
    def patients_read(self) -> list[str]:
        """The sections that patients will read, in order, without headings."""
        return [section.text for section in self.text.sections]


class CustodianApprovals:
    """Lists proposed studies and decides on them; only one given back for changes comes again.

    NotFound is raised for a study that nobody proposed.
    """

    def __init__(self, *, requests: RequestStores) -> None:
        self._proposals = requests.proposals
        self._reach = requests.reach
        self._directory = requests.directory
        self._copies = requests.copies
        self._deletions = requests.deletions
        self._parties = requests.parties
        self._descriptions = requests.descriptions

    def list_all(self) -> list[Proposal]:
        """Return every proposed study, newest first, decided or not."""
        return self._proposals.list_all()

    def get(self, name: str) -> Proposal:
        """Return a proposed study."""
        return self._proposals.get(study_id(name))

    def review(self, words: Words, name: str) -> StudyReview:
        """Return what the custodian reads about a study."""
        proposal = self.get(name)
        return StudyReview(
            proposal=proposal,
            owner_name=self._parties.name_of(proposal.owner),
            reach=self._count_reach(proposal),
            needed=self._reach.categories(proposal),
            patients=self._directory.count(),
            copies=self._copies.list_summaries(proposal.study),
            deletions=self._deletions.count(proposal.study),
            question=self._reach.question(proposal),
            text=self._descriptions.describe(words, proposal.request_details()),
        )

    def _count_reach(self, proposal: Proposal) -> int | None:
        try:
            return len(self._reach.not_permitting(proposal))
        except ConsentError:
            return None

    def approve(self, name: str, *, by: str, version: int | None = None) -> None:
        """Let a study send requests and train; a decided one stays as it is.

        `version` is that of the proposal that was read; without it the present one is meant.

        Raises:
            ProposalChanged (services.requests): it is another version by now.
        """
        self._proposals.approve(self.get(name).study, by, version)

    def reject(  # noqa: PLR0913 - who and of what, by keyword
        self,
        words: Words,
        name: str,
        state: str,
        reason: str,
        *,
        by: str,
        version: int | None = None,
    ) -> None:
        """Refuse a study, or ask its team to change it; a decided one stays as it is.

        `state` is `REFUSED` or `RETURNED` (services.requests). The reason is stored.

        Raises:
            NotFound, ProposalChanged: as `approve`.
            Invalid: the reason, or what has to change, is empty or too long.
        """
        proposal = self.get(name)
        if proposal.state == PROPOSED:
            reason = _require_reason(words, reason)
            self._proposals.reject(proposal.study, state, by, reason, version)


def _require_reason(words: Words, reason: str) -> str:
    if not reason.strip():
        raise Invalid.of("why", words("may-study-why"))
    return require_length(words, "why", reason.strip(), MAX_REASON)
