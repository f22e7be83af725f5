from __future__ import annotations

from types import SimpleNamespace

import pytest

from services.auditor.journal import JournalSearch, search_journal


class Journal:
    """A journal of uses by two parties; every third row is a refusal."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def size(self) -> int:
        return self._rows

    def rows(self, first: int, last: int):
        for seq in range(first, last + 1):
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


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("permitted", "permit"),
        ("own", "permit"),
        ("answered", "permit"),
        ("withdrawn", "refusal"),
        ("re-keyed", "other"),
        ("identity-checked", "other"),
        ("copy-deleted", "other"),
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
