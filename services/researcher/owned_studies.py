"""The studies of a party and the models of these studies; nothing of any other party."""

from __future__ import annotations

from collections.abc import Sequence

from models import Diagnostics, Model
from services.errors import NotFound
from services.parties import is_study, study_id
from services.requests import APPROVED, Proposal, StudyProposals


class OwnedStudies:
    """Studies by party: an organisation has all that it proposed, a study has itself."""

    def __init__(self, *, proposals: StudyProposals, diagnostics: Diagnostics) -> None:
        self._proposals = proposals
        self._diagnostics = diagnostics

    def list(self, party: str) -> list[Proposal]:
        """Return the studies of a party, the newest first."""
        if is_study(party):
            study = self._proposals.find(party)
            return [study] if study else []
        return self._proposals.list_by_owner(party)

    def get(self, party: str, name: str) -> Proposal:
        """Return a study of a party by the study's name or id.

        Raises:
            NotFound: there is none, or it is another party's.
        """
        study = self._proposals.find(study_id(name))
        if study is None or party not in (study.owner, study.study):
            raise NotFound
        return study

    def get_approved(self, party: str, name: str) -> Proposal:
        """Return a study of a party, which the custodian approved.

        Raises:
            NotFound: as `get`; or it is not approved.
        """
        study = self.get(party, name)
        if study.state != APPROVED:
            raise NotFound
        return study

    def models(self, studies: Sequence[Proposal]) -> Sequence[Model]:
        """Return the models of these studies, the newest first."""
        ids = {study.study for study in studies}
        return [model for model in self._diagnostics.models() if model.study in ids][::-1]

    def model(self, party: str, model_id: str) -> Model:
        """Return a model of a party's studies.

        Raises:
            NotFound, ModelsNotFound (models): it is another party's, or there is none.
        """
        model = self._diagnostics.model(model_id)
        if model.study not in {study.study for study in self.list(party)}:
            raise NotFound
        return model
