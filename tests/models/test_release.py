"""A training set that leaves: nobody in it is rarer than eleven, and it says what it is."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import zipfile
from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import HRESCH
from models.anonymity import HIDDEN, quasi_identifiers
from models.cohort import exclusion_reason
from models.errors import CohortTooSmall
from models.release import AGREEMENT, Release, ReleaseRequest, create_release
from models.suppression import MIN_COHORT, MIN_COUNT
from storage.record import Record

AGE = "http://loinc.org|30525-0"
SEX = "http://loinc.org|46098-0"
ASKED = ReleaseRequest("study:diabetes-risk", "r1", "2031-01-01", "researcher:r")
FILES = {
    "agreement.txt",
    "data.parquet",
    "deleted.json",
    "dictionary.csv",
    "dictionary.json",
    "manifest.json",
}
crowds = st.tuples(
    st.integers(0, 10_000), st.integers(MIN_COHORT, 400), st.lists(st.integers(20, 85), max_size=30)
)
"""A seed, how many people, and the ages of the first of them, rare ones too."""


@pytest.fixture(scope="module")
def fitting(nhanes, nhanes_people) -> list[list[Record]]:
    """The first people of the example of whom a row can be made."""
    return [one for one in nhanes_people[:1500] if not exclusion_reason(nhanes, one)]


def aged(person: list[Record], years: int) -> list[Record]:
    """Return a person's records with another age."""
    return [
        replace(one, observations={**one.observations, AGE: (float(years), "a")})
        if AGE in one.observations
        else one
        for one in person
    ]


def drawn(people: list[list[Record]], seed: int, count: int, ages: list[int]) -> list[list[Record]]:
    """Return some of these people, the first with these ages."""
    some = random.Random(seed).sample(people, count)
    return [aged(one, years) for one, years in zip(some, ages, strict=False)] + some[len(ages) :]


def opened(made: Release) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(parts: dict[str, bytes]) -> dict[str, list[Any]]:
    return dict(pq.read_table(io.BytesIO(parts["data.parquet"])).to_pydict())


def small(count: object) -> bool:
    return isinstance(count, int) and 0 < count < MIN_COUNT


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(crowd=crowds)
def test_every_combination_that_leaves_is_of_at_least_eleven_people(
    store_of, nhanes, fitting, crowd
) -> None:
    people = drawn(fitting, *crowd)
    try:
        made = create_release(store_of(people), nhanes, ASKED)
    except CohortTooSmall:
        return  # of few people too many were rare, so nothing left
    parts = opened(made)
    rows, told = table(parts), json.loads(parts["manifest.json"])
    known = [rows[one.code] for one in quasi_identifiers(nhanes)]
    classes = Counter(zip(*known, strict=True))
    assert min(classes.values()) >= MIN_COUNT
    assert made.k == told["k"] == MIN_COUNT
    assert sum(classes.values()) == made.rows == told["rows"] == len(made.names) >= MIN_COHORT
    assert rows["name"] == list(made.names) == told["names"]
    assert made.rows + made.left_out == len(people)
    assert not small(told["left_out"])


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000), count=st.integers(150, 300))
def test_the_dictionary_names_each_column_and_tells_no_small_number(
    store_of, nhanes, fitting, seed, count
) -> None:
    parts = opened(create_release(store_of(drawn(fitting, seed, count, [])), nhanes, ASKED))
    told = json.loads(parts["dictionary.json"])
    assert [one["column"] for one in told] == list(table(parts))
    assert [one["column"] for one in told if one["coarse"]] == [
        one.code for one in quasi_identifiers(nhanes)
    ]
    assert not any(small(one["missing"]) for one in told)
    rows = list(csv.DictReader(io.StringIO(parts["dictionary.csv"].decode())))
    assert rows == [{name: str(value) for name, value in one.items()} for one in told]


def test_a_person_of_a_rare_age_is_told_by_no_age_of_their_own(store_of, nhanes, fitting) -> None:
    rows = table(
        opened(create_release(store_of(drawn(fitting, 1, 300, [85, 84, 83])), nhanes, ASKED))
    )
    assert all(" to " in one or one == HIDDEN for one in rows[AGE])
    assert set(rows[SEX]) <= {"female", "male", HIDDEN}


def test_nothing_in_the_set_leads_to_a_patient_or_to_another_set(store_of, nhanes, fitting) -> None:
    people = drawn(fitting, 2, 200, [])
    made = create_release(store_of(people), nhanes, ASKED)
    other = create_release(store_of(people), nhanes, replace(ASKED, release="r2"))
    whole = b"".join(opened(made).values())
    for record in (record for person in people for record in person):
        assert record.subject.hex().encode() not in whole
        assert record.subject not in whole
        assert record.record_id.encode() not in whole
    assert len(set(made.names)) == made.rows
    assert not set(made.names) & set(other.names)


def test_the_manifest_holds_the_hash_of_every_other_file(store_of, nhanes, fitting) -> None:
    parts = opened(create_release(store_of(fitting[:200]), nhanes, ASKED))
    told = json.loads(parts.pop("manifest.json"))
    assert {*parts, "manifest.json"} == FILES
    assert told["sha256"] == {n: hashlib.sha256(c).hexdigest() for n, c in parts.items()}
    assert parts["agreement.txt"].decode().strip() == AGREEMENT
    assert (told["study"], told["ends_on"]) == (ASKED.study, ASKED.ends_on)
    assert told["question"] == {"id": nhanes.id, "sha256": nhanes.sha256}


def test_the_same_people_make_the_same_bytes_in_whatever_order(store_of, nhanes, fitting) -> None:
    first = create_release(store_of(fitting[:150]), nhanes, ASKED)
    again = create_release(store_of(fitting[:150][::-1]), nhanes, ASKED)
    assert first.content == again.content


def test_who_withdrew_has_no_row_and_is_named_as_to_be_deleted(store_of, nhanes, fitting) -> None:
    store = store_of(fitting[:200])
    first = create_release(store, nhanes, ASKED)
    gone = store.pseudonyms(f"release {ASKED.study} {ASKED.release}")
    left = fitting[3][0].subject
    store.vault.ledger.withdraw(left, HRESCH)
    again = create_release(store, nhanes, replace(ASKED, before=first.names))
    name = gone(left).hex()[:32]
    assert name in first.names
    assert name not in again.names
    assert json.loads(opened(again)["deleted.json"]) == [name]


def test_who_permits_training_alone_is_in_no_set(store_of, nhanes, fitting) -> None:
    store = store_of(fitting[:120])
    for person in fitting[:100]:
        store.vault.ledger.withdraw(person[0].subject, HRESCH)
    with pytest.raises(CohortTooSmall):
        create_release(store, nhanes, ASKED)


@pytest.mark.parametrize("count", [0, 1, MIN_COHORT - 1])
def test_of_fewer_than_fifty_people_no_set_is_made(store_of, nhanes, fitting, count) -> None:
    with pytest.raises(CohortTooSmall, match="fewer than 50 people permit a copy"):
        create_release(store_of(fitting[:count]), nhanes, ASKED)


def test_it_is_asked_for_as_research_by_who_takes_it(store_of, nhanes, fitting) -> None:
    store = store_of(fitting[:200])
    create_release(store, nhanes, ASKED)
    (asked,) = store.vault.journal
    assert (asked.party, asked.purpose, asked.actor) == (ASKED.study, HRESCH, ASKED.actor)
    assert asked.why == "training set r1"
    assert nhanes.label.category in asked.categories
