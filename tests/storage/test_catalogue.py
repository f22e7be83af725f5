from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from plans import note_plans

from consent import CATEGORY_CODES
from storage import database
from storage.catalogue import ANCHORED, CATALOGUED, PINNED, SEALED, Catalogue
from storage.database import writing
from storage.entry import Batch, Entry, day_number, iso_date
from storage.errors import ConcurrentChange
from storage.keys import Keys, SecretKey
from storage.tables import METADATA

ANNA, BERTA = b"a" * 32, b"b" * 32
PIN, ROOT = b"p" * 36, b"r" * 32


def entry(subject: bytes = ANNA, **changed: object) -> Entry:
    new = Entry(
        secrets.token_bytes(16),
        1,
        subject,
        "laboratory",
        "organisation:here",
        "2018-01-31",
        secrets.token_bytes(36),
        453,
        59,
        secrets.token_bytes(32),
        secrets.token_bytes(60),
    )
    return new._replace(**changed)


@pytest.fixture
def catalogue(engine: sa.Engine) -> Catalogue:
    return Catalogue(engine)


def added(catalogue: Catalogue, entries: Sequence[Entry], state: str = CATALOGUED) -> int:
    keys = Keys(catalogue._engine)
    keys.unseal(SecretKey(b"r" * 32))
    keys.make_patient_keys(each.subject for each in entries)
    batch = catalogue.add(secrets.token_hex(16), 1_000, PIN, ROOT, entries)
    if state != SEALED:
        catalogue.set_state(batch, state)
    return batch


def test_entries_are_read_back_unchanged(catalogue: Catalogue) -> None:
    entries = [entry(source=secrets.token_bytes(32)), entry(BERTA, category="vital-signs")]
    batch = added(catalogue, entries)
    assert catalogue.entries(batch) == [each._replace(batch=batch) for each in entries]
    assert catalogue.current() == catalogue.entries(batch)
    [stored] = catalogue.batches()
    assert stored == catalogue.find_batch(batch)
    assert stored == Batch(batch, stored.name, CATALOGUED, 1_000, 2, PIN, ROOT, False)


@pytest.mark.parametrize("state", [SEALED, PINNED, CATALOGUED, ANCHORED])
def test_a_record_is_visible_from_the_state_catalogued_on(catalogue: Catalogue, state: str) -> None:
    added(catalogue, [entry()], state)
    is_visible = state in (CATALOGUED, ANCHORED)
    assert len(catalogue.current()) == is_visible
    assert catalogue.totals() == {"records": is_visible, "subjects": is_visible, "batches": 1}
    assert len(catalogue.batches(unfinished=True)) == (state != ANCHORED)


def test_entries_are_filtered_by_every_criterion(catalogue: Catalogue) -> None:
    entries = [
        entry(),
        entry(BERTA),
        entry(category="vital-signs"),
        entry(BERTA, custodian="organisation:there"),
    ]
    added(catalogue, entries)
    names = [each.record_id for each in entries]

    def result(**requested: object) -> list[int]:
        return [names.index(each.record_id) for each in catalogue.current(**requested)]  # type: ignore[arg-type]

    assert result() == [0, 1, 2, 3]
    assert result(subjects=[ANNA]) == [0, 2]
    assert result(subjects=[BERTA, ANNA, ANNA]) == [0, 1, 2, 3]
    assert result(subjects=[]) == []
    assert result(categories=["vital-signs"]) == [2]
    assert result(categories=[]) == []
    assert result(custodian="organisation:there") == [3]
    assert result(record_ids=[names[2], names[0]]) == [0, 2]
    assert result(record_ids=[names[2]], subjects=[BERTA]) == []
    assert result(subjects=[BERTA], categories=["laboratory"], custodian="organisation:here") == [1]


def test_entries_of_many_subjects_are_in_catalogue_order(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_CHUNK", 3)
    subjects = [secrets.token_bytes(32) for _ in range(10)]
    entries = [entry(subject) for subject in subjects * 2]
    added(catalogue, entries)
    result = catalogue.current(subjects=subjects[::-1])
    assert [each.record_id for each in result] == [each.record_id for each in entries]


def test_columns_hold_the_fields_of_the_entries(catalogue: Catalogue) -> None:
    entries = [entry(), entry(BERTA, category="condition", recorded_on="1969-12-30")]
    added(catalogue, entries)
    result = catalogue.columns()
    assert [each.tobytes() for each in result.subjects] == [ANNA, BERTA]
    assert result.records.tolist() == [each.record_id.hex().encode() for each in entries]
    assert [CATEGORY_CODES[code] for code in result.categories] == ["laboratory", "condition"]
    assert result.recorded_on.tolist() == [day_number("2018-01-31"), -2]
    kinds = (result.subjects.dtype, result.records.dtype, result.categories.dtype)
    assert kinds == (np.uint8, np.dtype("S32"), np.int16)
    empty = catalogue.columns(subjects=[b"c" * 32])
    assert (empty.subjects.shape, empty.records.shape) == ((0, 32), (0,))
    assert (empty.categories.dtype, empty.recorded_on.dtype) == (np.int16, np.int32)


@given(st.dates())
def test_dates_and_day_numbers_convert_both_ways(date: object) -> None:
    assert iso_date(day_number(str(date))) == str(date)


def test_a_batch_with_an_existing_source_or_version_is_refused(catalogue: Catalogue) -> None:
    source = secrets.token_bytes(32)
    first = entry(source=source)
    added(catalogue, [first])
    for again in (entry(source=source), entry(record_id=first.record_id)):
        with pytest.raises(ConcurrentChange):
            added(catalogue, [entry(), again])
    assert len(catalogue.batches()) == 1
    assert catalogue.find_sources([source, b"?" * 32]) == {source: first.record_id.hex()}
    assert catalogue.find_sources([]) == {}


def test_nothing_is_written_for_a_subject_whose_key_was_deleted(catalogue: Catalogue) -> None:
    added(catalogue, [entry(), entry(BERTA)])
    with writing(catalogue._engine) as connection:
        Keys(catalogue._engine).delete_patient(BERTA, connection)
    for later in ([entry(BERTA)], [entry(), entry(BERTA)], [entry(BERTA, former=b"w" * 60)]):
        with pytest.raises(ConcurrentChange):
            catalogue.add(secrets.token_hex(16), 1_000, PIN, ROOT, later)
    assert len(catalogue.batches()) == 1


def test_newer_versions_replace_older_ones_and_delete_their_keys(catalogue: Catalogue) -> None:
    unchanged, old = entry(BERTA), entry()
    first = added(catalogue, [old, unchanged], ANCHORED)
    newer = catalogue.add("n", 1_000, PIN, ROOT, [old._replace(version=2, wrapped=b"w" * 60)])
    assert [each.version for each in catalogue.current(subjects=[ANNA])] == [1]
    assert catalogue.make_current(newer) == [first]
    assert catalogue.make_current(newer) == []
    assert [each.version for each in catalogue.current(subjects=[ANNA])] == [2]
    assert [each.wrapped for each in catalogue.entries(first)] == [None, unchanged.wrapped]
    assert [batch.id for batch in catalogue.batches(erased=True)] == [first]


def test_a_shredded_subject_has_no_keys_left(engine: sa.Engine, catalogue: Catalogue) -> None:
    batch = added(catalogue, [entry(), entry(BERTA)], ANCHORED)
    with writing(engine) as connection:
        catalogue.delete_keys(ANNA, connection)
    assert {each.subject for each in catalogue.current()} == {BERTA}
    assert catalogue.totals()["records"] == 1
    assert [each.id for each in catalogue.batches(erased=True)] == [batch]


def test_the_rest_of_a_batch_gets_a_new_pin_and_new_offsets(
    engine: sa.Engine, catalogue: Catalogue
) -> None:
    identity = added(catalogue, [entry(), entry(BERTA)], ANCHORED)
    with writing(engine) as connection:
        catalogue.delete_keys(ANNA, connection)
    [batch] = catalogue.batches(erased=True)
    left = [each for each in catalogue.entries(identity) if each.wrapped]
    catalogue.set_pin(batch, b"q" * 36, [left[0]._replace(offset=7)])
    assert catalogue.current()[0].offset == 7
    assert catalogue.batches(erased=True)
    with pytest.raises(ConcurrentChange):
        catalogue.set_pin(batch, b"x" * 36, left)
    catalogue.clear_erased(identity, 2)
    assert catalogue.batches(erased=True)
    catalogue.clear_erased(identity, 1)
    assert not catalogue.batches(erased=True)


def test_an_abandoned_batch_cannot_change_state(catalogue: Catalogue) -> None:
    batch = added(catalogue, [entry()], SEALED)
    catalogue.delete(batch)
    assert catalogue.find_batch(batch) is None
    assert catalogue.entries(batch) == []
    with pytest.raises(ConcurrentChange):
        catalogue.set_state(batch, PINNED)


def test_a_leaf_holds_block_size_and_commitment() -> None:
    each = entry()
    assert each.leaf() == (
        each.record_id + b"\0\0\0\1" + each.cid + (453).to_bytes(8, "big") + each.commitment
    )


def test_making_a_batch_current_reads_that_batch_and_never_the_whole_table() -> None:
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    catalogue = Catalogue(engine)
    first = entry()
    added(catalogue, [first])
    batch = added(catalogue, [first._replace(version=2)], PINNED)
    plans = note_plans(engine)
    catalogue.make_current(batch)
    assert any(plan.startswith("SEARCH storage_records") for plan in plans)
    assert [plan for plan in plans if plan.startswith("SCAN storage_records")] == []
