"""What is a researcher's own: the studies of who they speak for, and the models of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import Model, ModelsNotFound
from services import errors
from services.jobs.queue import Job
from services.platform import Platform
from services.requests import Proposal
from services.words import Words

PREFIX = "study:"


@dataclass(frozen=True, slots=True)
class Researcher:
    """Who asks, by a page or by the API.

    Attributes:
        platform: every part of the install.
        words: the texts in their language.
        party: for whom they speak: an organisation, or (a token) one study alone.
        id: the id of the account or the token.
    """

    platform: Platform
    words: Words
    party: str
    id: str

    def studies(self) -> list[Proposal]:
        """Return the studies that are theirs, the newest first."""
        proposals = self.platform.asking.proposals
        if self.party.startswith(PREFIX):
            found = proposals.find(self.party)
            return [found] if found else []
        return proposals.list_by_owner(self.party)

    def study(self, name: str) -> Proposal:
        """Return the study of this name.

        Raises:
            NotFound: there is none, or it is another's.
        """
        found = self.platform.asking.proposals.find(PREFIX + name.removeprefix(PREFIX))
        if found is None or self.party not in (found.owner, found.study):
            raise errors.NotFound
        return found

    def models(self, studies: Sequence[Proposal]) -> list[Model]:
        """Return the models of these studies, the newest first."""
        wanted = {one.study for one in studies}
        found = [one for one in self.platform.diagnostics.models() if one.study in wanted]
        return found[::-1]

    def model(self, model_id: str) -> Model:
        """Return the model of this id, of their own studies.

        Raises:
            NotFound: there is none, or it is another's.
        """
        try:
            found = self.platform.diagnostics.model(model_id)
        except ModelsNotFound as exc:
            raise errors.NotFound from exc
        if found.study not in {one.study for one in self.studies()}:
            raise errors.NotFound
        return found

    def job(self, one: Proposal, job_id: str) -> Job:
        """Return a job of one of their studies.

        Raises:
            NotFound: there is none of this id, or it is another's.
        """
        found = self.platform.jobs.find(job_id)
        if found is None or found.requested_by != one.study:
            raise errors.NotFound
        return found

    def steady(self, name: str, count: int) -> int:
        """Return a live count as it may be told: no two looks can be compared by it."""
        return self.platform.asking.feasibility.stable(name, count)


def slug(one: Proposal) -> str:
    """Return a study's name as it stands in addresses."""
    return one.study.removeprefix(PREFIX)
