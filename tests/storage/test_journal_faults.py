"""A journal that fails, is full or hangs, again and again; SINKS=1000 for docs/assurance.md."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from consent import Anchor, View
from storage.errors import DiskFull, JournalUnavailable
from storage.integrity import check_journal
from storage.journal import NOBODY, AccessOutcome, Journal, Use
from storage.keys import Keys, SecretKey

SINKS = int(os.environ.get("SINKS", "30"))
VIEW = View(1, "0x", b"", 7, b"", 1_000, 3, b"h" * 27, 1_000)


class NoAnchors:
    def anchors(self, _kind: str, _last: int | None = None) -> list[Anchor]:
        return []


@contextmanager
def failing(engine: sa.Engine) -> Iterator[None]:
    """Let the disk fail at a row of this use, or at the use itself."""
    table = random.choice(["storage_journal", "storage_journal_uses"])
    fault = f"BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TRIGGER fault {fault}")
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER fault")


@contextmanager
def full(engine: sa.Engine) -> Iterator[None]:
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def bound(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    engine.dispose()
    sa.event.listen(engine, "connect", bound)
    yield
    sa.event.remove(engine, "connect", bound)
    engine.dispose()


@contextmanager
def hanging(engine: sa.Engine) -> Iterator[None]:
    """Let another program hold the database's lock for longer than anybody waits."""

    def impatient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 1")

    engine.dispose()
    sa.event.listen(engine, "connect", impatient)
    with engine.begin():
        yield
    sa.event.remove(engine, "connect", impatient)
    engine.dispose()


FAULTS: list[Callable[[sa.Engine], Any]] = [failing, full, hanging]


def use(why: str) -> Use:
    return Use(1_000, "study:x", "", "MLTRAINING", why, VIEW)


def test_a_row_that_cannot_be_written_is_an_error_so_that_nothing_is_released(
    sqlite_engine: sa.Engine,
) -> None:
    keys, released = Keys(sqlite_engine), 0
    keys.unseal(SecretKey(b"k" * 32))
    journal = Journal(sqlite_engine, keys, NoAnchors(), lambda: 1_000)  # type: ignore[arg-type]
    for number in range(SINKS):
        answer = AccessOutcome(b"a" * 32, secrets.token_bytes(16), 1, "permitted", NOBODY)
        with FAULTS[number % 3](sqlite_engine), pytest.raises((JournalUnavailable, DiskFull)):
            journal.write(use("x" * 100_000), [answer] * random.randint(1, 3))
            released += 1
        if number % 10 == 0:
            journal.write(use("well"), [answer])
    assert released == 0
    assert journal.size() == len(range(0, SINKS, 10))
    assert check_journal(journal, []) == []
    print(f"{SINKS} writes to a journal that failed, was full or hung: {released} released")  # noqa: T201
