"""How many questions a party may build at once; no nodes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.question_choices import QuestionChoices
from services.requests.question_drafts import MAX_DRAFTS, QuestionDrafts, TooManyDrafts

PARTY = "organisation:a"


def test_no_organisation_fills_the_disk_with_questions(sqlite_engine: sa.Engine) -> None:
    drafts = QuestionDrafts(sqlite_engine, lambda: 1_800_000_000)
    for _ in range(MAX_DRAFTS):
        drafts.add(PARTY, "a", QuestionChoices())
    with pytest.raises(TooManyDrafts, match=r"has 100 questions .* Delete one"):
        drafts.add(PARTY, "a", QuestionChoices())
    drafts.add("organisation:b", "b", QuestionChoices())
    drafts.delete(PARTY, drafts.list(PARTY)[0].id)
    drafts.add(PARTY, "a", QuestionChoices())
    assert len(drafts.list(PARTY)) == MAX_DRAFTS  # all are listed
