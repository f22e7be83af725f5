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
from storage_install import Install, die_at, record_of

from consent import ConsentLedger, LedgerUnavailable
from storage import (
    ConcurrentChange,
    DiskFull,
    Kubo,
    RecordInvalid,
    StorageInvalid,
    StoreUnavailable,
    SubjectErased,
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


def staged(install: Install) -> list[Path]:
    folder = install.home / "sealed"
    return sorted([*folder.glob("*.car"), *folder.glob("*.new")])


def held_ids(install: Install) -> list[bytes]:
    return [entry.record_id for entry in Catalogue(install.engine).current()]


def states(install: Install) -> list[str]:
    return [batch.state for batch in Catalogue(install.engine).batches()]


def test_deposited_records_are_visible_and_anchored(each_install: Install) -> None:
    install = each_install
    patient = install.patient()
    install.grant(patient)
    records = [record_of(patient.subject, number) for number in range(40)]
    report = install.store.deposits.deposit(records)
    assert report.new == 40
    gathered = install.gathered()
    assert [r.record_id for r in gathered] == list(report.record_ids)
    assert [r.observations for r in gathered] == [r.observations for r in records]
    assert states(install) == [ANCHORED]
    assert install.store.check() == []
    assert install.store.totals()["records"] == 40


def test_the_same_source_is_deposited_once(each_install: Install) -> None:
    install, subject = each_install, secrets.token_bytes(32)
    records = [record_of(subject, number) for number in range(3)]
    first = install.store.deposits.deposit(records[:2], ["row 1", "row 2"])
    again = install.store.deposits.deposit(records, ["row 1", "row 2", "row 3"])
    assert (first.new, again.new) == (2, 1)
    assert again.record_ids[:2] == first.record_ids
    assert install.store.deposits.deposit(records, ["row 1", "row 2", "row 3"]).batches == ()
    elsewhere = [replace(records[0], custodian="organisation:elsewhere")]
    assert install.store.deposits.deposit(elsewhere, ["row 1"]).new == 1


def test_invalid_records_and_duplicate_sources_are_refused_completely(
    install: Install,
) -> None:
    subject = secrets.token_bytes(32)
    good, bad = record_of(subject), record_of(subject, category="no-such")
    with pytest.raises(RecordInvalid):
        install.store.deposits.deposit([good, bad])
    with pytest.raises(StorageInvalid):
        install.store.deposits.deposit([good, good], ["a", "a"])
    with pytest.raises(StorageInvalid):
        install.store.deposits.deposit([good], ["a", "b"])
    assert install.store.totals()["batches"] == 0
    assert staged(install) == []
    assert install.store.deposits.deposit([]).record_ids == ()


def test_a_deposit_is_split_into_batches_by_number_and_bytes(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deposit_file, "BATCH_RECORDS", 3)
    monkeypatch.setattr(deposit_file, "BATCH_BYTES", 5_000)
    subject = secrets.token_bytes(32)
    long = {"http://loinc.org|1-8": ("x" * 4_000, "")}
    records = [record_of(subject, n) for n in range(7)]
    records += [record_of(subject, observations=long) for _ in range(2)]
    updates: list[tuple[str, int, int]] = []
    report = install.store.deposits.deposit(
        records, progress=lambda *update: updates.append(update)
    )
    batches = Catalogue(install.engine).batches()
    assert [batch.count for batch in batches] == [3, 3, 2, 1]
    assert len(report.batches) == 4
    assert updates[0] == ("depositing", 0, 9)
    assert updates[-1] == ("depositing", 9, 9)


def test_a_patient_erased_while_their_batch_waits_for_another_gets_no_record(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deposit_file, "BATCH_RECORDS", 1)
    first, erased = secrets.token_bytes(32), secrets.token_bytes(32)
    stores, is_sealed, seal = Kubo.import_car, threading.Event(), deposit_file.Deposits.seal

    def note(*args: Any) -> Any:
        sealed = seal(*args)
        if sealed.entries[0].subject == erased:
            is_sealed.set()
        return sealed

    def erase(*args: Any) -> None:
        monkeypatch.setattr(Kubo, "import_car", stores)
        assert is_sealed.wait(30)  # the next batch is sealed while this one is stored
        install.store.erasure.shred(erased, "asked for")
        stores(*args)

    monkeypatch.setattr(deposit_file.Deposits, "seal", note)
    monkeypatch.setattr(Kubo, "import_car", erase)
    with pytest.raises(SubjectErased):
        install.store.deposits.deposit([record_of(first), record_of(erased)])
    assert {entry.subject for entry in Catalogue(install.engine).current()} == {first}
    assert install.store.check() == []


def test_a_deposit_killed_at_any_step_is_finished_or_leaves_nothing(
    install: Install,
) -> None:
    killed, at, sources = True, 0, ["a", "b", "c"]
    while killed:
        records = [record_of(secrets.token_bytes(32), number) for number in range(3)]
        marked = [f"{source} {at}" for source in sources]

        def deposit(process: Install, at: int = at, of: Any = (records, marked)) -> None:
            die_at(at, STEPS)
            process.store.deposits.deposit(*of)

        killed = install.dies(deposit)
        install.clock.now_s += 31
        install.store.recover()
        assert install.store.totals()["records"] in (3 * at, 3 * at + 3)
        assert set(states(install)) <= {ANCHORED}
        assert len(staged(install)) == install.store.totals()["batches"]
        assert install.store.check() == []
        install.store.deposits.deposit(records, marked)
        assert install.store.totals()["records"] == 3 * at + 3
        at += 1
    assert install.store.check() == []
    assert at > len(STEPS) * 2


def test_recovery_leaves_a_running_deposit_alone(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, may_go = threading.Event(), threading.Event()
    pins = Kubo.import_car

    def slowly(kubo: Kubo, car: Path, root: bytes) -> None:
        if threading.current_thread() is not threading.main_thread():
            reached.set()
            assert may_go.wait(20)
        pins(kubo, car, root)

    monkeypatch.setattr(Kubo, "import_car", slowly)
    other = install.process()
    work = threading.Thread(
        target=other.store.deposits.deposit, args=([record_of(secrets.token_bytes(32))],)
    )
    work.start()
    assert reached.wait(20)
    install.clock.now_s += 3_600
    assert install.store.recover() == 0
    assert states(install) == ["sealed"]
    assert len(staged(install)) == 1
    may_go.set()
    work.join()
    assert states(install) == [ANCHORED]
    assert install.store.check() == []


def test_a_batch_without_a_file_is_deleted_only_when_it_is_old(install: Install) -> None:
    def deposit(process: Install) -> None:
        die_at(0, [(Kubo, "import_car")])
        process.store.deposits.deposit([record_of(secrets.token_bytes(32))])

    assert install.dies(deposit)
    [path] = staged(install)
    path.unlink()
    assert install.store.recover() == 0
    assert states(install) == ["sealed"]
    install.clock.now_s += 31
    assert install.store.recover() == 1
    assert states(install) == []


def test_a_deposit_abandoned_meanwhile_is_not_acknowledged(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = Kubo.import_car

    def too_late(kubo: Kubo, car: Path, root: bytes) -> None:
        pins(kubo, car, root)
        catalogue = Catalogue(install.engine)
        catalogue.delete(catalogue.batches()[0].id)

    monkeypatch.setattr(Kubo, "import_car", too_late)
    with pytest.raises(ConcurrentChange):
        install.store.deposits.deposit([record_of(secrets.token_bytes(32))])
    assert install.store.totals()["records"] == 0


def test_two_processes_with_the_same_sources_deposit_each_source_once(
    each_install: Install,
) -> None:
    install = each_install
    subject = secrets.token_bytes(32)
    records = [record_of(subject, number) for number in range(200)]
    sources = [f"row {number}" for number in range(200)]
    processes = [install.process() for _ in range(3)]
    start, reports = threading.Barrier(3), list[Any]()

    def deposit(process: Install, order: int) -> None:
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
    install.store.recover()
    assert install.store.totals()["records"] == 200
    assert len(staged(install)) == 1
    assert install.store.check() == []


def test_a_deposit_that_always_meets_a_concurrent_change_fails(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: object) -> int:
        raise ConcurrentChange("somebody was first")

    monkeypatch.setattr(Catalogue, "add", overtaken)
    with pytest.raises(ConcurrentChange):
        install.store.deposits.deposit([record_of(secrets.token_bytes(32))], ["a"])
    assert staged(install) == []


def test_a_deposit_without_kubo_fails_and_is_finished_by_recovery(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "import_car", fail)
        with pytest.raises(StoreUnavailable):
            install.store.deposits.deposit([record_of(secrets.token_bytes(32))], ["a"])
        with pytest.raises(StoreUnavailable):
            install.store.recover()
    assert install.store.totals()["records"] == 0
    assert install.store.recover() == 1
    assert install.store.totals()["records"] == 1
    assert install.store.recover() == 0


def test_without_a_ledger_the_anchor_is_left_to_recovery(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise LedgerUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(ConsentLedger, "anchor", fail)
        with pytest.raises(LedgerUnavailable):
            install.store.deposits.deposit([record_of(secrets.token_bytes(32))])
    assert [f.code for f in install.store.check()] == [StoreFinding.BATCH_UNFINISHED]
    assert install.store.recover() == 1
    assert install.store.check() == []


def test_a_full_disk_is_reported_and_leaves_nothing_behind(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFull):
            install.store.deposits.deposit([record_of(secrets.token_bytes(32))])
    assert staged(install) == []
    with install.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    install.engine.dispose()
    sa.event.listen(
        install.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}"),
    )
    with pytest.raises(DiskFull):
        install.store.deposits.deposit(
            [record_of(secrets.token_bytes(32), n) for n in range(2_000)]
        )
    assert staged(install) == []


def test_the_cache_of_car_files_is_limited_and_the_oldest_are_deleted(
    install: Install,
) -> None:
    patient = install.patient()
    install.grant(patient)
    for number in range(4):
        install.store.deposits.deposit([record_of(patient.subject, number)])
        time.sleep(0.01)
    sizes = {path: path.stat().st_size for path in staged(install)}
    oldest_first = sorted(sizes, key=lambda path: path.stat().st_mtime_ns)
    install.store.car_folder.max_bytes = sum(sizes.values()) - 1
    install.store.deposits.trim()
    assert set(staged(install)) == set(oldest_first[1:])
    install.store.car_folder.max_bytes = 0
    install.store.deposits.trim()
    assert staged(install) == []
    assert len(install.gathered()) == 4  # from IPFS
    install.store.deposits.deposit([record_of(patient.subject, 5)])
    assert staged(install) == []


def test_an_unfinished_source_is_not_acknowledged(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("away")

    given = [record_of(secrets.token_bytes(32))], ["a"]
    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "import_car", fail)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                install.store.deposits.deposit(*given)
        assert install.store.totals()["records"] == 0
    report = install.store.deposits.deposit(*given)
    assert report.new == 0  # the first one's batch was finished
    assert [entry.hex() for entry in held_ids(install)] == list(report.record_ids)
    assert states(install) == [ANCHORED]
    assert install.store.check() == []


def test_a_source_being_deposited_on_another_machine_is_waited_for(install: Install) -> None:
    given = [record_of(secrets.token_bytes(32))], ["a"]

    def deposit(process: Install) -> None:
        die_at(0, [(Kubo, "import_car")])
        process.store.deposits.deposit(*given)

    assert install.dies(deposit)
    [path] = staged(install)
    path.unlink()  # as on another machine, which has a folder of its own
    with pytest.raises(ConcurrentChange):
        install.store.deposits.deposit(*given)
    install.clock.now_s += 31
    assert install.store.deposits.deposit(*given).new == 1
    assert install.store.check() == []


def test_a_source_being_deposited_by_another_process_is_visible_on_return(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, may_go = threading.Event(), threading.Event()
    pins = Kubo.import_car

    def slowly(kubo: Kubo, car: Path, root: bytes) -> None:
        reached.set()
        assert may_go.wait(20)
        pins(kubo, car, root)

    monkeypatch.setattr(Kubo, "import_car", slowly)
    given = [record_of(secrets.token_bytes(32))], ["a"]
    first, second = install.process(), install.process()
    works = [threading.Thread(target=p.store.deposits.deposit, args=given) for p in (first, second)]
    works[0].start()
    assert reached.wait(20)
    works[1].start()
    works[1].join(0.5)
    assert works[1].is_alive()
    may_go.set()
    for work in works:
        work.join(20)
    assert states(install) == [ANCHORED]
    assert install.store.totals()["records"] == 1
