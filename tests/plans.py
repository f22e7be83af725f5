"""Notes how SQLite finds the rows of each statement: by an index, or by reading a whole table."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def note_plans(engine: sa.Engine) -> list[str]:
    """Return a list that gets the steps of every later statement, such as "SEARCH …: SELECT …"."""
    plans: list[str] = []

    def note(*call: Any) -> None:
        _, cursor, statement, parameters, _, _ = call
        rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(f"{row[3]}: {statement}" for row in rows)

    sa.event.listen(engine, "before_cursor_execute", note)
    return plans
