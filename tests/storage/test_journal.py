from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from consent import Anchor, LedgerUnavailable, View
from deploy.database import make_engine, metadatas
from storage.errors import (
    DatabaseUnavailable,
    DiskFull,
    JournalBroken,
    JournalUnavailable,
    StorageInvalid,
    VaultSealed,
)
from storage.findings import StoreFinding
from storage.integrity import check_journal
from storage.journal import LOST, NOBODY, AccessOutcome, Journal, JournalRow, Use
from storage.keys import Keys, SecretKey
from storage.merkle import proves

VIEW = View(1, "0x", b"", 7, b"", 1_000, 3, b"h" * 27, 1_000)
ANNA, BERTA = b"a" * 32, b"b" * 32
AT_S = 1_000


@dataclass
class Anchors:
    """The ledger as the journal sees it."""

    published: list[Anchor] = field(default_factory=list)

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        self.published.append(Anchor(kind, root, count, len(self.published)))
        return "0x"

    def anchors(self, kind: str, last: int | None = None) -> list[Anchor]:
        return [anchor for anchor in self.published if anchor.kind == kind][-(last or 0) :]


def journal_on(engine: sa.Engine, ledger: Anchors | None = None) -> Journal:
    keys = Keys(engine)
    keys.unseal(SecretKey(b"k" * 32))
    return Journal(engine, keys, ledger or Anchors(), lambda: AT_S)


def use(why: str = "a test", at_s: int = 1_000) -> Use:
    return Use(at_s, "study:x", "", "MLTRAINING", why, VIEW)


def answers(count: int, subject: bytes = ANNA) -> list[AccessOutcome]:
    return [
        AccessOutcome(subject, secrets.token_bytes(16), 1, "permitted", NOBODY)
        for _ in range(count)
    ]


@pytest.fixture
def ledger() -> Anchors:
    return Anchors()


@pytest.fixture
def journal(engine: sa.Engine, ledger: Anchors) -> Journal:
    return journal_on(engine, ledger)


def findings(journal: Journal, ledger: Anchors) -> list[str]:
    return [finding.code for finding in check_journal(journal, ledger.anchors("journal"))]


def test_rows_are_numbered_and_chained(journal: Journal, ledger: Anchors) -> None:
    expected = answers(3)
    assert journal.write(use(), expected) == 3
    assert journal.write(use("again"), answers(2, BERTA)) == 5
    rows = list(journal.rows())
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert [row.answer for row in rows[:3]] == expected
    assert journal.use(rows[3].use)["why"] == "again"
    assert journal.size() == 5
    assert journal.head() == (5, rows[4].hash)
    assert findings(journal, ledger) == []


class Broken(Anchors):
    """A ledger that takes no anchors while `is_away`."""

    is_away = True

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        if self.is_away:
            raise LedgerUnavailable("no answer from the node")
        return super().anchor(kind, root, count)


def test_nothing_is_released_while_old_rows_have_no_anchor(engine: sa.Engine) -> None:
    ledger, now_s = Broken(), [float(AT_S)]
    keys = Keys(engine)
    keys.unseal(SecretKey(b"k" * 32))
    journal = Journal(engine, keys, ledger, lambda: now_s[0], 900)
    journal.write(use(), answers(2))
    now_s[0] += 900
    journal.write(use(at_s=int(now_s[0])), answers(1))
    now_s[0] += 1
    with pytest.raises(JournalUnavailable, match="overdue"):
        journal.write(use(), answers(1))
    assert journal.size() == 3
    ledger.is_away = False  # no worker runs: the process that releases anchors by itself
    assert journal.write(use(at_s=int(now_s[0])), answers(1)) == 4
    assert [anchor.count for anchor in ledger.published] == [3]
    ledger.is_away = True
    now_s[0] += 900
    assert journal.write(use(at_s=int(now_s[0])), answers(1)) == 5


def test_an_empty_journal_has_no_findings(journal: Journal, ledger: Anchors) -> None:
    assert journal.size() == 0
    assert findings(journal, ledger) == []
    assert journal.anchor() == 0
    assert journal.prove([1]) == {}
    assert journal.write(use(), []) == 0
    assert findings(journal, ledger) == []


def test_the_rows_of_a_subject_are_paged_newest_first(journal: Journal) -> None:
    journal.write(use(), answers(3) + answers(2, BERTA) + answers(2))
    assert [row.seq for row in journal.of_subject(ANNA)] == [7, 6, 3, 2, 1]
    assert [row.seq for row in journal.of_subject(ANNA, limit=2)] == [7, 6]
    assert [row.seq for row in journal.of_subject(ANNA, limit=2, before=6)] == [3, 2]
    assert journal.of_subject(b"c" * 32) == []


def test_the_same_use_is_stored_once(journal: Journal) -> None:
    journal.write(use(), answers(1))
    journal.write(use(), answers(1))
    assert len(list(journal.uses())) == 1


def test_a_proof_leads_only_from_its_row_to_the_anchor(journal: Journal, ledger: Anchors) -> None:
    journal.write(use(), answers(5))
    assert journal.prove([1]) == {}
    assert journal.anchor() == 5
    journal.write(use(), answers(4))
    assert journal.anchor() == 4
    assert journal.anchor() == 0
    journal.write(use(), answers(1))
    for row in journal.rows(1, 9):
        proof, anchor = journal.prove([row.seq])[row.seq]
        assert proves(proof, row.hash, anchor.root)
        assert not proves(proof, row.hash[::-1], anchor.root)
        assert anchor.count == (5 if row.seq <= 5 else 9)
    assert journal.prove([10]) == {}
    assert findings(journal, ledger) == []


def test_two_processes_that_anchor_at_once_leave_an_intact_journal(
    journal: Journal, ledger: Anchors
) -> None:
    journal.write(use(), answers(5))
    early = journal.root(1, 5)
    journal.write(use(), answers(3))
    late = journal.root(1, 8)
    ledger.anchor("journal", early, 5)
    ledger.anchor("journal", late, 8)  # did not see the one before
    ledger.anchor("journal", late, 8)  # nor this one
    assert findings(journal, ledger) == []
    proved = journal.prove([7])[7]
    assert proves(proved[0], next(journal.rows(7)).hash, late)
    ledger.published[1] = Anchor("journal", secrets.token_bytes(32), 8, 2)
    with pytest.raises(JournalBroken):
        journal.prove([7])


def sql(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def rewritten(engine: sa.Engine, journal: Journal) -> None:
    """Write the whole journal anew, as an operator with every key could."""
    rows, expected = list(journal.rows()), dict(journal.uses())
    sql(engine, "DELETE FROM storage_journal", "DELETE FROM storage_journal_head")
    assert expected
    theirs = journal_on(engine)  # which heeds no anchor
    for row in rows:
        changed = row.answer._replace(outcome="denied") if row.seq == 4 else row.answer
        theirs.write(use(), [changed])


TAMPERINGS: dict[str, str | Callable[[sa.Engine, Journal], None]] = {
    "edited outcome": "UPDATE storage_journal SET outcome = 'denied' WHERE seq = 4",
    "edited version": "UPDATE storage_journal SET version = 9 WHERE seq = 4",
    "edited subject": "UPDATE storage_journal SET subject = (SELECT subject FROM storage_journal"
    " WHERE seq = 9) WHERE seq = 4",
    "edited record": "UPDATE storage_journal SET record_id = (SELECT record_id FROM"
    " storage_journal WHERE seq = 9) WHERE seq = 4",
    "edited consent": "UPDATE storage_journal SET consent_id = hash WHERE seq = 4",
    "edited hash": "UPDATE storage_journal SET hash = consent_id WHERE seq = 4",
    "other use": "UPDATE storage_journal SET use = hash WHERE seq = 4",
    "edited use": "UPDATE storage_journal_uses SET body = hash",
    "deleted use": "DELETE FROM storage_journal_uses",
    "deleted": "DELETE FROM storage_journal WHERE seq = 4",
    "deleted first": "DELETE FROM storage_journal WHERE seq = 1",
    "cut off": "DELETE FROM storage_journal WHERE seq > 8",
    "cut off by one": "DELETE FROM storage_journal WHERE seq = 10",
    "reordered": "UPDATE storage_journal SET seq = CASE seq WHEN 4 THEN -5 WHEN 5 THEN -4"
    " ELSE seq END; UPDATE storage_journal SET seq = -seq WHERE seq < 0",
    "renumbered": "DELETE FROM storage_journal WHERE seq = 10;"
    " UPDATE storage_journal SET seq = 12 WHERE seq = 9",
    "added": "INSERT INTO storage_journal SELECT 11, use, subject, record_id, version, outcome,"
    " consent_id, hash FROM storage_journal WHERE seq = 4",
    "emptied": "DELETE FROM storage_journal; DELETE FROM storage_journal_head",
    "rolled back": "DELETE FROM storage_journal WHERE seq > 6; UPDATE storage_journal_head"
    " SET seq = 6, hash = (SELECT hash FROM storage_journal WHERE seq = 6)",
    "written anew": rewritten,
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_kind_of_tampering_is_detected(
    engine: sa.Engine, journal: Journal, ledger: Anchors, name: str
) -> None:
    journal.write(use(), answers(5))
    journal.write(use(), answers(3, BERTA))
    journal.anchor()
    journal.write(use(), answers(2, BERTA))
    assert findings(journal, ledger) == []
    tampering = TAMPERINGS[name]
    if isinstance(tampering, str):
        sql(engine, *tampering.split(";"))
    else:
        tampering(engine, journal)
    assert findings(journal, ledger) != []


@pytest.fixture(scope="module")
def long_journal(tmp_path_factory: pytest.TempPathFactory) -> tuple[sa.Engine, list[JournalRow]]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('journal') / 'test.db'}")
    for metadata in metadatas():
        metadata.create_all(engine)
    journal = journal_on(engine)
    for _ in range(6):
        journal.write(use(), answers(5))
    return engine, list(journal.rows())


class _Reports(Journal):
    """A journal whose rows were tampered with."""

    expected: list[JournalRow]

    def rows(self, first: int = 1, last: int | None = None) -> object:  # type: ignore[override]
        return iter(self.expected)


@given(st.data())
def test_any_change_of_any_row_is_detected(
    long_journal: tuple[sa.Engine, list[JournalRow]], data: st.DataObject
) -> None:
    engine, rows = long_journal
    expected = list(rows)
    index = data.draw(st.integers(0, len(expected) - 1))
    other = data.draw(st.integers(0, len(expected) - 1).filter(lambda number: number != index))
    kind = data.draw(st.sampled_from(["swap", "delete", "double", "byte"]))
    if kind == "swap":
        expected[index], expected[other] = expected[other], expected[index]
    elif kind == "delete":
        del expected[index]
    elif kind == "double":
        expected.insert(index, expected[index])
    else:
        row = expected[index]
        field_name = data.draw(st.sampled_from(["subject", "record_id", "consent_id"]))
        value = bytearray(getattr(row.answer, field_name))
        value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
        answer = row.answer._replace(**{field_name: bytes(value)})
        expected[index] = JournalRow(row.seq, row.use, answer, row.hash)
    keys = Keys(engine)
    keys.unseal(SecretKey(b"k" * 32))
    journal = _Reports(engine, keys, Anchors(), lambda: AT_S)
    journal.expected = expected
    assert check_journal(journal, []) != []


def test_an_altered_use_is_refused(engine: sa.Engine, journal: Journal) -> None:
    journal.write(use(), answers(1))
    name = next(journal.rows()).use
    sql(engine, "UPDATE storage_journal_uses SET body = hash")
    with pytest.raises(JournalBroken):
        journal.use(name)
    with pytest.raises(JournalBroken):
        journal.use(b"?" * 32)


def test_concurrent_writers_make_one_chain_from_the_first_row(engine: sa.Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    journals = [journal_on(make_engine(url)) for _ in range(6)]
    start, problems = threading.Barrier(6), list[BaseException]()

    def write(journal: Journal) -> None:
        start.wait()
        try:
            for _ in range(5):
                journal.write(use(), answers(3))
        except JournalUnavailable as exc:
            problems.append(exc)

    threads = [threading.Thread(target=write, args=(journal,)) for journal in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert journals[0].size() == 90
    assert check_journal(journals[0], []) == []


def test_a_journal_that_cannot_be_written_stores_nothing(
    sqlite_engine: sa.Engine,
) -> None:
    journal = journal_on(sqlite_engine)
    journal.write(use(), answers(2))
    sql(
        sqlite_engine,
        "CREATE TRIGGER away BEFORE INSERT ON storage_journal WHEN new.seq = 4"
        " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
    )
    with pytest.raises(JournalUnavailable):
        journal.write(use("never written"), answers(3))
    assert journal.size() == 2
    assert len(list(journal.uses())) == 1
    assert check_journal(journal, []) == []


def test_a_full_disk_is_reported(sqlite_engine: sa.Engine) -> None:
    journal = journal_on(sqlite_engine)
    journal.write(use(), answers(2))
    with sqlite_engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    sqlite_engine.dispose()
    sa.event.listen(
        sqlite_engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}"),
    )
    with pytest.raises(DiskFull):
        journal.write(use("x" * 100_000), answers(2))
    assert check_journal(journal, []) == []


def test_an_unavailable_database_makes_the_journal_unavailable() -> None:
    nowhere = sa.create_engine("sqlite:////nowhere/at/all.db")
    journal = journal_on(nowhere)
    with pytest.raises(JournalUnavailable):
        journal.write(use(), answers(1))
    with pytest.raises(DatabaseUnavailable):
        journal.size()


def test_a_locked_store_journals_nothing(sqlite_engine: sa.Engine) -> None:
    journal = Journal(sqlite_engine, Keys(sqlite_engine), Anchors(), lambda: AT_S)
    with pytest.raises(VaultSealed):
        journal.write(use(), answers(1))


def test_the_chain_holds_no_pseudonym(journal: Journal) -> None:
    expected = AccessOutcome(ANNA, b"r" * 16, 1, "permitted", NOBODY)
    commitments = journal.commitments()(expected)
    assert len(commitments) == 64
    assert ANNA not in commitments
    assert commitments == journal.commitments()(expected)
    assert commitments[:32] != journal.commitments()(expected._replace(subject=BERTA))[:32]


def test_a_check_reports_its_progress(sqlite_engine: sa.Engine) -> None:
    journal = journal_on(sqlite_engine)
    journal.write(use(), answers(5_001))
    heard: list[tuple[int, int]] = []
    assert check_journal(journal, [], lambda done, of: heard.append((done, of))) == []
    assert heard == [(5_000, 5_001)]


def put_back(engine: sa.Engine, size: int) -> None:
    """Leave what an old copy of the database would hold."""
    sql(
        engine,
        f"DELETE FROM storage_journal WHERE seq > {size}",
        f"UPDATE storage_journal_head SET seq = {size},"
        f" hash = (SELECT hash FROM storage_journal WHERE seq = {size})",
    )


def test_an_old_copy_of_the_journal_is_not_continued(
    engine: sa.Engine, journal: Journal, ledger: Anchors
) -> None:
    for count in (5, 5, 5):
        journal.write(use(), answers(count))
        journal.anchor()
    put_back(engine, 7)
    with pytest.raises(JournalBroken, match="see what `vouchsafe accept-loss` reports"):
        journal.write(use(), answers(1))  # the process that goes on
    again = journal_on(engine, ledger)
    with pytest.raises(JournalBroken):
        again.write(use(), answers(1))
    assert again.head()[0] == again.size() == 7


def test_a_copy_may_miss_rows_that_no_anchor_covers(
    engine: sa.Engine, journal: Journal, ledger: Anchors
) -> None:
    journal.write(use(), answers(5))
    journal.anchor()
    journal.write(use(), answers(5))
    put_back(engine, 5)
    again = journal_on(engine, ledger)
    assert again.write(use(), answers(1)) == 6
    assert findings(again, ledger) == []


def test_an_accepted_loss_is_reported_by_every_check(
    engine: sa.Engine, journal: Journal, ledger: Anchors
) -> None:
    for count in (5, 5, 5):
        journal.write(use(), answers(count))
        journal.anchor()
    with pytest.raises(StorageInvalid):
        journal.accept_loss(use("nothing is gone"))
    put_back(engine, 7)
    again = journal_on(engine, ledger)
    assert findings(again, ledger) == [StoreFinding.ANCHORED_ROWS_MISSING]
    assert again.accept_loss(use("the disk of Monday")) == 16
    with pytest.raises(StorageInvalid):
        again.accept_loss(use("twice"))
    assert again.write(use(), answers(3)) == 19
    assert again.anchor() == 4
    expected = [StoreFinding.ROWS_LOST]
    assert findings(again, ledger) == expected
    assert check_journal(again, ledger.anchors("journal"))[0].where == "rows 8 to 15"
    assert [row.seq for row in again.rows(7)] == [7, 16, 17, 18, 19]
    for seq in (3, 17):
        proof, anchor = again.prove([seq])[seq]
        assert proves(proof, next(again.rows(seq)).hash, anchor.root)
    with pytest.raises(JournalBroken):
        again.prove([7])  # its anchor covers rows that are gone
    assert ledger.published.pop()  # the last anchor: two of its rows are edited
    sql(engine, "UPDATE storage_journal SET version = 9 WHERE seq IN (3, 17)")
    assert StoreFinding.ROW_DIFFERS in findings(again, ledger)


@pytest.mark.parametrize("seq", [17, 10**15])
def test_a_gap_is_accepted_only_where_rows_were_anchored(
    engine: sa.Engine, journal: Journal, ledger: Anchors, seq: int
) -> None:
    for count in (5, 5, 5):
        journal.write(use(), answers(count))
    journal.anchor()
    put_back(engine, 7)
    ledger.anchor("journal", b"r" * 32, seq - 1)
    forged = journal_on(engine, ledger)
    assert forged.accept_loss(use()) == seq
    ledger.published.pop()
    assert findings(forged, ledger) == [StoreFinding.ROW_DIFFERS]


def test_the_row_that_records_a_loss_is_part_of_the_chain(
    engine: sa.Engine, journal: Journal, ledger: Anchors
) -> None:
    journal.write(use(), answers(9))
    journal.anchor()
    put_back(engine, 7)
    again = journal_on(engine, ledger)
    assert again.accept_loss(use()) == 10
    assert next(again.rows(10)).answer.outcome == LOST
    sql(engine, "UPDATE storage_journal SET outcome = 'permitted' WHERE seq = 10")
    assert findings(again, ledger) == [StoreFinding.ROW_DIFFERS]


def test_outcomes_are_counted_in_a_range_of_rows(journal: Journal) -> None:
    first = journal.size() + 1
    permitted, refused = (
        AccessOutcome(b"s" * 32, b"r" * 16, 1, outcome, b"\0" * 32)
        for outcome in ("permitted", "no-consent")
    )
    last = journal.write(use(), [permitted, refused, refused])
    assert journal.count_outcomes(first, last) == {"permitted": 1, "no-consent": 2}
    assert journal.count_outcomes(last, last) == {"no-consent": 1}
    assert journal.count_outcomes(last + 1, last) == {}
