"""A use that names a view or a time from before it is found by the order of the journal's rows."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from consent import Anchor, View
from storage.findings import StoreFinding
from storage.integrity import check_journal, check_uses
from storage.journal import NOBODY, AccessOutcome, Journal, Use
from storage.keys import Keys, SecretKey
from storage.row_order import RowOrder

AT_S = 1_000


@dataclass
class Anchors:
    """The ledger as the journal sees it: each anchor is its tenth change."""

    published: list[Anchor] = field(default_factory=list)
    made_at_s: int = 10 * AT_S

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        block = len(self.published)
        self.published.append(Anchor(kind, root, count, block, position=10 * (block + 1)))
        return "0x"

    def anchors(self, _kind: str, last: int | None = None) -> list[Anchor]:
        return self.published[-(last or 0) :]

    def block_times(self, numbers: Sequence[int]) -> list[int | None]:
        """Return the time of each block: of the third one, that it is gone."""
        return [None if number == 2 else self.made_at_s for number in numbers]


def journal_on(engine: sa.Engine, ledger: Anchors) -> Journal:
    keys = Keys(engine)
    keys.unseal(SecretKey(b"k" * 32))
    return Journal(engine, keys, ledger, lambda: AT_S)


def write_rows(journal: Journal, counts: Sequence[int], times: Sequence[int]) -> None:
    """Journal a permitted row at each view and time, each covered by an anchor of its own."""
    for count, at_s in zip(counts, times, strict=True):
        view = View(1, "0x", b"", 7, b"", at_s, count, b"h" * 27, at_s)
        use = Use(at_s, "study:x", "", "MLTRAINING", "a test", view)
        outcome = AccessOutcome(b"a" * 32, secrets.token_bytes(16), 1, "permitted", NOBODY)
        journal.write(use, [outcome])
        journal.anchor()


def faults_of(journal: Journal, ledger: Anchors, finality: str = "single") -> list[tuple[Any, str]]:
    permits: Any = SimpleNamespace(find_fault=lambda consent, use: None)
    order = RowOrder(ledger.anchors("journal"), finality, ledger.block_times)
    findings = check_uses(journal, permits, [], order)
    return [(finding.code, finding.where) for finding in findings]


def test_a_use_that_names_a_view_from_before_several_anchors_is_found(
    sqlite_engine: sa.Engine,
) -> None:
    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    # Anchors are the changes 10, 20, …: row 6 comes after four from the change 20 on.
    write_rows(journal, [3, 3, 3, 13, 23, 19, 20], [AT_S] * 7)
    assert faults_of(journal, ledger) == [
        (StoreFinding.VIEW_OUTDATED, "row 6"),
        (StoreFinding.VIEW_OUTDATED, "row 7"),
    ]


def test_a_use_that_names_a_view_from_after_its_rows_were_anchored_is_found(
    sqlite_engine: sa.Engine,
) -> None:
    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    write_rows(journal, [9, 20, 29, 10**15], [AT_S] * 4)  # their anchors: 10, 20, 30 and 40
    ledger.anchor("journal", journal.root(1, 4), 4)  # another process, later: the first one counts
    assert faults_of(journal, ledger) == [
        (StoreFinding.VIEW_LATER, "row 2"),
        (StoreFinding.VIEW_LATER, "row 4"),
    ]


def test_processes_that_anchor_the_same_rows_at_once_make_no_honest_view_outdated(
    sqlite_engine: sa.Engine,
) -> None:
    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    write_rows(journal, [3], [AT_S])
    for _ in range(4):  # the row's anchor is the change 10; these are 20 to 50
        ledger.anchor("journal", journal.root(1, 1), 1)
    write_rows(journal, [9], [AT_S])
    assert faults_of(journal, ledger) == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_second_anchor_of_other_rows_is_found(sqlite_engine: sa.Engine, count: int) -> None:
    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    write_rows(journal, [3, 13], [AT_S] * 2)
    ledger.anchor("journal", b"\1" * 32, count)
    (finding,) = check_journal(journal, ledger.anchors("journal"))
    assert finding.code == StoreFinding.ANCHORED_ROWS_DIFFER


def test_a_view_ends_at_the_final_block_where_finality_takes_time(
    sqlite_engine: sa.Engine,
) -> None:
    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    write_rows(journal, [3] * 33 + [29], [AT_S] * 34)
    assert [where for _, where in faults_of(journal, ledger, "pos")] == ["row 33"]


def test_a_use_that_names_a_time_long_before_earlier_rows_is_found(
    sqlite_engine: sa.Engine,
) -> None:
    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    write_rows(journal, [3, 13, 23], [AT_S + 4_000, AT_S + 400, AT_S + 399])
    assert faults_of(journal, ledger) == [(StoreFinding.TIME_OUTDATED, "row 3")]


def test_a_use_that_names_a_time_after_the_block_that_anchors_it_is_found(
    sqlite_engine: sa.Engine,
) -> None:
    ledger = Anchors(made_at_s=AT_S)
    journal = journal_on(sqlite_engine, ledger)
    later = AT_S + 3_601
    write_rows(journal, [3] * 4, [later - 1, later, later, later])  # the third block is gone
    finding, other = check_uses(
        journal,
        SimpleNamespace(find_fault=lambda consent, use: None),  # type: ignore[arg-type]
        [],
        RowOrder(ledger.anchors("journal"), "single", ledger.block_times),
    )
    assert (finding.where, other.where) == ("row 2", "row 4")
    assert finding.message == (
        "a journal row says permitted at a time 3601 s after block 1, which anchors it"
    )


class Slow(Anchors):
    """A ledger where another request comes while the first anchor is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.others: list[threading.Thread] = []
        self.write: Callable[[], object] = list

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        if not self.others:
            self.others.append(threading.Thread(target=self.write))
            self.others[0].start()
            self.others[0].join(0.2)
        return super().anchor(kind, root, count)


def test_requests_that_find_overdue_rows_at_once_anchor_once(sqlite_engine: sa.Engine) -> None:
    ledger, now_s = Slow(), [AT_S]
    keys = Keys(sqlite_engine)
    keys.unseal(SecretKey(b"k" * 32))
    journal = Journal(sqlite_engine, keys, ledger, lambda: now_s[0], 900)

    def write() -> int:
        view = View(1, "0x", b"", 7, b"", now_s[0], 3, b"h" * 27, now_s[0])
        use = Use(now_s[0], "study:x", "", "MLTRAINING", "a test", view)
        return journal.write(use, [AccessOutcome(b"a" * 32, b"r" * 16, 1, "permitted", NOBODY)])

    ledger.write = write
    assert write() == 1
    now_s[0] += 901
    write()
    ledger.others[0].join()
    assert journal.size() == 3
    assert [anchor.count for anchor in ledger.published] == [1]


@pytest.mark.parametrize(
    "added",
    [b'{"purpose":"PATRQT",', b'{"at_s":1e3,', b"{", b'{"a":' + b"[" * 300 + b"]" * 300 + b","],
    ids=["twice", "float", "cut", "deep"],
)
def test_a_use_whose_body_has_two_meanings_or_none_is_found(
    sqlite_engine: sa.Engine, added: bytes
) -> None:
    @dataclass(frozen=True)
    class Doubled(Use):
        def body(self) -> bytes:
            return super().body().replace(b"{", added, 1)[: None if len(added) > 1 else -1]

    journal = journal_on(sqlite_engine, Anchors())
    view = View(1, "0x", b"", 7, b"", AT_S, 3, b"h" * 27, AT_S)
    outcome = AccessOutcome(b"a" * 32, secrets.token_bytes(16), 1, "own", NOBODY)
    journal.write(Doubled(AT_S, "patient", "", "PATRQT", "a test", view), [outcome])
    (finding,) = check_journal(journal, [])
    assert (finding.code, finding.where) == (StoreFinding.USE_DIFFERS, "row 1")


@pytest.mark.parametrize("field", ["at_s", "count", "party", "purpose"])
@pytest.mark.parametrize("value", [None, "1", 1, 1.5, True, [1], {}])
@pytest.mark.parametrize("outcome", ["permitted", "own"])
def test_a_use_whose_fields_are_of_other_types_is_found_and_ends_no_check(
    sqlite_engine: sa.Engine, field: str, value: object, outcome: str
) -> None:
    @dataclass(frozen=True)
    class Changed(Use):
        def body(self) -> bytes:
            fields = {**orjson.loads(super().body()), field: value}
            return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)

    ledger = Anchors()
    journal = journal_on(sqlite_engine, ledger)
    view = View(1, "0x", b"", 7, b"", AT_S, 3, b"h" * 27, AT_S)
    row = AccessOutcome(b"a" * 32, secrets.token_bytes(16), 1, outcome, NOBODY)
    journal.write(Changed(AT_S, "patient", "", "PATRQT", "a test", view), [row])
    is_right = type(value) is (str if field in ("party", "purpose") else int)
    codes = [finding.code for finding in check_journal(journal, [])]
    assert codes == ([] if is_right else [StoreFinding.USE_DIFFERS])
    if not is_right:
        assert faults_of(journal, ledger) == []
