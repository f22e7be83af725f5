"""Counts what a request makes the platform do: statements, commits, questions to the chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import Schema

from consent.rpc import Rpc
from models.card import Card
from models.question import Question


@contextmanager
def count_work(engine: sa.Engine) -> Iterator[Counter[str]]:
    """Yield the counts of what happens in the block, as SQLite itself sees its statements."""
    counts: Counter[str] = Counter()

    def note(statement: str) -> None:
        kind = statement.split(None, 1)[0].upper()
        counts["commits" if kind == "COMMIT" else "statements"] += kind not in ("BEGIN", "ROLLBACK")

    def watch(connection: Any, *_: object) -> None:
        connection.set_trace_callback(note)

    def forget(connection: Any, *_: object) -> None:
        if connection is not None:
            connection.set_trace_callback(None)

    sa.event.listen(engine, "checkout", watch)
    sa.event.listen(engine, "checkin", forget)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Rpc, "ask", _counted(counts, "chain", Rpc.ask))
            patch.setattr(Schema, "__init__", _counted(counts, "schemas", Schema.__init__))
            for parsed, name in ((Question, "parse"), (Card, "from_json")):
                method = _counted(counts, "parses", getattr(parsed, name).__func__)
                patch.setattr(parsed, name, classmethod(method))
            yield counts
    finally:
        sa.event.remove(engine, "checkout", watch)
        sa.event.remove(engine, "checkin", forget)


def _counted(counts: Counter[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        counts[name] += 1
        return function(*args, **options)

    return call
