"""Linked subjects are one person in cohorts and in the rows of copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.cohort import build_matrix, gather_cohort
from models.manifest import TRAINING_PART
from models.persons import permitted_row_keys, row_key
from models.question import Question
from storage import Record

STUDY = "study:diabetes-risk"
A, B, C = (bytes([number]) * 32 for number in range(1, 4))
OTHER = b"\xff"


def tear(person: list[Record]) -> list[list[Record]]:
    """Return a person's records as those of two subjects."""
    other = OTHER + person[0].subject[1:]
    return [person[:1], [replace(record, subject=other) for record in person[1:]]]


def test_a_person_under_two_numbers_makes_the_same_row_once_they_are_linked(
    heart: Question, heart_people, store_of
) -> None:
    people = heart_people[:80]
    whole = gather_cohort(store_of(people), heart, STUDY)
    torn = [part for person in people[:20] for part in tear(person)]
    store = store_of(torn + people[20:])
    assert len(gather_cohort(store, heart, STUDY).manifest.patients(TRAINING_PART)) <= 60
    store.linked = {
        part[0].subject: person[0].subject for person in people[:20] for part in tear(person)
    }
    cohort = gather_cohort(store, heart, STUDY)
    expected = build_matrix(heart, whole.manifest, whole.records, TRAINING_PART)
    matrix = build_matrix(heart, cohort.manifest, cohort.records, TRAINING_PART)
    assert cohort.manifest.patients(TRAINING_PART) == whole.manifest.patients(TRAINING_PART)
    assert np.array_equal(matrix.values, expected.values, equal_nan=True)
    assert np.array_equal(matrix.labels, expected.labels)
    # Each record stays under the consent of its own subject.
    assert len(set(cohort.consents())) == len(set(whole.consents())) + 20


def test_a_row_of_a_copy_is_named_by_the_subjects_that_it_was_made_of() -> None:
    assert row_key([A]) == A
    assert row_key([B, A, B]) == A + B


def test_a_joined_row_stays_only_while_the_same_subjects_permit_it(store_of) -> None:
    store = store_of([])
    both = {A: {"condition": b"1"}, B: {"laboratory": b"2"}, C: {"condition": b"3"}}
    used = ("condition", "laboratory")
    assert permitted_row_keys(store, both, ("condition",), used) == {A, C}
    store.linked = {A: A, B: A}
    assert permitted_row_keys(store, both, ("condition",), used) == {A, C, A + B}
    without = {subject: both[subject] for subject in (A, C)}
    assert permitted_row_keys(store, without, ("condition",), used) == {A, C}
    assert permitted_row_keys(store, both, ("condition", "laboratory"), used) == {A + B}
