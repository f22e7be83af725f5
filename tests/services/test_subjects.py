from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from memory_store import Anchored

from services import subjects
from services.errors import NotFound
from services.subjects import SubjectRecords, parse_subject
from storage import Use
from storage.journal import AccessOutcome, Journal
from storage.keys import Keys, SecretKey
from storage.tables import METADATA

SUBJECT = b"s" * 32


class Proving:
    """A record store with a journal alone."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.proven: list[list[int]] = []

    def prove(self, seqs: list[int]) -> dict[int, dict[str, Any]]:
        self.proven.append(seqs)
        return {
            seq: {"block": at.block_number} for seq, (_, at) in self.journal.prove(seqs).items()
        }


@pytest.fixture
def store(sqlite_engine: sa.Engine) -> tuple[SubjectRecords, Proving]:
    METADATA.create_all(sqlite_engine)
    keys, ledger = Keys(sqlite_engine), Anchored()
    keys.unseal(SecretKey(b"k" * 32))
    journal = Journal(sqlite_engine, keys, ledger, lambda: 1_000)  # type: ignore[arg-type]
    for number in range(9):  # each anchor covers two rows of the subject
        answers = [AccessOutcome(SUBJECT, bytes([number] * 16), 1, "permitted", b"c" * 32)] * 2
        journal.write(Use(1_000 + number, "study:x", "", "MLTRAINING", "", ledger.view()), answers)
        journal.anchor()
    proving = Proving(journal)
    return SubjectRecords(ledger=ledger, store=proving), proving  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [1, 3, 4, 18, 50])
def test_the_pages_of_uses_have_every_row_once_and_read_few_anchors_each(
    store: tuple[SubjectRecords, Proving], monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(subjects, "MAX_ANCHORS", 2)
    records, proving = store
    rows, before = list[int](), None
    while True:
        page = records.uses_of(SUBJECT, limit, before)
        assert len(page.uses) <= min(limit, 4)
        rows += [use.seq for use in page.uses]
        assert all(use.proof == {"block": (use.seq - 1) // 2} for use in page.uses)
        before = page.before
        if before is None:
            break
    assert rows == list(range(18, 0, -1))
    assert all(len(seqs) <= 4 for seqs in proving.proven)


def test_a_subject_without_uses_has_one_empty_page(store: tuple[SubjectRecords, Proving]) -> None:
    page = store[0].uses_of(b"t" * 32, 50, None)
    assert (page.uses, page.before) == ([], None)


def test_a_subject_is_64_lower_case_hexadecimal_digits() -> None:
    assert parse_subject("ab" * 32) == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "x", "ab" * 31, "AB" * 32, "ab " * 21 + "a", "ab" * 33])
def test_any_other_text_names_no_subject(text: str) -> None:
    with pytest.raises(NotFound):
        parse_subject(text)
