"""Proofs that anchors cover rows of the journal: many rows at once, and rows that are missing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from memory_store import Anchored

from storage import Use
from storage.errors import JournalBroken
from storage.journal import AccessOutcome, Journal
from storage.keys import Keys, SecretKey
from storage.tables import METADATA

PERMITTED = AccessOutcome(b"a" * 32, b"r" * 16, 1, "permitted", b"c" * 32)


@pytest.fixture
def journal(sqlite_engine: sa.Engine) -> Journal:
    """Three anchors of forty rows each, and a row without one."""
    METADATA.create_all(sqlite_engine)
    keys, ledger = Keys(sqlite_engine), Anchored()
    keys.unseal(SecretKey(b"k" * 32))
    journal = Journal(sqlite_engine, keys, ledger, lambda: 1_000)  # type: ignore[arg-type]
    use = Use(1_000, "study:x", "", "MLTRAINING", "", ledger.view())
    for _ in range(3):
        journal.write(use, [PERMITTED] * 40)
        journal.anchor()
    journal.write(use, [PERMITTED])
    return journal


def test_many_rows_are_proven_with_one_look_at_each_anchor(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {seq: journal.prove([seq])[seq] for seq in range(1, 121)}
    looks, hashes = list[tuple[int, int]](), journal.hashes

    def look(first: int, last: int) -> list[bytes]:
        looks.append((first, last))
        return hashes(first, last)

    monkeypatch.setattr(journal, "hashes", look)
    assert journal.prove(range(1, 122)) == alone
    assert looks == [(1, 40), (41, 80), (81, 120)]


@pytest.mark.parametrize("deleted", [1, 20, 40])
def test_rows_that_were_deleted_are_named_as_broken(
    journal: Journal, sqlite_engine: sa.Engine, deleted: int
) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text(f"DELETE FROM storage_journal WHERE seq = {deleted}"))
    for seqs in ([deleted], [2, 30, 39], [120, 39]):
        with pytest.raises(JournalBroken, match="up to 40 differ from the anchored ones"):
            journal.prove(seqs)
    assert list(journal.prove([120, 121])) == [120]
