"""A record that lost its newest version in the database alone is named by a verification."""

from __future__ import annotations

import pytest
from storage_install import Install, record_of

from storage.catalogue_tables import RECORDS
from storage.findings import StoreFinding
from storage.newest_versions import check_newest_versions
from storage.versions import Arriving

pytestmark = pytest.mark.node


def faults(install: Install) -> list[tuple[str, str]]:
    store = install.store
    findings = check_newest_versions(install.engine, store._keys, store.journal)
    return [(str(finding.code), finding.where) for finding in findings]


def test_records_of_erased_and_re_keyed_patients_have_no_findings(install: Install) -> None:
    patients = [install.patient().subject for _ in range(3)]
    install.store.deposits.deposit([record_of(subject) for subject in patients])
    install.store.erasure.shred(patients[0], "a test")
    install.store.erasure.rekey(patients[1:2], "a test")
    assert faults(install) == []
    assert [finding.code for finding in install.store.check()] == []


def test_an_older_version_that_is_made_current_again_is_named(install: Install) -> None:
    subject, store = install.patient().subject, install.store
    store.history_rule.set(keeps=True, by="c")
    record = record_of(subject)
    [record_id] = store.versions.merge([Arriving(record, "a")], lambda old, new: new).record_ids
    store.versions.merge([Arriving(record_of(subject, 2), "a")], lambda old, new: new)
    assert faults(install) == []
    newest = RECORDS.update().where(RECORDS.c.version == 2).values(wrapped=None)
    older = RECORDS.update().where(RECORDS.c.version == 1)
    where = f"record {record_id} version 2"
    with install.engine.begin() as connection:
        connection.execute(newest)
    assert faults(install) == [(str(StoreFinding.RECORD_KEY_GONE), where)]
    with install.engine.begin() as connection:
        connection.execute(older.values(wrapped=RECORDS.c.former, former=None))
    assert faults(install) == [(str(StoreFinding.OLDER_CURRENT), where)]
