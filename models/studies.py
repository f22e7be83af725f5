"""Studies, the parties that may train, and their runs, each with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from models.errors import ModelsInvalid, ModelsNotFound, ModelsRefused
from models.tables import METADATA

RUNNING: Final = "running"
DONE: Final = "done"
REFUSED: Final = "refused"
STOPPED: Final = "stopped"
FAILED: Final = "failed"

_STUDIES: Final = sa.Table(
    "models_studies",
    METADATA,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("protocol", sa.Text, nullable=False),
    sa.Column("until_s", sa.BigInteger, nullable=False),
)
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
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Study:
    """A party with a purpose, a protocol and an end; `id` is the party that patients name."""

    id: str
    title: str
    protocol: str
    until_s: int


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One attempt to make a model; `note` says in words why it ended other than done."""

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

    @property
    def model_id(self) -> str:
        """The id that this run's model has, or will have."""
        return f"{self.question}-{self.id}"


class Studies:
    """The rows of studies and of runs."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the tables of this engine."""
        self._engine = engine

    def add(self, study: Study) -> None:
        """Write down a study; the same again changes nothing.

        Raises:
            BadlyAsked: the id is no study's, or another study has it.
        """
        if not study.id.startswith("study:") or len(study.id) < len("study:x"):
            raise ModelsInvalid("a study's id is study:NAME")
        with self._engine.begin() as connection:
            found = self._find(connection, study.id)
            if found is None:
                row = {name: getattr(study, name) for name in Study.__slots__}
                connection.execute(sa.insert(_STUDIES), row)
            elif found != study:
                raise ModelsInvalid(f"{study.id} is another study already")

    def _find(self, connection: sa.Connection, study_id: str) -> Study | None:
        row = connection.execute(sa.select(_STUDIES).where(_STUDIES.c.id == study_id)).first()
        return None if row is None else Study(*row)

    def all(self) -> list[Study]:
        """Return every study, by id."""
        with self._engine.connect() as connection:
            return [Study(*row) for row in connection.execute(sa.select(_STUDIES).order_by("id"))]

    def require_open(self, study_id: str, now_s: float) -> Study:
        """Return the study if it may still train.

        Raises:
            NotFound: no such study.
            Refused: it is over.
        """
        with self._engine.connect() as connection:
            found = self._find(connection, study_id)
        if found is None:
            raise ModelsNotFound(f"no study {study_id}")
        if now_s >= found.until_s:
            raise ModelsRefused(f"{study_id} is over")
        return found

    def begin(self, run: dict[str, Any]) -> TrainingRun:
        """Write down a new run and return it."""
        row = {**run, "state": RUNNING, "step": "begun", "note": ""}
        with self._engine.begin() as connection:
            made = connection.execute(sa.insert(_RUNS).values(row)).inserted_primary_key
        return self.run(int(made[0]) if made else 0)

    def run(self, run_id: int) -> TrainingRun:
        """Return a run.

        Raises:
            NotFound: no such run.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_RUNS).where(_RUNS.c.id == run_id)).first()
        if row is None:
            raise ModelsNotFound(f"no run {run_id}")
        return TrainingRun(*row)

    def runs(self) -> list[TrainingRun]:
        """Return every run, oldest first."""
        with self._engine.connect() as connection:
            return [
                TrainingRun(*row) for row in connection.execute(sa.select(_RUNS).order_by("id"))
            ]

    def note(self, run_id: int, **changes: Any) -> None:
        """Write down what became of a run."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(_RUNS).where(_RUNS.c.id == run_id).values(changes))
