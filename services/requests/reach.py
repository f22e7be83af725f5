"""Whom a study may ask: the custodian approves this, and requests reach nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from models import Diagnostics, Question
from services.requests.proposals import Proposal
from storage import RecordStore


class StudyReach:
    """Lists the people whom a study may ask, the same for approval, preview and sending."""

    def __init__(self, *, store: RecordStore, diagnostics: Diagnostics) -> None:
        self._store = store
        self._diagnostics = diagnostics

    def subjects(self, study: Proposal) -> list[bytes]:
        """Return the living with the needed records who turned off neither research nor this study.

        Raises:
            LedgerUnavailable (consent): refusals cannot be checked now.
        """
        eligible = self._store.list_subjects_with(self.categories(study))
        refusing = self._store.refusing_subjects(study.study, study.purpose)
        excluded = refusing | self._store.find_deceased(eligible)
        return [subject for subject in eligible if subject not in excluded]

    def not_permitting(self, study: Proposal) -> list[bytes]:
        """Return those of them who do not permit the study yet.

        Raises:
            LedgerUnavailable (consent): permissions cannot be checked now.
        """
        permitted = self._store.permitted_subjects(study.study, study.purpose)
        return [subject for subject in self.subjects(study) if subject not in permitted]

    def categories(self, study: Proposal) -> Sequence[str]:
        """Return the categories without which nobody can take part."""
        return needed_categories(self.question(study))

    def question(self, study: Proposal) -> Question:
        """Return the question of a study, as it is installed now."""
        return self._diagnostics.question(study.question)


def needed_categories(question: Question) -> Sequence[str]:
    """Return the categories without which nobody can take part."""
    timeline = question.timeline
    if timeline is None:
        return tuple(dict.fromkeys((*question.required, question.label.category)))
    label = () if timeline.outcome.absent_is_negative else (question.label.category,)
    index = (timeline.index.category,) if timeline.index.category else ()
    needed = dict.fromkeys((*question.required, *label, *index))
    return tuple(needed) or question.categories[:1]
