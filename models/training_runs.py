"""The training runs, each with its step, state and result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from models.errors import ModelsNotFound
from models.question import load_stored_question
from models.tables import METADATA

RUNNING: Final = "running"
DONE: Final = "done"
REFUSED: Final = "refused"
STOPPED: Final = "stopped"
FAILED: Final = "failed"
_FIRST_STEP: Final = "begun"

_RUNS: Final = sa.Table(
    "models_runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("study", sa.String(128), sa.ForeignKey("models_studies.id"), nullable=False),
    sa.Column("question", sa.String(64), nullable=False),
    sa.Column("question_text", sa.Text, nullable=False),
    sa.Column("predecessor", sa.String(96)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("started_at_s", sa.BigInteger, nullable=False),
    sa.Column("ended_at_s", sa.BigInteger),
    sa.Column("report", sa.Text),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One attempt to make a model.

    `note` is the error message if it did not succeed; `report` is the JSON of what the gate
    measured if it was refused.
    """

    id: int
    study: str
    question: str
    question_text: str
    predecessor: str | None
    state: str
    step: str
    note: str
    started_at_s: int
    ended_at_s: int | None
    report: str | None = None

    @property
    def model_id(self) -> str:
        """The id that this run's model has, or will have."""
        return f"{self.question}-{self.id}"


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """How many ended runs of a study on one label came before, and how many were refused."""

    all: int
    refused: int


class TrainingRuns:
    """The rows of training runs."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the tables of this engine."""
        self._engine = engine

    def start(
        self,
        *,
        study: str,
        question: str,
        question_text: str,
        predecessor: str | None,
        started_at_s: int,
    ) -> TrainingRun:
        """Insert a new run and return it."""
        row = {
            "study": study,
            "question": question,
            "question_text": question_text,
            "predecessor": predecessor,
            "started_at_s": started_at_s,
            "state": RUNNING,
            "step": _FIRST_STEP,
            "note": "",
        }
        with self._engine.begin() as connection:
            key = connection.execute(sa.insert(_RUNS).values(row)).inserted_primary_key
        return self.get(int(key[0]) if key else 0)

    def get(self, run_id: int) -> TrainingRun:
        """Return a run.

        Raises:
            ModelsNotFound: the run does not exist.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_RUNS).where(_RUNS.c.id == run_id)).first()
        if row is None:
            raise ModelsNotFound(f"no training run {run_id}")
        return TrainingRun(*row)

    def all(self) -> list[TrainingRun]:
        """Return every run, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_RUNS).order_by("id"))
            return [TrainingRun(*row) for row in rows]

    def of_studies(self, study_ids: Sequence[str]) -> list[TrainingRun]:
        """Return the runs of these studies, oldest first."""
        query = sa.select(_RUNS).where(_RUNS.c.study.in_(list(study_ids)))
        with self._engine.connect() as connection:
            return [TrainingRun(*row) for row in connection.execute(query.order_by(_RUNS.c.id))]

    def count_earlier(self, run: TrainingRun) -> EarlierRuns:
        """Count the runs of the study on the same label that ended before; refused ones too."""
        label = load_stored_question(run.question_text).label.name
        states = [
            earlier.state
            for earlier in self.of_studies([run.study])
            if earlier.id < run.id
            and earlier.state in (DONE, REFUSED)
            and load_stored_question(earlier.question_text).label.name == label
        ]
        return EarlierRuns(len(states), states.count(REFUSED))

    def update(self, run_id: int, **changes: Any) -> None:
        """Store the step, state, note, end or report of a run."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(_RUNS).where(_RUNS.c.id == run_id).values(changes))
