"""A released training set: nobody stands out in it, and its manifest says what was measured."""

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
from models.anonymity import MAX_DISTANCE, MIN_DIVERSITY
from models.cohort import exclusion_reasons
from models.copy_plan import PROPOSED_COLUMNS
from models.earlier_copies import EarlierCopy
from models.errors import CohortTooSmall, ConsentsChanged, ModelsInvalid
from models.question import Question
from models.release import AGREEMENT, Release, ReleaseRequest, create_release
from models.suppression import MIN_COHORT, MIN_COUNT, conceal
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
    people = nhanes_people[:1500]
    reasons = exclusion_reasons(nhanes, people, Counter())
    return [person for person, reason in zip(people, reasons, strict=True) if not reason]


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


def combinations(rows: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    """Return, for each row, everything but its name and label."""
    return list(
        zip(*(cells for name, cells in rows.items() if name not in ("name", "label")), strict=True)
    )


def label_shares(rows: dict[str, list[Any]]) -> dict[tuple[Any, ...], float]:
    """Return the share of positive labels of each combination."""
    labels: dict[tuple[Any, ...], list[bool]] = {}
    for combination, label in zip(combinations(rows), rows["label"], strict=True):
        labels.setdefault(combination, []).append(label)
    return {combination: sum(known) / len(known) for combination, known in labels.items()}


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
    shares = label_shares(rows)
    sizes = Counter(combinations(rows))
    assert min(sizes.values()) >= MIN_COUNT
    assert min(sizes.values()) >= content["measured"]["k"] == created.measures.k >= MIN_COUNT
    assert all(0 < share < 1 for share in shares.values())
    mean = sum(rows["label"]) / len(rows["label"])
    assert all(abs(share - mean) <= MAX_DISTANCE + 1e-9 for share in shares.values())
    assert content["limits"] == {
        "k": MIN_COUNT,
        "diversity": MIN_DIVERSITY,
        "distance": MAX_DISTANCE,
    }
    assert content["risk"]["prosecutor"]["max"] <= 1 / MIN_COUNT
    assert created.rows == content["rows"] == len(created.names) >= MIN_COHORT
    assert rows["name"] == list(created.names) == content["names"]
    assert created.rows + len(created.left_out) == len(people)
    assert content["left_out"] == conceal(len(created.left_out))  # exact, it would tell who joined


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
    features = {entry["code"] for entry in content if entry["coarse"]}
    assert len(features) == PROPOSED_COLUMNS
    assert features <= {feature.code for feature in nhanes.features}
    left_out = json.loads(parts["manifest.json"])["columns_left_out"]
    assert len(left_out) == len(nhanes.features) - len(features)
    assert not any(is_suppressible(entry["missing"]) for entry in content)
    rows = list(csv.DictReader(io.StringIO(parts["dictionary.csv"].decode())))
    assert rows == [{name: str(value) for name, value in entry.items()} for entry in content]


def test_a_rare_age_is_released_only_as_a_band(store_of, nhanes, usable_people) -> None:
    people = draw_people(usable_people, 1, 300, [85, 84, 83])
    request = replace(REQUEST, columns=(AGE, SEX))
    rows = read_table(unzip(create_release(store_of(people), nhanes, request)))
    assert list(rows) == ["name", "age", "age_low", "age_high", "sex", "label"]
    assert max(Counter(rows["age"])) < 83  # the mean of at least eleven people
    assert min(Counter(zip(rows["age_low"], rows["age_high"], strict=True)).values()) >= MIN_COUNT
    assert set(rows["sex"]) <= {"female", "male", "female | male"}


def with_disclosure(question: Question, code: str, disclosure: str) -> Question:
    """Return the question with one feature classed."""
    position = question.text.index(f'code = "{code}"', question.text.index("[[features]]"))
    end = question.text.index("\n", position)
    text = question.text[:end] + f'\ndisclosure = "{disclosure}"' + question.text[end:]
    return Question.parse(text, "changed")


def test_a_direct_identifier_never_leaves(store_of, nhanes, usable_people) -> None:
    question = with_disclosure(nhanes, AGE, "direct")
    store = store_of(usable_people[:300])
    rows = read_table(unzip(create_release(store, question, REQUEST)))
    assert not any(name.startswith("age") for name in rows)
    with pytest.raises(ModelsInvalid, match="identifies a person"):
        create_release(store, question, replace(REQUEST, columns=(AGE,)))


def test_a_column_that_is_not_a_feature_is_refused(store_of, nhanes, usable_people) -> None:
    with pytest.raises(ModelsInvalid, match="is not a feature"):
        create_release(store_of(usable_people[:99]), nhanes, replace(REQUEST, columns=("x|y",)))


def test_a_sensitive_value_that_its_class_would_tell_is_hidden(
    store_of, nhanes, usable_people
) -> None:
    question = with_disclosure(nhanes, SEX, "sensitive")
    request = replace(REQUEST, columns=(AGE, SEX))
    rows = read_table(unzip(create_release(store_of(usable_people[:600]), question, request)))
    of_class: dict[Any, set[str]] = {}
    for limits, sex in zip(
        zip(rows["age_low"], rows["age_high"], strict=True), rows["sex"], strict=True
    ):
        of_class.setdefault(limits, set()).add(sex)
    assert all(words == {None} or len(words - {None}) > 1 for words in of_class.values())


def test_copies_of_one_study_have_the_same_bands_and_no_common_name(
    store_of, nhanes, usable_people
) -> None:
    """Joined by everything that they have in common, nobody is in a class below eleven."""
    first = create_release(store_of(usable_people[:400]), nhanes, REQUEST)
    later = replace(
        REQUEST,
        release="r2",
        plan=first.plan,
        columns=(AGE,),
        earlier=(EarlierCopy("r1", first.names),),
    )
    second = create_release(store_of(usable_people[100:600]), nhanes, later)
    tables = [read_table(unzip(created)) for created in (first, second)]
    assert list(tables[0]) == list(tables[1])  # a later copy cannot choose
    assert not set(first.names) & set(second.names)
    known = set(combinations(tables[0]))
    sizes = Counter(combinations(tables[1]))
    assert min(sizes.values()) >= MIN_COUNT
    limits_of_first = {combination for combination in sizes if combination in known}
    assert limits_of_first  # the means are those of the first copy: no difference tells a value


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


@pytest.mark.parametrize("joining", [1, 10, 300])
def test_who_joins_after_a_copy_is_in_the_next_one_only_with_ten_others_of_the_class(
    store_of, nhanes, usable_people, joining: int
) -> None:
    """Else who knows that one person joined would find the row, and in it the label."""
    first = create_release(store_of(usable_people[:300]), nhanes, REQUEST)
    store = store_of(usable_people[: 300 + joining])
    earlier = (EarlierCopy("r1", first.names, first.parts),)
    later = replace(REQUEST, release="r2", plan=first.plan, earlier=earlier)
    second = create_release(store, nhanes, later)
    known = Counter(combinations(read_table(unzip(first))))
    joined = Counter(combinations(read_table(unzip(second)))) - known
    assert min(joined.values(), default=MIN_COUNT) >= MIN_COUNT
    assert bool(joined) == (joining == 300)
    pseudonym = store.pseudonyms(f"release {REQUEST.study} r2")
    names = {pseudonym(person[0].subject).hex()[:32] for person in usable_people[300:]}
    assert len(names & set(second.names)) == joined.total()


def test_who_was_left_out_of_a_copy_is_not_new_since_it_and_joins_only_with_ten_others_since(
    store_of, nhanes, usable_people
) -> None:
    """Else a person who joins could make waiting rows appear, and so show their own label."""
    first = create_release(store_of(usable_people[:300]), nhanes, REQUEST)
    earlier = (EarlierCopy("r1", first.names, first.parts, first.left_out),)
    later = replace(REQUEST, release="r2", plan=first.plan, earlier=earlier)
    second = create_release(store_of(usable_people[:308]), nhanes, later)
    assert len(second.left_out) == 8 + len(first.left_out)
    earlier += (EarlierCopy("r2", second.names, second.parts, second.left_out),)
    third = create_release(
        store_of(usable_people[:316]), nhanes, replace(later, release="r3", earlier=earlier)
    )
    assert third.rows == second.rows


def test_a_patient_who_withdrew_has_no_row_and_is_listed_for_deletion(
    store_of, nhanes, usable_people
) -> None:
    store = store_of(usable_people[:200])
    first = create_release(store, nhanes, REQUEST)
    pseudonym = store.pseudonyms(f"release {REQUEST.study} {REQUEST.release}")
    leaving = usable_people[3][0].subject
    store.vault.ledger.withdraw(leaving, HRESCH)
    later = replace(REQUEST, release="r2", earlier=(EarlierCopy("r1", first.names),))
    repeated = create_release(store, nhanes, later)
    name = pseudonym(leaving).hex()[:32]
    assert name in first.names
    assert json.loads(unzip(repeated)["deleted.json"]) == {"r1": [name]}


def test_a_patient_who_permits_fewer_records_than_a_row_was_made_of_is_listed_for_deletion(
    store_of, nhanes, usable_people
) -> None:
    people = usable_people[:200]
    first = create_release(store_of(people), nhanes, REQUEST)
    assert {*first.parts} == {*first.names}
    pseudonym = store_of(people).pseudonyms(f"release {REQUEST.study} {REQUEST.release}")
    place, narrowed = next(
        (place, person)
        for place, person in enumerate(people)
        if pseudonym(person[0].subject).hex()[:32] in first.names and len(person) > 3
    )
    # The patient narrows the permission: an optional record is no longer permitted.
    needed = {*nhanes.required, nhanes.label.category}
    optional = next(record for record in narrowed if record.category not in needed)
    fewer = [record for record in narrowed if record is not optional]
    store = store_of([*people[:place], fewer, *people[place + 1 :]])
    earlier = (EarlierCopy("r1", first.names, first.parts),)
    repeated = create_release(store, nhanes, replace(REQUEST, release="r2", earlier=earlier))
    name = pseudonym(narrowed[0].subject).hex()[:32]
    assert json.loads(unzip(repeated)["deleted.json"]) == {"r1": [name]}


def test_no_copy_leaves_by_the_plan_of_a_question_that_was_changed_since(
    store_of, nhanes, usable_people
) -> None:
    people = usable_people[:200]
    first = create_release(store_of(people), nhanes, replace(REQUEST, columns=(AGE, SEX)))
    later = replace(REQUEST, release="r2", plan=first.plan)
    changed = replace(nhanes, features=nhanes.features[::-1])
    for question in (with_disclosure(nhanes, AGE, "direct"), changed):
        with pytest.raises(ModelsInvalid, match="was changed since"):
            create_release(store_of(people), question, later)


@pytest.mark.parametrize("refusals", ["opted_out", "refused"])
def test_no_set_leaves_after_somebody_in_it_has_refused(
    store_of, nhanes, usable_people, monkeypatch, refusals
) -> None:
    store = store_of(usable_people[:120])
    subjects = getattr(store.vault.ledger, refusals)
    pack = release.pack_copy

    def refuse_and_pack(*args):
        subjects.add(usable_people[3][0].subject)
        return pack(*args)

    monkeypatch.setattr(release, "pack_copy", refuse_and_pack)
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
