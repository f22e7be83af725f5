from __future__ import annotations

import contextlib
import gc
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from house import HERE, STUDY, TRAINING, House, access_request, record_of

from consent import LedgerUnavailable, View
from deploy.nodes import KuboNode
from storage import (
    AccessRequest,
    DatabaseUnavailable,
    JournalUnavailable,
    Kubo,
    NameMismatch,
    RecordLost,
    StorageBroken,
    StorageNotFound,
    StoreUnavailable,
    VaultSealed,
)
from storage.block_folder import BlockFolder
from storage.car import raw_cid
from storage.catalogue import Catalogue
from storage.keys import Keys
from storage.reader import Reader
from storage.record_store import RecordStore
from storage.vault import _collector_paused

pytestmark = pytest.mark.node
MANY = 40  # more than are decided and fetched one by one


def outcomes(house: House) -> list[str]:
    return [row.answer.outcome for row in house.store.journal.rows()]


def deposited(house: House, subject: bytes, count: int = 1, **changed: Any) -> list[str]:
    records = [record_of(subject, number, **changed) for number in range(count)]
    return list(house.store.deposits.deposit(records).record_ids)


@pytest.mark.parametrize("count", [3, MANY])
def test_only_permitted_records_are_released_and_every_outcome_is_journalled(
    house: House, count: int
) -> None:
    permits, refuses = house.patient(), house.patient()
    granted = house.grant(permits)
    ids = deposited(house, permits.subject, count)
    deposited(house, refuses.subject, count)
    result = house.store.vault.gather(access_request())
    assert [record.record_id for record in result.records] == ids
    assert len(set(result.consents)) == 1
    assert len(result.consents) == count
    assert result.refused == {"no-consent": count}
    assert result.refused_subjects == {refuses.subject: "no-consent"}
    assert outcomes(house) == ["permitted"] * count + ["no-consent"] * count
    assert house.ledger.find_ended(result.consents[:1]) == []
    house.withdraw(permits, granted)
    assert house.gathered() == []


def test_a_grant_for_one_category_releases_that_category(house: House) -> None:
    patient = house.patient()
    house.grant(patient, categories=("laboratory",))
    deposited(house, patient.subject, MANY)
    deposited(house, patient.subject, 2, category="vital-signs")
    result = house.store.vault.gather(access_request())
    assert {record.category for record in result.records} == {"laboratory"}
    assert result.refused == {"other-category": 2}
    assert result.refused_subjects == {}


def test_a_request_is_filtered_before_it_is_decided(house: House) -> None:
    first, other = house.patient(), house.patient()
    for patient in (first, other):
        house.grant(patient)
        deposited(house, patient.subject, 2)
        deposited(house, patient.subject, 1, category="vital-signs")
        deposited(house, patient.subject, 1, custodian="organisation:there")
    assert len(house.gathered()) == 8
    rows = len(outcomes(house))
    assert len(house.gathered(subjects=[first.subject])) == 4
    assert len(house.gathered(categories=["vital-signs"])) == 2
    assert len(house.gathered(custodian="organisation:there")) == 2
    assert len(house.gathered(custodian=HERE, categories=["laboratory"])) == 4
    assert len(outcomes(house)) == rows + 12
    assert house.gathered(subjects=[]) == []
    assert outcomes(house)[-1] == "not-there"


def test_a_single_record_is_opened_if_its_consent_permits(house: House) -> None:
    patient = house.patient()
    house.grant(patient)
    [name] = deposited(house, patient.subject)
    record = house.store.vault.open(STUDY, TRAINING, name, "a test")
    assert record.observations == record_of(patient.subject).observations
    assert house.store.journal.use(next(house.store.journal.rows()).use)["party"] == STUDY


def test_a_refused_record_looks_like_a_missing_one(house: House) -> None:
    patient = house.patient()
    [name] = deposited(house, patient.subject)
    refusals = []
    for requested in (name, secrets.token_hex(16), "no id at all", name.upper()):
        with pytest.raises(StorageNotFound) as refusal:
            house.store.vault.open(STUDY, TRAINING, requested, "a test")
        refusals.append((type(refusal.value), refusal.value.args, refusal.value.__cause__))
    assert len(set(refusals)) == 1
    assert outcomes(house) == ["no-consent", "not-there", "not-there", "not-there"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, does: Any) -> None:
    """Let something happen after the decision, while the records are read."""
    reads = Reader.read

    def read(reader: Reader, *args: Any, **named: Any) -> Any:
        result = reads(reader, *args, **named)
        monkeypatch.setattr(Reader, "read", reads)
        does()
        return result

    monkeypatch.setattr(Reader, "read", read)


@pytest.mark.parametrize("count", [1, MANY])
def test_a_consent_withdrawn_after_the_decision_releases_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    stays, goes = house.patient(), house.patient()
    house.grant(stays)
    granted = house.grant(goes)
    staying = deposited(house, stays.subject, count)
    lost = deposited(house, goes.subject, count)
    meanwhile(monkeypatch, lambda: house.withdraw(goes, granted))
    result = house.store.vault.gather(access_request())
    assert [record.record_id for record in result.records] == staying
    assert len(result.consents) == count
    assert result.refused == {"withdrawn": count}
    assert result.refused_subjects == {goes.subject: "withdrawn"}
    assert outcomes(house) == ["permitted"] * 2 * count + ["withdrawn"] * count
    again = house.grant(goes)
    meanwhile(monkeypatch, lambda: house.withdraw(goes, again))
    with pytest.raises(StorageNotFound):
        house.store.vault.open(STUDY, TRAINING, lost[0], "a test")


def test_patients_who_stopped_or_were_shredded_meanwhile_are_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = [house.patient() for _ in range(3)]
    for patient in patients:
        house.grant(patient)
        deposited(house, patient.subject, 20)
    stop = patients[0].stops(int(house.clock()))
    meanwhile(monkeypatch, lambda: house.ledger.stop([stop]))
    assert {r.subject for r in house.gathered()} == {p.subject for p in patients[1:]}

    decides = house.ledger.decide_many

    def decide_many(*args: Any) -> Any:
        monkeypatch.undo()
        Keys(house.engine).shred_patient(patients[1].subject)
        return decides(*args)

    monkeypatch.setattr(house.ledger, "decide_many", decide_many)
    result = house.store.vault.gather(access_request())
    assert {record.subject for record in result.records} == {patients[2].subject}
    assert result.refused == {"stopped": 20, "not-there": 20}
    assert result.refused_subjects[patients[1].subject] == "not-there"
    house.store.erasure.shred(patients[1].subject, "asked for")
    assert house.store.vault.gather(access_request()).refused == {"stopped": 20}
    assert house.store.check() == []


def test_records_re_encrypted_meanwhile_are_released(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = house.patient()
    house.grant(patient)
    ids = deposited(house, patient.subject, MANY)
    looks = Catalogue.current

    def current(*args: Any, **named: Any) -> Any:
        result = looks(*args, **named)
        monkeypatch.undo()
        house.store.erasure.rekey([patient.subject], "a withdrawal")
        return result

    monkeypatch.setattr(Catalogue, "current", current)
    result = house.gathered()
    assert [(record.record_id, record.version) for record in result] == [(i, 2) for i in ids]
    monkeypatch.setattr(Catalogue, "current", current)
    assert house.store.vault.open(STUDY, TRAINING, ids[0], "a test").version == 3


def test_nothing_is_released_while_the_journal_cannot_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = house.patient()
    house.grant(patient)
    [name] = deposited(house, patient.subject)
    read = []
    monkeypatch.setattr(Reader, "read", lambda *_: read.append(1))
    with house.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE storage_journal RENAME TO away")
    with pytest.raises(JournalUnavailable):
        house.gathered()
    with pytest.raises(JournalUnavailable):
        house.store.vault.open(STUDY, TRAINING, name, "a test")
    with pytest.raises(JournalUnavailable):
        house.store.vault.record_use(
            access_request(subjects=[patient.subject]), house.ledger.view()
        )
    assert read == []


def test_nothing_is_released_before_its_row_is_durable(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = house.patient()
    house.grant(patient)
    deposited(house, patient.subject)
    reads, seen = Reader.read, []

    def read(reader: Reader, *args: Any) -> Any:
        with house.process().engine.connect() as connection:
            seen.append(connection.scalar(sa.text("SELECT count(*) FROM storage_journal")))
        return reads(reader, *args)

    monkeypatch.setattr(Reader, "read", read)
    assert len(house.gathered()) == 1
    assert seen == [1]


def test_every_unavailable_part_refuses(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = house.patient()
    house.grant(patient)
    deposited(house, patient.subject, MANY)
    for path in (house.home / "sealed").glob("*.car"):
        path.unlink()

    def failing(error: Exception) -> Any:
        def raises(*_: object) -> Any:
            raise error

        return raises

    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "get_many", failing(StoreUnavailable("away")))
        with pytest.raises(StoreUnavailable):
            house.gathered()
    with monkeypatch.context() as patched:
        patched.setattr(house.ledger, "find_ended", failing(LedgerUnavailable("away")))
        with pytest.raises(LedgerUnavailable):
            house.gathered()
    sealed = RecordStore(house.engine, house.kubo, house.ledger, house.home, house.clock)
    with pytest.raises(VaultSealed):
        sealed.vault.gather(access_request())
    with house.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE storage_records RENAME TO away")
    with pytest.raises(DatabaseUnavailable):
        house.gathered()


@pytest.mark.parametrize("count", [1, MANY])
def test_altered_records_are_never_released(house: House, kubo_node: KuboNode, count: int) -> None:
    patient = house.patient()
    house.grant(patient)
    deposited(house, patient.subject, count)
    entry = Catalogue(house.engine).current()[0]
    cache = next((house.home / "sealed").glob("*.car"))
    damaged = bytearray(cache.read_bytes())
    damaged[entry.offset + 90] ^= 1
    cache.write_bytes(damaged)
    assert len(house.gathered()) == count  # IPFS has it whole
    cache.write_bytes(b"")
    assert len(house.gathered()) == count
    path = BlockFolder(kubo_node.folder / "repo" / "blocks").path(entry.cid)
    block = bytearray(path.read_bytes())
    block[90] ^= 1
    path.chmod(0o600)
    path.write_bytes(block)
    with pytest.raises(StorageBroken):
        house.gathered()
    path.unlink()
    with pytest.raises(StorageBroken):
        house.gathered()


SWAPS = {
    "subject": "subject = x'" + "11" * 32 + "'",
    "category": "category = category + 1",
    "custodian": "custodian = 'organisation:other'",
    "recorded_on": "recorded_on = recorded_on + 1",
    "version": "version = version + 1",
    "size": "size = size - 1",
    "wrapped": "wrapped = zeroblob(60)",
    "record": "record_id = zeroblob(16)",
}


@pytest.mark.parametrize("column", SWAPS)
def test_no_record_opens_by_an_altered_catalogue_row(house: House, column: str) -> None:
    patient = house.patient()
    house.grant(patient)
    deposited(house, patient.subject)
    with house.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE storage_records SET {SWAPS[column]}")
    with contextlib.suppress(StorageBroken):
        assert house.gathered() == []
    assert house.store.check() != []


def test_records_swapped_in_the_catalogue_do_not_open(
    house: House,
) -> None:
    patient = house.patient()
    house.grant(patient)
    deposited(house, patient.subject, 2)
    a, b = Catalogue(house.engine).current()
    with house.engine.begin() as connection:
        for cid, size, name in ((b.cid, b.size, a.record_id), (a.cid, a.size, b.record_id)):
            connection.exec_driver_sql(
                "UPDATE storage_records SET cid = ?, size = ?, place = 0 WHERE record_id = ?",
                (cid, size, name),
            )
    with pytest.raises(StorageBroken):
        house.gathered()


def test_a_lost_block_is_an_integrity_error(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = house.patient()
    house.grant(patient)
    [name] = deposited(house, patient.subject)
    for path in (house.home / "sealed").glob("*.car"):
        path.unlink()

    def missing(*_: object) -> bytes:
        raise StorageNotFound("no such block")

    monkeypatch.setattr(Kubo, "get", missing)
    with pytest.raises(RecordLost):
        house.gathered()
    with pytest.raises(RecordLost):
        house.store.vault.open(STUDY, TRAINING, name, "a test")


def test_a_prediction_is_journalled_with_its_model_and_input(house: House) -> None:
    patient = house.patient()
    requested = AccessRequest(
        "organisation:here",
        "TREATDS",
        None,
        None,
        [patient.subject],
        "a diagnosis",
        "clinician:who",
        {"model": "ab" * 32, "input": "cd" * 32},
    )
    view: View = house.ledger.view()
    number = house.store.vault.record_use(requested, view)
    [row] = house.store.journal.of_subject(patient.subject)
    assert (row.seq, row.answer.outcome) == (number, "answered")
    use = house.store.journal.use(row.use)
    assert use["detail"] == {"model": "ab" * 32, "input": "cd" * 32}
    assert use["actor"] == "clinician:who"
    assert house.store.check() == []


def test_concurrent_requests_are_all_journalled(each_house: House) -> None:
    house = each_house
    patient = house.patient()
    house.grant(patient)
    [name] = deposited(house, patient.subject)
    problems: list[BaseException] = []

    def ask() -> None:
        try:
            store = house.another()
            for _ in range(5):
                store.vault.open(STUDY, TRAINING, name, "a test")
        except (StorageBroken, StorageNotFound, JournalUnavailable) as exc:
            problems.append(exc)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert outcomes(house) == ["permitted"] * 20
    assert house.store.check() == []


def test_an_envelope_of_another_length_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = house.patient()
    house.grant(patient)
    deposited(house, patient.subject)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE storage_records SET size = size + 1")
    block = b"x" * 10
    monkeypatch.setattr(Kubo, "get", lambda *_: block)
    monkeypatch.setattr("storage.reader.raw_cid", lambda _: raw_cid(b""))
    with pytest.raises(NameMismatch):
        house.gathered()


@pytest.fixture
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_the_collector_is_paused_and_enabled_again_even_after_an_error(collecting: None) -> None:
    with pytest.raises(KeyError), _collector_paused():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_an_inner_pause_does_not_end_the_outer_one(collecting: None) -> None:
    with _collector_paused():
        with _collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_disabled_stays_disabled(collecting: None) -> None:
    gc.disable()
    with _collector_paused():
        pass
    assert not gc.isenabled()
