"""A store that keeps no CAR file once a batch is anchored: everything is read from IPFS."""

from __future__ import annotations

from dataclasses import replace

import pytest
from storage_install import Install, record_of

from storage import Arriving, Merged, Record

pytestmark = pytest.mark.node


def staged(install: Install) -> list[str]:
    return [path.name for path in (install.home / "sealed").glob("*.car")]


def newest(stored: Record, record: Record) -> Record:
    return replace(stored, observations=record.observations)


def values(install: Install) -> list[float]:
    return sorted(pair[0] for record in install.gathered() for pair in record.observations.values())


def test_without_a_cache_records_are_deposited_corrected_re_encrypted_and_erased(
    install: Install,
) -> None:
    store = install.store
    store.car_folder.max_bytes = 0
    patients = install.patients(3)
    install.grants(patients)
    subjects = [patient.subject for patient in patients]
    records = [record_of(subject, number) for number, subject in enumerate(subjects)]
    ids = store.deposits.deposit(records).record_ids
    assert staged(install) == []
    assert values(install) == [90, 91, 92]

    corrected = Arriving(replace(record_of(subjects[0], 5), record_id=ids[0]), "a correction")
    assert store.versions.merge([corrected], newest).results == (Merged.CHANGED,)
    assert staged(install) == []
    assert values(install) == [91, 92, 95]

    assert store.erasure.rekey([subjects[1]], "a withdrawal") is not None
    assert values(install) == [91, 92, 95]
    store.erasure.shred(subjects[2], "a request")
    assert values(install) == [91, 95]

    store.deposits.finish_unfinished()
    assert staged(install) == []
    assert values(install) == [91, 95]
    assert store.check() == []


def test_a_limit_that_is_lowered_holds_from_the_next_look_on(install: Install) -> None:
    patient = install.patient()
    install.grant(patient)
    install.store.deposits.deposit([record_of(patient.subject)])
    assert len(staged(install)) == 1
    install.store.car_folder.max_bytes = 0
    install.store.deposits.finish_unfinished()
    assert staged(install) == []
    assert values(install) == [90]
