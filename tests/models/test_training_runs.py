from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.errors import ModelsNotFound
from models.studies import Study, StudyRegistry
from models.training_runs import DONE, RUNNING, TrainingRun, TrainingRuns


def start(runs: TrainingRuns) -> TrainingRun:
    return runs.start(
        study="study:s", question="q", question_text="text", predecessor=None, started_at_s=5
    )


def test_runs_are_numbered_and_keep_their_state(engine: sa.Engine) -> None:
    StudyRegistry(engine).add(Study("study:s", "S", "https://example.org", 100))
    runs = TrainingRuns(engine)
    first, second = start(runs), start(runs)
    assert (first.state, first.step, second.model_id) == (RUNNING, "begun", f"q-{second.id}")
    runs.update(first.id, state=DONE, ended_at_s=9)
    assert [(run.id, run.state) for run in runs.all()] == [(first.id, DONE), (second.id, RUNNING)]
    assert runs.get(first.id).ended_at_s == 9
    with pytest.raises(ModelsNotFound):
        runs.get(99)
