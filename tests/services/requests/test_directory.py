"""The directory gives each hospital number one subject, and its rows reveal no number."""

from __future__ import annotations

import contextlib
import secrets
import threading

import pytest
import sqlalchemy as sa

from services.requests import PatientDirectory
from storage.errors import SealBroken

NOW_S = 1_800_000_000.0


@pytest.fixture
def directory(engine, store) -> PatientDirectory:
    return PatientDirectory(engine, store, lambda: NOW_S)


def test_a_hospital_number_finds_its_subject_and_the_rows_reveal_no_number(
    engine, directory
) -> None:
    number, subject = f"MRN-{secrets.token_hex(6)}", secrets.token_bytes(32)
    assert directory.add([(number, subject)]) == 1
    assert directory.add([(number, subject)]) == 0
    assert directory.find_subject(number) == subject
    assert directory.number_of(subject) == number
    assert directory.find_subject(number + "x") is None
    assert directory.count() == 1
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM web_patients")).all()
    assert not any(number.encode() in bytes(str(row), "utf-8") for row in rows)


def test_a_sealed_number_that_is_moved_to_another_patient_does_not_open(engine, directory) -> None:
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    directory.add([(secrets.token_hex(6), first), (secrets.token_hex(6), second)])
    table = sa.table("web_patients", sa.column("subject"), sa.column("number"))
    with engine.begin() as connection:
        sealed = connection.scalar(sa.select(table.c.number).where(table.c.subject == first))
        update = sa.update(table).where(table.c.subject == second).values(number=sealed)
        connection.execute(update)
    with pytest.raises(SealBroken):
        directory.number_of(second)


def test_a_new_number_gets_a_subject_and_keeps_it(directory) -> None:
    numbers = [f"H-{n}" for n in range(1_200)]
    subjects = directory.get_or_add(numbers)
    assert len(set(subjects.values())) == len(numbers)
    assert directory.get_or_add([*numbers, "H-1"]) == subjects
    assert directory.count() == len(numbers)


def test_a_number_that_is_new_takes_the_subject_that_is_known_elsewhere(directory) -> None:
    known = {"A": b"a" * 32, "B": b"b" * 32}
    assert directory.get_or_add(["A"], known) == {"A": b"a" * 32}
    assert directory.get_or_add(["A"], {"A": b"c" * 32}) == {"A": b"a" * 32}


def test_two_callers_at_once_agree_on_the_subject(directory, monkeypatch) -> None:
    barrier, results = threading.Barrier(2), []
    search = directory.find_subjects

    def search_together(numbers):
        subjects = search(numbers)
        if not subjects and not barrier.broken:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=5)
        return subjects

    monkeypatch.setattr(directory, "find_subjects", search_together)
    threads = [
        threading.Thread(target=lambda: results.append(directory.get_or_add(["H-1"])))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert directory.count() == 1
