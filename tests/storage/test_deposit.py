from __future__ import annotations

import os
import secrets
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from house import House, die_at, record_of

from consent import ConsentLedger, LedgerUnavailable
from storage import (
    ConcurrentChange,
    DiskFull,
    Kubo,
    RecordInvalid,
    StorageInvalid,
    StoreUnavailable,
)
from storage import deposit as deposit_file
from storage.car_folder import CarFolder
from storage.catalogue import ANCHORED, Catalogue
from storage.findings import StoreFinding
from storage.keys import Keys

pytestmark = pytest.mark.node

STEPS: list[tuple[type, str]] = [
    (Keys, "make_patient_keys"),
    (CarFolder, "path"),
    (Catalogue, "add"),
    (Kubo, "import_car"),
    (Catalogue, "set_state"),
    (ConsentLedger, "anchor"),
]


def staged(house: House) -> list[Path]:
    folder = house.home / "sealed"
    return sorted([*folder.glob("*.car"), *folder.glob("*.new")])


def held_ids(house: House) -> list[bytes]:
    return [entry.record_id for entry in Catalogue(house.engine).current()]


def states(house: House) -> list[str]:
    return [batch.state for batch in Catalogue(house.engine).batches()]


def test_deposited_records_are_visible_and_anchored(each_house: House) -> None:
    house = each_house
    patient = house.patient()
    house.grant(patient)
    records = [record_of(patient.subject, number) for number in range(40)]
    report = house.store.deposits.deposit(records)
    assert report.new == 40
    gathered = house.gathered()
    assert [r.record_id for r in gathered] == list(report.record_ids)
    assert [r.observations for r in gathered] == [r.observations for r in records]
    assert states(house) == [ANCHORED]
    assert house.store.check() == []
    assert house.store.totals()["records"] == 40


def test_the_same_source_is_deposited_once(each_house: House) -> None:
    house, subject = each_house, secrets.token_bytes(32)
    records = [record_of(subject, number) for number in range(3)]
    first = house.store.deposits.deposit(records[:2], ["row 1", "row 2"])
    again = house.store.deposits.deposit(records, ["row 1", "row 2", "row 3"])
    assert (first.new, again.new) == (2, 1)
    assert again.record_ids[:2] == first.record_ids
    assert house.store.deposits.deposit(records, ["row 1", "row 2", "row 3"]).batches == ()
    elsewhere = [replace(records[0], custodian="organisation:elsewhere")]
    assert house.store.deposits.deposit(elsewhere, ["row 1"]).new == 1


def test_invalid_records_and_duplicate_sources_are_refused_completely(house: House) -> None:
    subject = secrets.token_bytes(32)
    good, bad = record_of(subject), record_of(subject, category="no-such")
    with pytest.raises(RecordInvalid):
        house.store.deposits.deposit([good, bad])
    with pytest.raises(StorageInvalid):
        house.store.deposits.deposit([good, good], ["a", "a"])
    with pytest.raises(StorageInvalid):
        house.store.deposits.deposit([good], ["a", "b"])
    assert house.store.totals()["batches"] == 0
    assert staged(house) == []
    assert house.store.deposits.deposit([]).record_ids == ()


def test_a_deposit_is_split_into_batches_by_number_and_bytes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deposit_file, "BATCH_RECORDS", 3)
    monkeypatch.setattr(deposit_file, "BATCH_BYTES", 5_000)
    subject = secrets.token_bytes(32)
    long = {"http://loinc.org|1-8": ("x" * 4_000, "")}
    records = [record_of(subject, n) for n in range(7)]
    records += [record_of(subject, observations=long) for _ in range(2)]
    updates: list[tuple[str, int, int]] = []
    report = house.store.deposits.deposit(records, progress=lambda *update: updates.append(update))
    batches = Catalogue(house.engine).batches()
    assert [batch.count for batch in batches] == [3, 3, 2, 1]
    assert len(report.batches) == 4
    assert updates[0] == ("depositing", 0, 9)
    assert updates[-1] == ("depositing", 9, 9)


def test_a_deposit_killed_at_any_step_is_finished_or_leaves_nothing(house: House) -> None:
    killed, at, sources = True, 0, ["a", "b", "c"]
    while killed:
        records = [record_of(secrets.token_bytes(32), number) for number in range(3)]
        marked = [f"{source} {at}" for source in sources]

        def deposit(process: House, at: int = at, of: Any = (records, marked)) -> None:
            die_at(at, STEPS)
            process.store.deposits.deposit(*of)

        killed = house.dies(deposit)
        house.clock.now_s += 31
        house.store.recover()
        assert house.store.totals()["records"] in (3 * at, 3 * at + 3)
        assert set(states(house)) <= {ANCHORED}
        assert len(staged(house)) == house.store.totals()["batches"]
        assert house.store.check() == []
        house.store.deposits.deposit(records, marked)
        assert house.store.totals()["records"] == 3 * at + 3
        at += 1
    assert house.store.check() == []
    assert at > len(STEPS) * 2


def test_recovery_leaves_a_running_deposit_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, may_go = threading.Event(), threading.Event()
    pins = Kubo.import_car

    def slowly(kubo: Kubo, car: Path, root: bytes) -> None:
        if threading.current_thread() is not threading.main_thread():
            reached.set()
            assert may_go.wait(20)
        pins(kubo, car, root)

    monkeypatch.setattr(Kubo, "import_car", slowly)
    other = house.process()
    work = threading.Thread(
        target=other.store.deposits.deposit, args=([record_of(secrets.token_bytes(32))],)
    )
    work.start()
    assert reached.wait(20)
    house.clock.now_s += 3_600
    assert house.store.recover() == 0
    assert states(house) == ["sealed"]
    assert len(staged(house)) == 1
    may_go.set()
    work.join()
    assert states(house) == [ANCHORED]
    assert house.store.check() == []


def test_a_batch_without_a_file_is_deleted_only_when_it_is_old(house: House) -> None:
    def deposit(process: House) -> None:
        die_at(0, [(Kubo, "import_car")])
        process.store.deposits.deposit([record_of(secrets.token_bytes(32))])

    assert house.dies(deposit)
    [path] = staged(house)
    path.unlink()
    assert house.store.recover() == 0
    assert states(house) == ["sealed"]
    house.clock.now_s += 31
    assert house.store.recover() == 1
    assert states(house) == []


def test_a_deposit_abandoned_meanwhile_is_not_acknowledged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = Kubo.import_car

    def too_late(kubo: Kubo, car: Path, root: bytes) -> None:
        pins(kubo, car, root)
        catalogue = Catalogue(house.engine)
        catalogue.delete(catalogue.batches()[0].id)

    monkeypatch.setattr(Kubo, "import_car", too_late)
    with pytest.raises(ConcurrentChange):
        house.store.deposits.deposit([record_of(secrets.token_bytes(32))])
    assert house.store.totals()["records"] == 0


def test_two_processes_with_the_same_sources_deposit_each_source_once(each_house: House) -> None:
    house = each_house
    subject = secrets.token_bytes(32)
    records = [record_of(subject, number) for number in range(200)]
    sources = [f"row {number}" for number in range(200)]
    processes = [house.process() for _ in range(3)]
    start, reports = threading.Barrier(3), list[Any]()

    def deposit(process: House, order: int) -> None:
        start.wait()
        reports.append(process.store.deposits.deposit(records[::order], sources[::order]))

    works = [
        threading.Thread(target=deposit, args=(process, order))
        for process, order in zip(processes, (1, -1, 1), strict=True)
    ]
    for work in works:
        work.start()
    for work in works:
        work.join()
    assert sorted(report.new for report in reports) == [0, 0, 200]
    ids = [set(report.record_ids) for report in reports]
    assert ids[0] == ids[1] == ids[2]
    house.store.recover()
    assert house.store.totals()["records"] == 200
    assert len(staged(house)) == 1
    assert house.store.check() == []


def test_a_deposit_that_always_meets_a_concurrent_change_fails(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: object) -> int:
        raise ConcurrentChange("somebody was first")

    monkeypatch.setattr(Catalogue, "add", overtaken)
    with pytest.raises(ConcurrentChange):
        house.store.deposits.deposit([record_of(secrets.token_bytes(32))], ["a"])
    assert staged(house) == []


def test_a_deposit_without_kubo_fails_and_is_finished_by_recovery(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "import_car", fail)
        with pytest.raises(StoreUnavailable):
            house.store.deposits.deposit([record_of(secrets.token_bytes(32))], ["a"])
        with pytest.raises(StoreUnavailable):
            house.store.recover()
    assert house.store.totals()["records"] == 0
    assert house.store.recover() == 1
    assert house.store.totals()["records"] == 1
    assert house.store.recover() == 0


def test_without_a_ledger_the_anchor_is_left_to_recovery(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise LedgerUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(ConsentLedger, "anchor", fail)
        with pytest.raises(LedgerUnavailable):
            house.store.deposits.deposit([record_of(secrets.token_bytes(32))])
    assert [f.code for f in house.store.check()] == [StoreFinding.BATCH_UNFINISHED]
    assert house.store.recover() == 1
    assert house.store.check() == []


def test_a_full_disk_is_reported_and_leaves_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFull):
            house.store.deposits.deposit([record_of(secrets.token_bytes(32))])
    assert staged(house) == []
    with house.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    house.engine.dispose()
    sa.event.listen(
        house.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}"),
    )
    with pytest.raises(DiskFull):
        house.store.deposits.deposit([record_of(secrets.token_bytes(32), n) for n in range(2_000)])
    assert staged(house) == []


def test_the_cache_of_car_files_is_limited_and_the_oldest_are_deleted(house: House) -> None:
    patient = house.patient()
    house.grant(patient)
    for number in range(4):
        house.store.deposits.deposit([record_of(patient.subject, number)])
        time.sleep(0.01)
    sizes = {path: path.stat().st_size for path in staged(house)}
    oldest_first = sorted(sizes, key=lambda path: path.stat().st_mtime_ns)
    house.store.car_folder.max_bytes = sum(sizes.values()) - 1
    house.store.deposits.trim()
    assert set(staged(house)) == set(oldest_first[1:])
    house.store.car_folder.max_bytes = 0
    house.store.deposits.trim()
    assert staged(house) == []
    assert len(house.gathered()) == 4  # from IPFS
    house.store.deposits.deposit([record_of(patient.subject, 5)])
    assert staged(house) == []


def test_an_unfinished_source_is_not_acknowledged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("away")

    given = [record_of(secrets.token_bytes(32))], ["a"]
    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "import_car", fail)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                house.store.deposits.deposit(*given)
        assert house.store.totals()["records"] == 0
    report = house.store.deposits.deposit(*given)
    assert report.new == 0  # the first one's batch was finished
    assert [entry.hex() for entry in held_ids(house)] == list(report.record_ids)
    assert states(house) == [ANCHORED]
    assert house.store.check() == []


def test_a_source_being_deposited_on_another_machine_is_waited_for(house: House) -> None:
    given = [record_of(secrets.token_bytes(32))], ["a"]

    def deposit(process: House) -> None:
        die_at(0, [(Kubo, "import_car")])
        process.store.deposits.deposit(*given)

    assert house.dies(deposit)
    [path] = staged(house)
    path.unlink()  # as on another machine, which has a folder of its own
    with pytest.raises(ConcurrentChange):
        house.store.deposits.deposit(*given)
    house.clock.now_s += 31
    assert house.store.deposits.deposit(*given).new == 1
    assert house.store.check() == []


def test_a_source_being_deposited_by_another_process_is_visible_on_return(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, may_go = threading.Event(), threading.Event()
    pins = Kubo.import_car

    def slowly(kubo: Kubo, car: Path, root: bytes) -> None:
        reached.set()
        assert may_go.wait(20)
        pins(kubo, car, root)

    monkeypatch.setattr(Kubo, "import_car", slowly)
    given = [record_of(secrets.token_bytes(32))], ["a"]
    first, second = house.process(), house.process()
    works = [threading.Thread(target=p.store.deposits.deposit, args=given) for p in (first, second)]
    works[0].start()
    assert reached.wait(20)
    works[1].start()
    works[1].join(0.5)
    assert works[1].is_alive()
    may_go.set()
    for work in works:
        work.join(20)
    assert states(house) == [ANCHORED]
    assert house.store.totals()["records"] == 1
