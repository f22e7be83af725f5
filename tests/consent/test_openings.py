from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent.errors import LedgerUnavailable, TermsInvalid, UnknownWord
from consent.openings import Openings
from consent.terms import Terms
from consent.typed_data import consent_id, terms_hash

ALICE, BOB = b"a" * 32, b"b" * 32
TERMS = Terms(
    decision="permit",
    recipient="study:a",
    purposes=("HRESCH", "MLTRAINING"),
    categories=("laboratory",),
    records=("0123456789abcdef" * 2,),
    data_from="2020-01-01",
    data_to="2021-12-31",
    obligations=("PSEUD", "AUDIT"),
    statement="Ich erlaube es – für diese Studie.",
    policy_uri="https://example.org/3",
    policy_hash=b"p" * 32,
    salt=b"s" * 32,
)


def salted(number: int = 0) -> Terms:
    return replace(TERMS, salt=os.urandom(28) + number.to_bytes(4, "big"))


@pytest.fixture
def openings(engine: sa.Engine) -> Openings:
    return Openings(engine)


def edit(engine: sa.Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def test_an_opening_comes_back_under_the_name_that_the_ledger_knows(openings: Openings) -> None:
    name = openings.put(ALICE, TERMS)
    assert name == consent_id(ALICE, terms_hash(TERMS))
    assert openings.find(name) == TERMS
    assert openings.of_subject(ALICE) == {name: TERMS}
    assert openings.of_subject(BOB) == {}
    assert openings.find(bytes(32)) is None


def test_two_subjects_may_sign_the_same_terms(openings: Openings) -> None:
    names = openings.put_many([(ALICE, TERMS), (BOB, TERMS)])
    assert len(set(names)) == 2
    assert openings.of_subject(BOB) == {names[1]: TERMS}


def test_putting_again_changes_nothing(openings: Openings) -> None:
    names = openings.put_many([(ALICE, TERMS), (ALICE, TERMS)])
    before = openings.generation()
    assert openings.put_many([(ALICE, TERMS)]) == names[:1] == names[1:]
    assert openings.put_many([]) == []
    assert openings.generation() == before


def test_thousands_are_put_at_once_and_load_in_order(openings: Openings) -> None:
    first = [(os.urandom(32), salted(n)) for n in range(2_500)]
    names = openings.put_many(first)
    assert len(set(names)) == 2_500
    seen = openings.generation()
    later = openings.put(ALICE, TERMS)
    assert [o.consent_id for _, o in openings.load_since(seen)] == [later]
    loaded = list(openings.load_since(0))
    assert {(o.subject, o.terms) for _, o in loaded} == {*first, (ALICE, TERMS)}
    assert [generation for generation, _ in loaded] == sorted(g for g, _ in loaded)
    assert loaded[-1][0] == openings.generation()


def test_terms_that_nobody_could_sign_are_not_kept_nor_is_anything_beside_them(
    openings: Openings,
) -> None:
    with pytest.raises(UnknownWord):
        openings.put_many([(ALICE, TERMS), (BOB, replace(TERMS, purposes=("FUN",)))])
    with pytest.raises(TermsInvalid):
        openings.put(b"short", TERMS)
    assert openings.generation() == 0


def test_what_is_erased_is_gone_for_good(
    openings: Openings, engine: sa.Engine, tmp_path: Path
) -> None:
    name = openings.put(ALICE, TERMS)
    before = openings.generation()
    openings.erase(name)
    assert openings.find(name) is None
    assert openings.generation() > before
    assert [o.terms for _, o in openings.load_since(before)] == [None]
    openings.put(ALICE, TERMS)
    assert openings.find(name) is None
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert TERMS.salt not in held
        assert b"diese Studie" not in held


def test_every_opening_of_a_subject_can_be_erased(openings: Openings) -> None:
    openings.put_many([(ALICE, salted(n)) for n in range(3)])
    kept = openings.put(BOB, TERMS)
    openings.erase_subject(ALICE)
    assert list(openings.of_subject(ALICE).values()) == [None] * 3
    assert openings.find(kept) == TERMS
    openings.erase_subject(b"nobody" * 5 + b"..")


@pytest.mark.parametrize(
    "change",
    [
        "body = NULL",
        "salt = NULL",
        "body = :junk",
        "salt = :junk",
        "subject = :junk",
        "body = :other",
        "body = :list",
        "body = :empty",
        "body = :deep",
    ],
)
def test_an_altered_opening_is_unusable_and_hides_no_other(
    openings: Openings, engine: sa.Engine, change: str
) -> None:
    name = openings.put(ALICE, TERMS)
    other = openings.put(ALICE, salted())
    wider = b'{"decision":"permit","recipient":"study:evil"}'
    values = {
        "junk": b"\xff" * 32,
        "other": wider,
        "list": b"[1]",
        "empty": b"{}",
        "deep": b"[" * 100_000,
    }
    used = {key: value for key, value in values.items() if f":{key}" in change}
    edit(engine, f"UPDATE consent_openings SET {change} WHERE consent_id = :n", n=name, **used)  # noqa: S608
    assert openings.find(name) is None
    assert openings.of_subject(ALICE).get(name) is None
    assert openings.of_subject(ALICE)[other] is not None
    loaded = {o.consent_id: o.terms for _, o in openings.load_since(0)}
    assert loaded[name] is None
    assert loaded[other] is not None


def test_values_of_another_type_are_unusable_too(sqlite_engine: sa.Engine) -> None:
    openings = Openings(sqlite_engine)
    name, other = openings.put(ALICE, TERMS), openings.put(ALICE, salted())
    for value in ("'text'", "7", "1.5"):
        for column in ("body", "salt"):
            edit(
                sqlite_engine,
                f"UPDATE consent_openings SET {column} = {value} WHERE consent_id = :n",  # noqa: S608
                n=name,
            )
            assert openings.of_subject(ALICE)[name] is None
            assert openings.of_subject(ALICE)[other] is not None
        openings.put(ALICE, TERMS)
        assert openings.find(name) == TERMS


def test_putting_mends_what_was_damaged(openings: Openings, engine: sa.Engine) -> None:
    name = openings.put(ALICE, TERMS)
    edit(engine, "UPDATE consent_openings SET salt = :s", s=b"x" * 32)
    before = openings.generation()
    openings.put(ALICE, TERMS)
    assert openings.find(name) == TERMS
    assert [o.terms for _, o in openings.load_since(before)] == [TERMS]


def test_no_change_is_missed_by_one_who_loads_while_others_write(openings: Openings) -> None:
    def write(mark: int) -> None:
        for number in range(10):
            openings.put(bytes([mark]) * 32, salted(number))

    writers = [threading.Thread(target=write, args=(mark,)) for mark in range(3)]
    for writer in writers:
        writer.start()
    seen: set[bytes] = set()
    generation = 0
    while any(writer.is_alive() for writer in writers) or openings.generation() > generation:
        for changed, opening in openings.load_since(generation):
            generation = changed
            seen.add(opening.consent_id)
    assert len(seen) == 30


def test_a_database_that_is_away_is_the_ledger_that_is_away(tmp_path: Path) -> None:
    openings = Openings(sa.create_engine(f"sqlite:///{tmp_path / 'empty.db'}"))
    asks = (
        openings.generation,
        lambda: openings.put(ALICE, TERMS),
        lambda: openings.find(bytes(32)),
        lambda: openings.erase(bytes(32)),
        lambda: list(openings.load_since(0)),
    )
    for ask in asks:
        with pytest.raises(LedgerUnavailable):
            ask()
