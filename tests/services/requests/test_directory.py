"""The directory gives each hospital number one subject, also to two callers at once."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import threading

import pytest

from services.requests import PatientDirectory


class Store:
    """What the directory needs of the record store, without keys."""

    def pseudonyms(self, label: str):
        return lambda value: hmac.digest(label.encode(), value, hashlib.sha256)

    def seal_text(self, label: str, text: str, about: bytes) -> bytes:
        return text.encode()

    def open_text(self, label: str, sealed: bytes, about: bytes) -> str:
        return sealed.decode()


@pytest.fixture
def directory(engine) -> PatientDirectory:
    return PatientDirectory(engine, Store(), lambda: 1_000.0)  # type: ignore[arg-type]


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
    search = directory._find_subjects

    def search_together(numbers):
        subjects = search(numbers)
        if not subjects and not barrier.broken:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=5)
        return subjects

    monkeypatch.setattr(directory, "_find_subjects", search_together)
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
