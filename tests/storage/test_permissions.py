"""Lists by subject say what record by record decisions say, and no more."""

from __future__ import annotations

import secrets

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consent import CATEGORY_CODES, REASONS, Decisions
from storage.entry import Entry, columns_of
from storage.permissions import (
    PermittedSubjects,
    RecordList,
    list_subject_records,
    refusing_subjects,
)

PERMITTED, DENIED = REASONS.index("permitted"), REASONS.index("no-consent")
PEOPLE = [secrets.token_bytes(32) for _ in range(4)] + [b"\0" * 32, b"a" + b"\0" * 31]
CODES = CATEGORY_CODES[:4]
ROWS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(CODES), st.booleans()), max_size=40
)


def entry(subject: bytes, category: str) -> Entry:
    empty = dict.fromkeys(Entry._fields)
    named = {"record_id": secrets.token_bytes(16), "subject": subject, "category": category}
    return Entry(**empty | named | {"recorded_on": "2024-01-02"})


@given(ROWS)
def test_the_list_equals_the_permitted_decisions(rows) -> None:
    listed = RecordList(columns_of([entry(subject, category) for subject, category, _ in rows]))
    reasons = np.array([PERMITTED if yes else DENIED for *_, yes in rows], np.uint8)
    consents = np.frombuffer(secrets.token_bytes(32 * len(rows)), np.uint8).reshape(-1, 32)
    decided = Decisions(None, reasons, consents, np.zeros(len(rows), np.uint32))
    expected: dict[bytes, dict[str, bytes]] = {}
    for (subject, category, yes), consent in zip(rows, consents, strict=True):
        if yes:
            expected.setdefault(subject, {})[category] = consent.tobytes()
    permitted = PermittedSubjects(listed, decided)
    assert dict(permitted) == expected
    assert len(permitted) == len(expected)
    assert all((person in permitted) == (person in expected) for person in PEOPLE)


@given(ROWS)
def test_the_list_of_one_subject_has_its_records_alone(rows) -> None:
    entries = [entry(subject, category) for subject, category, _ in rows]
    listed = RecordList(columns_of(entries))
    for person in PEOPLE:
        of_person = [each for each in entries if each.subject == person]
        assert listed.of_subject(person).columns.entries == of_person


def test_subjects_are_found_by_the_name_of_their_label_alone() -> None:
    listed = RecordList(columns_of([entry(person, CODES[0]) for person in PEOPLE]))
    names = listed.names("clinic", 8, lambda subject: subject[::-1])
    assert {names[person[::-1].hex()[:8]] for person in PEOPLE} == set(PEOPLE[:4]) | {
        names["00000000"]
    }
    assert listed.names("other", 8, lambda subject: subject) != names


def test_who_refuses_opted_out_or_signed_unreadable_terms_is_listed_and_nobody_else() -> None:
    reasons = ["denied", "opted-out", "opening-missing", "permitted", "no-consent"]
    rows = list(zip(PEOPLE, reasons, strict=False))
    listed = RecordList(columns_of([entry(subject, CODES[0]) for subject, _ in rows]))
    codes = np.array([REASONS.index(reason) for _, reason in rows], np.uint8)
    decided = Decisions(
        None, codes, np.zeros((len(rows), 32), np.uint8), np.zeros(len(rows), np.uint32)
    )
    assert refusing_subjects(listed, decided) == set(PEOPLE[:3])


def test_who_permits_a_record_has_each_of_theirs_by_whether_it_is_permitted() -> None:
    first, second = PEOPLE[:2]
    rows = [entry(first, CODES[0]), entry(second, CODES[0]), entry(first, CODES[1])]
    codes = np.array([PERMITTED, DENIED, DENIED], np.uint8)
    decided = Decisions(None, codes, np.zeros((3, 32), np.uint8), np.zeros(3, np.uint32))
    listed = list_subject_records(RecordList(columns_of(rows)), decided)
    assert list(listed) == [first]
    assert listed[first].permitted == {rows[0].record_id.hex(): CODES[0]}
    assert listed[first].refused == {rows[2].record_id.hex(): CODES[1]}
