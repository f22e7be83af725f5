from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consent.subject_index import Hashes, SubjectIndex

# Few distinct bytes, so that many share their first eight with another, or all.
hashes = st.binary(min_size=1, max_size=1).map(lambda b: b * 8 + bytes(24))
alike = st.tuples(hashes, st.binary(max_size=1)).map(lambda p: p[0][:31] + p[1].ljust(1, b"\0"))
several = st.lists(st.one_of(alike, st.binary(min_size=32, max_size=32)), max_size=30)


def rows(listed: list[bytes]) -> Hashes:
    return np.frombuffer(b"".join(listed), np.uint8).reshape(-1, 32)


@given(st.lists(several, max_size=6), several)
def test_an_index_answers_as_a_dictionary_would(
    parts: list[list[bytes]], queried: list[bytes]
) -> None:
    index, expected = SubjectIndex(), dict[bytes, int]()
    for part in parts:
        index, numbers = index.extended(rows(part))
        for name in part:
            expected.setdefault(name, len(expected))
        assert numbers.tolist() == [expected[name] for name in part]
    every = [*queried, *expected]
    assert index.find(rows(every)).tolist() == [expected.get(name, -1) for name in every]
    assert [row.tobytes() for row in index.subjects()] == list(expected)
    assert index.count == len(expected)
    for name in every[:3]:
        assert index.find_one(name) == expected.get(name, -1)


def test_a_name_of_another_length_is_unknown() -> None:
    index, _ = SubjectIndex().extended(rows([b"a" * 32]))
    assert index.find_one(b"a" * 31) == -1
    assert SubjectIndex().find_one(b"") == -1


def test_an_older_index_does_not_learn_what_a_newer_one_knows() -> None:
    old, _ = SubjectIndex().extended(rows([b"a" * 32]))
    new, _ = old.extended(rows([b"b" * 32]))
    assert old.find(rows([b"a" * 32, b"b" * 32])).tolist() == [0, -1]
    assert new.find(rows([b"a" * 32, b"b" * 32])).tolist() == [0, 1]


def test_a_hundred_thousand_are_found_in_runs_of_any_size() -> None:
    many = np.random.default_rng(3).integers(0, 256, (100_000, 32), dtype=np.uint8)
    index = SubjectIndex()
    for start, stop in ((0, 90_000), (90_000, 90_001), (90_001, 95_000), (95_000, 100_000)):
        index, numbers = index.extended(many[start:stop])
        assert (numbers == np.arange(start, stop)).all()
    assert (index.find(many[::-1]) == np.arange(100_000)[::-1]).all()
    assert (index.find(many + 1) == -1).all()
