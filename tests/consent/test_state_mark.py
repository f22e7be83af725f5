from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from consent import LedgerBroken, LedgerUnavailable, StateMark, ViewRefused
from consent.chain import Tip
from consent.events import START, ChangeRun, Events, Mark
from consent.restore_guard import RestoreGuard
from consent.state_mark import UNKNOWN, MarkedState
from consent.tables import METADATA

OLD = Tip(b"\1" * 32, 1)
COPY = Mark(OLD, 7, b"\2" * 32)


@pytest.fixture
def events(tmp_path: Path) -> Events:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/database")
    METADATA.create_all(engine)
    return Events(engine)


def guard_of(events: Events, path: Path) -> tuple[RestoreGuard, StateMark]:
    class Outbox:
        def open_revocations(self) -> set[bytes]:
            return set()

        def known(self, _hashes: object) -> set[bytes]:
            return set()

    mark = StateMark(path, "0xab")
    mirror: Any = SimpleNamespace(events=events)
    return RestoreGuard(mark, mirror, Outbox()), mark  # type: ignore[arg-type]


def test_a_missing_mark_stays_missing_whatever_is_written_meanwhile(
    events: Events, tmp_path: Path
) -> None:
    events.append(START.tip, COPY, ChangeRun([], [], []))
    events.require_marked()  # this database had a mark
    guard, mark = guard_of(events, tmp_path / "mark")
    guard.note_revocations([])
    mark.raise_journal(9)
    marked = mark.read()
    assert marked == replace(UNKNOWN, journal=9)
    for again in (guard, guard_of(events, mark.path)[0]):
        assert "is missing" in str(again.find_fault(OLD))
        with pytest.raises(ViewRefused, match="restore --confirm"):
            again.require(OLD)


def test_a_mark_that_is_lost_while_a_process_runs_stops_its_views(
    events: Events, tmp_path: Path
) -> None:
    guard, mark = guard_of(events, tmp_path / "mark")
    guard.require(START.tip)
    events.append(START.tip, COPY, ChangeRun([], [], []))
    guard.require(OLD)
    assert mark.read() == MarkedState(1, OLD.head)
    mark.path.unlink()
    for tip in (OLD, Tip(b"\3" * 32, 2)):
        with pytest.raises(ViewRefused, match="is missing"):
            guard.require(tip)


def test_rows_of_the_journal_make_no_process_compare_its_state_again(
    events: Events, tmp_path: Path
) -> None:
    guard, mark = guard_of(events, tmp_path / "mark")
    guard.require(START.tip)
    compared: list[Tip] = []
    guard.find_fault = compared.append  # type: ignore[assignment]
    for last in (1, 2, 2):
        mark.raise_journal(last)
        guard.require(START.tip)
    assert compared == []


def test_a_new_installation_starts_with_an_empty_mark(events: Events, tmp_path: Path) -> None:
    guard, mark = guard_of(events, tmp_path / "mark")
    mark.raise_journal(3)
    guard.require(START.tip)
    assert mark.read() == MarkedState(journal=3)
    mark.path.write_text("{}")
    with pytest.raises(LedgerBroken):
        mark.read()


def test_a_mark_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    mark = StateMark(tmp_path / "file" / "mark", "0xab")
    with pytest.raises(LedgerUnavailable, match="write to its folder, or set VOUCHSAFE_MARK"):
        mark.raise_journal(1)
