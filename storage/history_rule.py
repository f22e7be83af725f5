"""Stores the custodian's rule for versions that a correction replaces: destroyed, or kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from storage.database import reading, writing
from storage.tables import METADATA

_RULES: Final = sa.Table(
    "storage_history_rules",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("keeps", sa.Boolean, nullable=False),
    sa.Column("by", sa.String(128), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """That replaced versions are kept, or destroyed, from `at_s` (seconds UTC), and who said so."""

    keeps: bool
    by: str
    at_s: int


DEFAULT: Final = RuleChange(keeps=False, by="", at_s=0)
"""The rule of an installation that never set one."""


class HistoryRule:
    """The rule in force is the newest one; none is ever deleted."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def get(self) -> RuleChange:
        """Return the rule in force."""
        query = sa.select(_RULES).order_by(_RULES.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return RuleChange(keeps=row.keeps, by=row.by, at_s=row.at_s) if row else DEFAULT

    def set(self, *, keeps: bool, by: str) -> None:
        """Store a new rule; it is for corrections that arrive from then on."""
        values = {"keeps": keeps, "by": by, "at_s": int(self._clock())}
        with writing(self._engine) as connection:
            connection.execute(sa.insert(_RULES), values)
