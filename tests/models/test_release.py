"""A released training set: no combination is rarer than eleven, and its manifest describes it."""

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
from models import release
from models.anonymity import HIDDEN, quasi_identifiers
from models.cohort import exclusion_reason
from models.errors import CohortTooSmall, ConsentsChanged
from models.release import AGREEMENT, Release, ReleaseRequest, create_release
from models.suppression import MIN_COHORT, MIN_COUNT
from storage.record import Record

AGE = "http://loinc.org|30525-0"
SEX = "http://loinc.org|46098-0"
REQUEST = ReleaseRequest("study:diabetes-risk", "r1", "2031-01-01", "researcher:r")
FILES = {
    "agreement.txt",
    "data.parquet",
    "deleted.json",
    "dictionary.csv",
    "dictionary.json",
    "manifest.json",
}
samples = st.tuples(
    st.integers(0, 10_000), st.integers(MIN_COHORT, 400), st.lists(st.integers(20, 85), max_size=30)
)
"""A seed, how many people, and the ages of the first of them, rare ones too."""


@pytest.fixture(scope="module")
def usable_people(nhanes, nhanes_people) -> list[list[Record]]:
    """The first people of the example whose records make a row."""
    return [person for person in nhanes_people[:1500] if not exclusion_reason(nhanes, person)]


def with_age(person: list[Record], years: int) -> list[Record]:
    """Return a person's records with another age."""
    return [
        replace(record, observations={**record.observations, AGE: (float(years), "a")})
        if AGE in record.observations
        else record
        for record in person
    ]


def draw_people(
    people: list[list[Record]], seed: int, count: int, ages: list[int]
) -> list[list[Record]]:
    """Return a sample of these people, the first of them with these ages."""
    chosen = random.Random(seed).sample(people, count)
    changed = [with_age(person, years) for person, years in zip(chosen, ages, strict=False)]
    return changed + chosen[len(ages) :]


def unzip(created: Release) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(created.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read_table(parts: dict[str, bytes]) -> dict[str, list[Any]]:
    return dict(pq.read_table(io.BytesIO(parts["data.parquet"])).to_pydict())


def is_suppressible(count: object) -> bool:
    return isinstance(count, int) and 0 < count < MIN_COUNT


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sample=samples)
def test_every_released_combination_is_shared_by_at_least_eleven_people(
    store_of, nhanes, usable_people, sample
) -> None:
    people = draw_people(usable_people, *sample)
    try:
        created = create_release(store_of(people), nhanes, REQUEST)
    except CohortTooSmall:
        return  # too many of the people were rare, so no set was created
    parts = unzip(created)
    rows, content = read_table(parts), json.loads(parts["manifest.json"])
    columns = [rows[feature.code] for feature in quasi_identifiers(nhanes)]
    classes = Counter(zip(*columns, strict=True))
    assert min(classes.values()) >= MIN_COUNT
    assert created.k == content["k"] == MIN_COUNT
    assert (
        sum(classes.values()) == created.rows == content["rows"] == len(created.names) >= MIN_COHORT
    )
    assert rows["name"] == list(created.names) == content["names"]
    assert created.rows + created.left_out == len(people)
    assert not is_suppressible(content["left_out"])


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000), count=st.integers(150, 300))
def test_the_dictionary_lists_each_column_and_no_small_number(
    store_of, nhanes, usable_people, seed, count
) -> None:
    parts = unzip(
        create_release(store_of(draw_people(usable_people, seed, count, [])), nhanes, REQUEST)
    )
    content = json.loads(parts["dictionary.json"])
    assert [entry["column"] for entry in content] == list(read_table(parts))
    assert [entry["column"] for entry in content if entry["coarse"]] == [
        feature.code for feature in quasi_identifiers(nhanes)
    ]
    assert not any(is_suppressible(entry["missing"]) for entry in content)
    rows = list(csv.DictReader(io.StringIO(parts["dictionary.csv"].decode())))
    assert rows == [{name: str(value) for name, value in entry.items()} for entry in content]


def test_a_rare_age_is_released_only_as_a_range(store_of, nhanes, usable_people) -> None:
    rows = read_table(
        unzip(
            create_release(
                store_of(draw_people(usable_people, 1, 300, [85, 84, 83])), nhanes, REQUEST
            )
        )
    )
    assert all(" to " in age or age == HIDDEN for age in rows[AGE])
    assert set(rows[SEX]) <= {"female", "male", HIDDEN}


def test_nothing_in_the_set_identifies_a_patient_or_links_to_another_set(
    store_of, nhanes, usable_people
) -> None:
    people = draw_people(usable_people, 2, 200, [])
    created = create_release(store_of(people), nhanes, REQUEST)
    other = create_release(store_of(people), nhanes, replace(REQUEST, release="r2"))
    everything = b"".join(unzip(created).values())
    for record in (record for person in people for record in person):
        assert record.subject.hex().encode() not in everything
        assert record.subject not in everything
        assert record.record_id.encode() not in everything
    assert len(set(created.names)) == created.rows
    assert not set(created.names) & set(other.names)


def test_the_manifest_has_the_hash_of_every_other_file(store_of, nhanes, usable_people) -> None:
    parts = unzip(create_release(store_of(usable_people[:200]), nhanes, REQUEST))
    content = json.loads(parts.pop("manifest.json"))
    assert {*parts, "manifest.json"} == FILES
    assert content["sha256"] == {n: hashlib.sha256(c).hexdigest() for n, c in parts.items()}
    assert parts["agreement.txt"].decode().strip() == AGREEMENT
    assert (content["study"], content["ends_on"]) == (REQUEST.study, REQUEST.ends_on)
    assert content["question"] == {"id": nhanes.id, "sha256": nhanes.sha256}


def test_the_same_people_make_the_same_bytes_in_any_order(store_of, nhanes, usable_people) -> None:
    first = create_release(store_of(usable_people[:150]), nhanes, REQUEST)
    repeated = create_release(store_of(usable_people[:150][::-1]), nhanes, REQUEST)
    assert first.content == repeated.content


def test_a_patient_who_withdrew_has_no_row_and_is_listed_for_deletion(
    store_of, nhanes, usable_people
) -> None:
    store = store_of(usable_people[:200])
    first = create_release(store, nhanes, REQUEST)
    pseudonym = store.pseudonyms(f"release {REQUEST.study} {REQUEST.release}")
    leaving = usable_people[3][0].subject
    store.vault.ledger.withdraw(leaving, HRESCH)
    repeated = create_release(store, nhanes, replace(REQUEST, before=first.names))
    name = pseudonym(leaving).hex()[:32]
    assert name in first.names
    assert name not in repeated.names
    assert json.loads(unzip(repeated)["deleted.json"]) == [name]


@pytest.mark.parametrize("refusals", ["opted_out", "refused"])
def test_no_set_leaves_after_somebody_in_it_has_refused(
    store_of, nhanes, usable_people, monkeypatch, refusals
) -> None:
    store = store_of(usable_people[:120])
    subjects = getattr(store.vault.ledger, refusals)
    pack = release._pack

    def refuse_and_pack(*args):
        subjects.add(usable_people[3][0].subject)
        return pack(*args)

    monkeypatch.setattr(release, "_pack", refuse_and_pack)
    with pytest.raises(ConsentsChanged):
        create_release(store, nhanes, REQUEST)
    monkeypatch.undo()
    assert create_release(store, nhanes, REQUEST).rows


def test_a_patient_who_permits_only_training_is_in_no_set(store_of, nhanes, usable_people) -> None:
    store = store_of(usable_people[:120])
    for person in usable_people[:100]:
        store.vault.ledger.withdraw(person[0].subject, HRESCH)
    with pytest.raises(CohortTooSmall):
        create_release(store, nhanes, REQUEST)


@pytest.mark.parametrize("count", [0, 1, MIN_COHORT - 1])
def test_fewer_than_fifty_people_make_no_set(store_of, nhanes, usable_people, count) -> None:
    with pytest.raises(CohortTooSmall, match="fewer than 50 people permit a copy"):
        create_release(store_of(usable_people[:count]), nhanes, REQUEST)


def test_the_purpose_is_research_and_the_journal_names_the_researcher(
    store_of, nhanes, usable_people
) -> None:
    store = store_of(usable_people[:200])
    create_release(store, nhanes, REQUEST)
    (request,) = store.vault.journal
    assert (request.party, request.purpose, request.actor) == (REQUEST.study, HRESCH, REQUEST.actor)
    assert request.why == "training set r1"
    assert nhanes.label.category in request.categories
