"""Whoever has all copies of a study finds no new people in fewer than eleven rows of a class."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.anonymity import MAX_DISTANCE, find_releasable_after
from models.copy_plan import find_hidden
from models.earlier_copies import EarlierCopy, find_batches, to_row_name
from models.errors import CohortTooSmall
from models.persons import row_key
from models.question import Question
from models.question_parts import SENSITIVE
from models.release import Release, ReleaseRequest, create_release
from models.suppression import MIN_COUNT
from storage.record import Record

AGE = "http://loinc.org|30525-0"
SEX = "http://loinc.org|46098-0"
INSURED = "nhanes|HIQ011"
STUDY = "study:diabetes-risk"
REQUEST = ReleaseRequest(STUDY, "r1", "2031-01-01", "researcher:r", columns=(AGE, SEX, INSURED))
Row = tuple[tuple[Any, ...], bool, Any]
"""What a file shows of a person: the class, the label and the sensitive value."""


@pytest.fixture(scope="module")
def question(nhanes: Question) -> Question:
    """The example, in which insurance is sensitive."""
    position = nhanes.text.index(f'code = "{INSURED}"', nhanes.text.index("[[features]]"))
    end = nhanes.text.index("\n", position)
    return Question.parse(
        nhanes.text[:end] + '\ndisclosure = "sensitive"' + nhanes.text[end:], "changed"
    )


def read_rows(created: Release) -> dict[str, Row]:
    """Return what the file shows, by pseudonym."""
    with zipfile.ZipFile(io.BytesIO(created.content)) as archive:
        table = pq.read_table(io.BytesIO(archive.read("data.parquet"))).to_pydict()
        columns = {each["column"] for each in json.loads(archive.read("dictionary.json"))}
    (insured,) = columns - {"name", "label", "age", "age_low", "age_high", "sex"}
    groups = zip(table["age_low"], table["age_high"], table["sex"], strict=True)
    cells = zip(table["name"], groups, table["label"], table[insured], strict=True)
    return {name: (group, label, value) for name, group, label, value in cells}


def draw_visits(people: list[list[Record]], seed: int) -> Iterator[list[list[Record]]]:
    """Yield who permits each copy of a series: some join, leave and come back in between."""
    draw = random.Random(seed)
    people = draw.sample(people, len(people))
    there, waiting = people[:250], people[250:]
    departed: list[list[Record]] = []
    for _ in range(4):
        yield there
        leaving = draw.sample(there, draw.choice([0, 5, 20, 60]))
        returning = draw.sample(departed, min(len(departed), draw.choice([0, 5, 40, 60])))
        joining = draw.choice([0, 1, 3, 40, 200])
        there = [person for person in there if person not in leaving]
        there += returning + waiting[:joining]
        waiting = waiting[joining:]
        departed = [person for person in departed if person not in returning] + leaving


def make_series(
    store_of, question: Question, people: list[list[Record]], seed: int
) -> Iterator[dict[bytes, Row]]:
    """Yield the rows of each copy of a series, by subject."""
    earlier: tuple[EarlierCopy, ...] = ()
    request = REQUEST
    for number, there in enumerate(draw_visits(people, seed)):
        request = replace(request, release=f"r{number}", earlier=earlier)
        store = store_of(there)
        try:
            created = create_release(store, question, request)
        except CohortTooSmall:
            continue
        request = replace(request, plan=created.plan)
        pseudonym = store.pseudonyms(f"release {STUDY} r{number}")
        names = {to_row_name(pseudonym(person[0].subject)): person[0].subject for person in there}
        yield {names[name]: row for name, row in read_rows(created).items()}
        made = EarlierCopy(f"r{number}", created.names, created.parts, created.left_out)
        earlier += (made,)


@pytest.mark.parametrize("seed", range(6))
def test_people_whom_combined_copies_tell_apart_are_eleven_of_a_class_with_both_labels(
    store_of, question, nhanes_people, seed: int
) -> None:
    """Seen from the files alone, by a reader who knows when people joined, left and came back."""
    copies: list[dict[bytes, Row]] = []
    for rows in make_series(store_of, question, nhanes_people[:1500], seed):
        share = np.mean([label for _, label, _ in rows.values()])
        groups: dict[Any, list[Row]] = defaultdict(list)
        for subject, row in rows.items():
            having = tuple(subject in copy for copy in copies)
            if not all(having):
                groups[row[0], having].append(row)
        for group in groups.values():
            labels = [label for _, label, _ in group]
            assert len(group) >= MIN_COUNT
            assert {*labels} == {True, False}
            assert abs(np.mean(labels) - share) <= MAX_DISTANCE + 1e-9
            values = {value for _, _, value in group}
            assert values == {None} or len(values - {None}) > 1
        copies.append(rows)


def people_of(count: int) -> list[Any]:
    return [[SimpleNamespace(subject=bytes([number]))] for number in range(count)]


def copy_of(store, release: str, people: list[Any], left_out: list[Any]) -> EarlierCopy:
    pseudonym = store.pseudonyms(f"release {STUDY} {release}")
    names, others = (
        tuple(to_row_name(pseudonym(row_key([person[0].subject]))) for person in part)
        for part in (people, left_out)
    )
    return EarlierCopy(release, names, {}, others)


def test_a_person_who_joins_with_ten_who_came_back_waits(store_of) -> None:
    """The labels of those who left are in the file: the others' difference would be one person."""
    store, people = store_of([]), people_of(60)
    earlier = [copy_of(store, "r1", people[:30], []), copy_of(store, "r2", people[10:49], [])]
    # 0-9 left and came back, 30-48 joined before the second copy, and 49 after it.
    now = people[:50]
    labels = np.arange(50) % 2 == 0
    classes = np.zeros(50, np.intp)
    is_kept = find_releasable_after(classes, labels, find_batches(store, STUDY, earlier, now))
    assert is_kept.tolist() == [False] * 10 + [True] * 39 + [False]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, MIN_COUNT - 1), st.integers(1, 3))
def test_fewer_than_eleven_who_join_or_come_back_change_nobody_elses_row(
    store_of, seed: int, coming: int, copies: int
) -> None:
    """Else rows that appear, or are missing, tell the label of the person who came."""
    draw, store, people = np.random.default_rng(seed), store_of([]), people_of(250)
    classes, labels = draw.integers(0, 4, 250), draw.random(250) < 0.3
    earlier: list[EarlierCopy] = []

    def keep(is_there: np.ndarray) -> np.ndarray:
        is_kept, rows = is_there.copy(), [people[row] for row in np.flatnonzero(is_there)]
        batches = find_batches(store, STUDY, earlier, rows)
        is_kept[is_there] = find_releasable_after(classes[is_there], labels[is_there], batches)
        return is_kept

    is_there = draw.random(250) < 0.6
    for number in range(copies):
        is_kept = keep(is_there)
        parts = (np.flatnonzero(mask) for mask in (is_kept, is_there & ~is_kept))
        groups = ([people[row] for row in rows] for rows in parts)
        earlier.append(copy_of(store, f"r{number}", *groups))
        was_there = is_there
        is_there = np.where(draw.random(250) < 0.2, ~is_there, is_there)
    is_there &= was_there
    late = draw.permutation(np.flatnonzero(~was_there))[:coming]
    with_them = is_there.copy()
    with_them[late] = True
    assert (keep(with_them) == keep(is_there)).all()


def test_people_who_join_have_about_the_share_of_labels_of_all_rows() -> None:
    """Else a share among those who joined tells more of each than the file tells of anybody."""
    labels = np.r_[np.arange(200) % 10 == 0, np.arange(20) > 0]
    is_new = np.arange(220) >= 200
    classes = np.zeros(220, np.intp)
    assert find_releasable_after(classes, labels, []).all()
    assert (find_releasable_after(classes, labels, [is_new]) == ~is_new).all()


def test_a_person_who_was_left_out_of_a_copy_is_not_new_since_that_copy(store_of) -> None:
    """Else a person who joins could make waiting rows appear, and so show their own label."""
    store, people = store_of([]), people_of(20)
    earlier = [copy_of(store, "r1", people[:8], people[8:12])]
    group, is_new = find_batches(store, STUDY, earlier, people)
    assert group.tolist() == [False] * 8 + [True] * 12
    assert is_new.tolist() == [False] * 12 + [True] * 8


def test_a_value_is_hidden_for_a_class_if_any_part_of_it_has_one_value() -> None:
    feature: Any = SimpleNamespace(disclosure=SENSITIVE)
    classes, bands = np.zeros(12, np.intp), np.array([0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1])
    parts = [np.repeat([part == each for each in range(3)], 4) for part in range(3)]
    for batches in (parts[1:], [parts[0], parts[2]], parts):
        assert not find_hidden(feature, bands, classes, batches).any()
        for part in parts:
            changed = np.where(part, 1, bands)
            assert find_hidden(feature, changed, classes, batches).all()
