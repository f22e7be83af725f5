from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest

from consent import DAY_S
from services.auditor.journal import MAX_PERIOD, JournalSearch, read_period, search_journal
from services.errors import Invalid


class Journal:
    """A journal of uses by two parties; every third row is a refusal."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def size(self) -> int:
        return self._rows

    def rows(self, first: int, last: int | None = None):
        for seq in range(first, (self._rows if last is None else last) + 1):
            outcome = "expired" if seq % 3 == 0 else "permitted"
            yield SimpleNamespace(
                seq=seq,
                use=b"a" if seq % 2 else b"b",
                answer=SimpleNamespace(outcome=outcome),
                hash=bytes([seq % 256]),
            )

    def use(self, name: bytes) -> dict[str, object]:
        party = "study:heart" if name == b"a" else "organisation:clinic"
        return {"at_s": 1_000, "party": party, "purpose": "MLTRAINING"}

    def uses_of(self, names) -> dict[bytes, dict[str, object]]:
        return {name: self.use(name) for name in names}


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("permitted", "permit"),
        ("own", "permit"),
        ("answered", "permit"),
        ("withdrawn", "refusal"),
        ("re-keyed", "other"),
        ("identity-checked", "other"),
        ("link-issued", "other"),
        ("copy-deleted", "other"),
        ("rows-lost", "other"),
        ("person-linked", "other"),
    ],
)
def test_only_a_refusal_is_called_a_refusal(outcome: str, kind: str) -> None:
    journal = Journal(1)
    row = next(journal.rows(1, 1))
    row.answer.outcome = outcome
    journal.rows = lambda first, last: iter([row])  # type: ignore[method-assign]
    store = SimpleNamespace(journal=journal)
    page = search_journal(store, JournalSearch())  # type: ignore[arg-type]
    assert [line.kind for line in page.rows] == [kind]


def search(rows: int, before: int | None = None, **filters: str):
    store = SimpleNamespace(journal=Journal(rows))
    return search_journal(store, JournalSearch(**filters), before)  # type: ignore[arg-type]


def test_fifty_rows_are_shown_at_once_newest_first() -> None:
    page = search(120)
    assert [row.seq for row in page.rows] == list(range(120, 70, -1))
    older = search(120, page.older_before)
    assert [row.seq for row in older.rows] == list(range(70, 20, -1))


def test_the_last_page_has_none_older() -> None:
    assert search(3).older_before is None
    assert search(0).rows == []


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ({"kind": "refusal"}, [6, 3]),
        ({"kind": "permit"}, [5, 4, 2, 1]),
        ({"party": "HEART"}, [5, 3, 1]),
        ({"party": "heart", "kind": "refusal"}, [3]),
        ({"outcome": "exp"}, [6, 3]),
        ({"purpose": "TREAT"}, []),
    ],
)
def test_rows_match_every_filter_given(filters: dict[str, str], rows: list[int]) -> None:
    assert [row.seq for row in search(6, **filters).rows] == rows


def test_a_search_without_matches_continues_where_it_stopped_reading() -> None:
    page = search(30_000, party="nobody")
    assert (page.rows, page.older_before) == ([], 10_001)


class DatedJournal(Journal):
    """A journal with one use a day from 1970-01-01 on; it counts what is read."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.read = 0

    def rows(self, first: int, last: int | None = None):
        for row in super().rows(first, last):
            row.use = row.seq.to_bytes(4)
            self.read += 1
            yield row

    def use(self, name: bytes) -> dict[str, object]:
        seq = int.from_bytes(name)
        return super().use(b"a" if seq % 2 else b"b") | {"at_s": (seq - 1) * DAY_S + 7}


def day(number: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=number - 1)


def test_a_search_by_days_returns_the_entries_of_these_days_alone() -> None:
    store = SimpleNamespace(journal=DatedJournal(100))
    page = search_journal(store, JournalSearch(since=day(3), until=day(5)))  # type: ignore[arg-type]
    assert [row.seq for row in page.rows] == [5, 4, 3]
    assert page.older_before is None
    page = search_journal(store, JournalSearch(until=day(2)))  # type: ignore[arg-type]
    assert [row.seq for row in page.rows] == [2, 1]
    assert search_journal(store, JournalSearch(since=day(101))).rows == []  # type: ignore[arg-type]


def test_a_search_by_days_reads_little_of_a_long_journal() -> None:
    journal = DatedJournal(40_000)
    store = SimpleNamespace(journal=journal)
    search_journal(store, JournalSearch(since=day(300), until=day(310)))  # type: ignore[arg-type]
    assert journal.read < 100


def test_a_clock_that_was_set_back_hides_no_entry_of_a_day() -> None:
    class SetBack(DatedJournal):
        def use(self, name: bytes) -> dict[str, object]:
            use = super().use(name)
            return use | {"at_s": 3 * DAY_S} if int.from_bytes(name) == 5 else use  # four days on

    store = SimpleNamespace(journal=SetBack(9))
    page = search_journal(store, JournalSearch(since=day(4), until=day(4)))  # type: ignore[arg-type]
    assert [row.seq for row in page.rows] == [5, 4]


def test_a_period_has_every_entry_and_totals_by_party_and_purpose() -> None:
    store = SimpleNamespace(journal=DatedJournal(9))
    period = read_period(store, JournalSearch(since=day(1), until=day(6)))  # type: ignore[arg-type]
    assert [row.seq for row in period.rows] == [1, 2, 3, 4, 5, 6]
    totals = [(each.party, each.permits, each.refusals, each.others) for each in period.totals]
    assert totals == [("organisation:clinic", 2, 1, 0), ("study:heart", 2, 1, 0)]


def test_a_period_that_is_too_long_is_refused_and_nothing_is_cut_off() -> None:
    store = SimpleNamespace(journal=DatedJournal(MAX_PERIOD + 1))
    with pytest.raises(Invalid, match=r"^The chosen days.*Choose fewer days"):
        read_period(store, JournalSearch())  # type: ignore[arg-type]
    assert len(read_period(store, JournalSearch(since=day(3))).rows) == MAX_PERIOD - 1  # type: ignore[arg-type]
