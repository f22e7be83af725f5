"""Whom a study's requests reach: what the custodian approves and what is sent are the same."""

from __future__ import annotations

from collections.abc import Sequence

from models import Diagnostics, Question
from services.requests.proposals import Proposal
from storage import RecordStore


class StudyReach:
    """The patients whom a study may send its request to."""

    def __init__(self, *, store: RecordStore, diagnostics: Diagnostics) -> None:
        self._store = store
        self._diagnostics = diagnostics

    def subjects(self, study: Proposal) -> list[bytes]:
        """Return the patients who hold the records that the study needs and do not refuse it.

        Nobody is asked who turned research off or refused this study.

        Raises:
            LedgerUnavailable (consent): nobody can tell now who refuses.
            ModelsNotFound (models): the study's question is not installed.
        """
        needed = needed_categories(self._diagnostics.question(study.question))
        refusing = self._store.refusing_subjects(study.study, study.purpose)
        holding = self._store.list_subjects_with(needed)
        return [subject for subject in holding if subject not in refusing]


def needed_categories(question: Question) -> Sequence[str]:
    """Return the categories without which nobody can take part."""
    timeline = question.timeline
    if timeline is None:
        return (*question.required, question.label.category)
    label = () if timeline.outcome.absent_is_negative else (question.label.category,)
    index = (timeline.index.category,) if timeline.index.category else ()
    needed = dict.fromkeys((*question.required, *label, *index))
    return tuple(needed) or question.categories[:1]
