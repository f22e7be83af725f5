"""The registered studies, which are the parties that may train models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from models.errors import ModelsInvalid, ModelsNotFound, ModelsRefused
from models.tables import METADATA

_PREFIX: Final = "study:"
_STUDIES: Final = sa.Table(
    "models_studies",
    METADATA,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("protocol", sa.Text, nullable=False),
    sa.Column("until_s", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Study:
    """A party with a purpose, a protocol and an end; `id` is the party that patients name."""

    id: str
    title: str
    protocol: str
    until_s: int


class StudyRegistry:
    """The rows of studies."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the tables of this engine."""
        self._engine = engine

    def add(self, study: Study) -> None:
        """Register a study; repeating the call changes nothing.

        Raises:
            ModelsInvalid: the id is not a study's, or another study has it.
        """
        if not study.id.startswith(_PREFIX) or study.id == _PREFIX:
            raise ModelsInvalid(f"invalid study id {study.id!r}: expected study:NAME")
        with self._engine.begin() as connection:
            known = self._find(connection, study.id)
            if known is None:
                row = {name: getattr(study, name) for name in Study.__slots__}
                connection.execute(sa.insert(_STUDIES), row)
            elif known != study:
                raise ModelsInvalid(f"{study.id} is already registered with other details")

    def _find(self, connection: sa.Connection, study_id: str) -> Study | None:
        row = connection.execute(sa.select(_STUDIES).where(_STUDIES.c.id == study_id)).first()
        return None if row is None else Study(*row)

    def all(self) -> list[Study]:
        """Return every study, by id."""
        with self._engine.connect() as connection:
            return [Study(*row) for row in connection.execute(sa.select(_STUDIES).order_by("id"))]

    def is_open(self, study_id: str, now_s: float) -> bool:
        """Return whether a study exists and has not ended."""
        with self._engine.connect() as connection:
            study = self._find(connection, study_id)
        return study is not None and now_s < study.until_s

    def require_open(self, study_id: str, now_s: float) -> Study:
        """Return the study if it may still train.

        Raises:
            ModelsNotFound: the study does not exist.
            ModelsRefused: the study has ended.
        """
        with self._engine.connect() as connection:
            study = self._find(connection, study_id)
        if study is None:
            raise ModelsNotFound(f"no study {study_id}")
        if now_s >= study.until_s:
            raise ModelsRefused(f"{study_id} has ended")
        return study
