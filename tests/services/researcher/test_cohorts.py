"""How many people a study asked and how many permit it, each counted once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from services.requests import ACCEPTED, DECLINED, LAPSED, WAITING
from services.researcher.cohorts import CohortCounts, StudyCohorts

STATES = (WAITING, WAITING, LAPSED, ACCEPTED, ACCEPTED, DECLINED)


def count(permitting: set[bytes]) -> CohortCounts:
    """Count six people whose newest requests are in these states."""
    states = {bytes([place]): state for place, state in enumerate(STATES)}
    study = SimpleNamespace(study="study:s", purpose="MLTRAINING")
    doubles: dict[str, Any] = {
        "owned": SimpleNamespace(get=lambda party, name: study),
        "requests": SimpleNamespace(list_states=lambda party: states),
        "store": SimpleNamespace(
            permitted_subjects=lambda party, purpose: dict.fromkeys(permitting, {}),
            persons=lambda subjects: {subject: subject for subject in subjects},
        ),
        "ledger": SimpleNamespace(view=lambda: None),
        "feasibility": SimpleNamespace(of_study=lambda study, name, count: count),
    }
    return StudyCohorts(**doubles).get("organisation:o", "s")


def test_who_permits_the_study_without_an_answer_to_the_request_is_counted_once() -> None:
    counts = count({bytes([0]), bytes([3]), bytes([9])})
    assert (counts.people_asked, counts.permitted, counts.all_permitted) == (6, 2, 3)
    assert counts.reasons == {"no-answer": 2, "said-no": 1, "withdrew": 1}


def test_who_was_asked_is_never_more_than_the_people() -> None:
    counts = count({bytes([place]) for place in range(6)})
    assert (counts.people_asked, counts.permitted) == (6, 6)
    assert set(counts.reasons.values()) == {0}
