"""What a researcher's list of studies says of each."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from services.researcher.studies import StudySummary


def test_a_model_that_is_to_be_replaced_is_still_in_use() -> None:
    states = ("active", "affected", "replaced", "retired", "published")
    models: Any = [SimpleNamespace(state=state) for state in states]
    study: Any = SimpleNamespace(study="study:a")
    summary = StudySummary(study=study, people_asked=0, people_agreed=0, models=models)
    assert summary.models_in_use == 2
