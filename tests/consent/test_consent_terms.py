from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent.consent_terms import ConsentTermsStore
from consent.errors import LedgerUnavailable, TermsInvalid, UnknownCode
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
def consent_terms(engine: sa.Engine) -> ConsentTermsStore:
    return ConsentTermsStore(engine)


def edit(engine: sa.Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def test_terms_are_found_by_the_consent_id_of_the_ledger(
    consent_terms: ConsentTermsStore,
) -> None:
    name = consent_terms.put(ALICE, TERMS)
    assert name == consent_id(ALICE, terms_hash(TERMS))
    assert consent_terms.find(name) == TERMS
    assert consent_terms.of_subject(ALICE) == {name: TERMS}
    assert consent_terms.of_subject(BOB) == {}
    assert consent_terms.find(bytes(32)) is None


def test_two_subjects_may_sign_the_same_terms(consent_terms: ConsentTermsStore) -> None:
    names = consent_terms.put_many([(ALICE, TERMS), (BOB, TERMS)])
    assert len(set(names)) == 2
    assert consent_terms.of_subject(BOB) == {names[1]: TERMS}


def test_putting_again_changes_nothing(consent_terms: ConsentTermsStore) -> None:
    names = consent_terms.put_many([(ALICE, TERMS), (ALICE, TERMS)])
    before = consent_terms.generation()
    assert consent_terms.put_many([(ALICE, TERMS)]) == names[:1] == names[1:]
    assert consent_terms.put_many([]) == []
    assert consent_terms.generation() == before


def test_thousands_are_put_at_once_and_load_in_order(consent_terms: ConsentTermsStore) -> None:
    first = [(os.urandom(32), salted(n)) for n in range(2_500)]
    names = consent_terms.put_many(first)
    assert len(set(names)) == 2_500
    seen = consent_terms.generation()
    later = consent_terms.put(ALICE, TERMS)
    assert [o.consent_id for _, o in consent_terms.load_since(seen)] == [later]
    loaded = list(consent_terms.load_since(0))
    assert {(o.subject, o.terms) for _, o in loaded} == {*first, (ALICE, TERMS)}
    assert [generation for generation, _ in loaded] == sorted(g for g, _ in loaded)
    assert loaded[-1][0] == consent_terms.generation()


def test_invalid_terms_are_not_stored_nor_is_anything_of_the_same_call(
    consent_terms: ConsentTermsStore,
) -> None:
    with pytest.raises(UnknownCode):
        consent_terms.put_many([(ALICE, TERMS), (BOB, replace(TERMS, purposes=("FUN",)))])
    with pytest.raises(TermsInvalid):
        consent_terms.put(b"short", TERMS)
    assert consent_terms.generation() == 0


def test_erased_terms_cannot_be_put_back(
    consent_terms: ConsentTermsStore, engine: sa.Engine, tmp_path: Path
) -> None:
    name = consent_terms.put(ALICE, TERMS)
    before = consent_terms.generation()
    consent_terms.erase(name)
    assert consent_terms.find(name) is None
    assert consent_terms.generation() > before
    assert [o.terms for _, o in consent_terms.load_since(before)] == [None]
    consent_terms.put(ALICE, TERMS)
    assert consent_terms.find(name) is None
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert TERMS.salt not in stored
        assert b"diese Studie" not in stored


def test_all_terms_of_a_subject_can_be_erased(consent_terms: ConsentTermsStore) -> None:
    consent_terms.put_many([(ALICE, salted(n)) for n in range(3)])
    saved = consent_terms.put(BOB, TERMS)
    consent_terms.erase_subject(ALICE)
    assert list(consent_terms.of_subject(ALICE).values()) == [None] * 3
    assert consent_terms.find(saved) == TERMS
    consent_terms.erase_subject(b"nobody" * 5 + b"..")


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
def test_altered_terms_are_unusable_and_hide_no_others(
    consent_terms: ConsentTermsStore, engine: sa.Engine, change: str
) -> None:
    name = consent_terms.put(ALICE, TERMS)
    other = consent_terms.put(ALICE, salted())
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
    assert consent_terms.find(name) is None
    assert consent_terms.of_subject(ALICE).get(name) is None
    assert consent_terms.of_subject(ALICE)[other] is not None
    loaded = {o.consent_id: o.terms for _, o in consent_terms.load_since(0)}
    assert loaded[name] is None
    assert loaded[other] is not None


def test_values_of_another_type_are_unusable_too(sqlite_engine: sa.Engine) -> None:
    consent_terms = ConsentTermsStore(sqlite_engine)
    name, other = consent_terms.put(ALICE, TERMS), consent_terms.put(ALICE, salted())
    for value in ("'text'", "7", "1.5"):
        for column in ("body", "salt"):
            edit(
                sqlite_engine,
                f"UPDATE consent_openings SET {column} = {value} WHERE consent_id = :n",  # noqa: S608
                n=name,
            )
            assert consent_terms.of_subject(ALICE)[name] is None
            assert consent_terms.of_subject(ALICE)[other] is not None
        consent_terms.put(ALICE, TERMS)
        assert consent_terms.find(name) == TERMS


def test_putting_mends_what_was_damaged(
    consent_terms: ConsentTermsStore, engine: sa.Engine
) -> None:
    name = consent_terms.put(ALICE, TERMS)
    edit(engine, "UPDATE consent_openings SET salt = :s", s=b"x" * 32)
    before = consent_terms.generation()
    consent_terms.put(ALICE, TERMS)
    assert consent_terms.find(name) == TERMS
    assert [o.terms for _, o in consent_terms.load_since(before)] == [TERMS]


def test_no_change_is_missed_by_one_who_loads_while_others_write(
    consent_terms: ConsentTermsStore,
) -> None:
    def write(mark: int) -> None:
        for number in range(10):
            consent_terms.put(bytes([mark]) * 32, salted(number))

    writers = [threading.Thread(target=write, args=(mark,)) for mark in range(3)]
    for writer in writers:
        writer.start()
    seen: set[bytes] = set()
    generation = 0
    while any(writer.is_alive() for writer in writers) or consent_terms.generation() > generation:
        for changed, opening in consent_terms.load_since(generation):
            generation = changed
            seen.add(opening.consent_id)
    assert len(seen) == 30


def test_an_unavailable_database_makes_the_ledger_unavailable(tmp_path: Path) -> None:
    consent_terms = ConsentTermsStore(sa.create_engine(f"sqlite:///{tmp_path / 'empty.db'}"))
    asks = (
        consent_terms.generation,
        lambda: consent_terms.put(ALICE, TERMS),
        lambda: consent_terms.find(bytes(32)),
        lambda: consent_terms.erase(bytes(32)),
        lambda: list(consent_terms.load_since(0)),
    )
    for ask in asks:
        with pytest.raises(LedgerUnavailable):
            ask()
