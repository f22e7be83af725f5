"""New versions of stored records, on a store without nodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memory_store import HERE, Custodian

from storage import Arriving, Merged, Record, RecordInvalid, StorageInvalid
from storage.catalogue import ANCHORED, Catalogue


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def arriving(value: float, source: str = "a", **changes: object) -> Arriving:
    record = Record(b"s" * 32, "laboratory", HERE, "2024-01-31", {"a|b": (value, "")})
    return Arriving(replace(record, **changes), source)  # type: ignore[arg-type]


def newest(stored: Record, record: Record) -> Record | None:
    if stored.observations == record.observations:
        return None
    return replace(stored, observations=record.observations)


def test_a_changed_record_is_a_new_version_and_the_old_key_is_gone(custodian: Custodian) -> None:
    versions = custodian.store.versions
    first = versions.merge([arriving(1)], newest)
    second = versions.merge([arriving(2), arriving(3, "b")], newest)
    assert first.results == (Merged.NEW,)
    assert second.results == (Merged.CHANGED, Merged.NEW)
    assert second.record_ids[0] == first.record_ids[0]
    assert second.ids_of(Merged.CHANGED) == [first.record_ids[0]]
    assert [(r.version, r.observations["a|b"][0]) for r in custodian.stored()] == [(2, 2), (1, 3)]
    catalogue = Catalogue(custodian.engine)
    assert [batch.state for batch in catalogue.batches()] == [ANCHORED, ANCHORED]
    (old,) = catalogue.entries(1)
    assert (old.version, old.wrapped) == (1, None)


def test_what_did_not_change_is_not_stored(custodian: Custodian) -> None:
    versions = custodian.store.versions
    versions.merge([arriving(1)], newest)
    assert versions.merge([arriving(1)], newest).count(Merged.SAME) == 1
    assert len(Catalogue(custodian.engine).batches()) == 1


def test_a_record_is_found_by_its_id(custodian: Custodian) -> None:
    versions = custodian.store.versions
    (record_id,) = versions.merge([arriving(1)], newest).record_ids
    report = versions.merge([arriving(2, "other", record_id=record_id)], newest)
    assert report.results == (Merged.CHANGED,)
    assert versions.find([arriving(1).record], ["a"]) == [record_id]
    assert list(versions.entries([record_id, "00" * 16])) == [record_id]


def test_nothing_is_stored_if_one_record_is_invalid(custodian: Custodian) -> None:
    with pytest.raises(RecordInvalid):
        custodian.store.versions.merge([arriving(1), arriving(1, "b", category="*")], newest)
    with pytest.raises(StorageInvalid):
        custodian.store.versions.merge([arriving(1), arriving(2)], newest)
    assert custodian.stored() == []
