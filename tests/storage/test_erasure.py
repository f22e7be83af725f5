from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from storage_install import Install, access_request, die_at, record_of

from consent import ConsentLedger
from deploy.nodes import KuboNode
from storage import (
    ConcurrentChange,
    Kubo,
    Receipt,
    StorageBroken,
    StorageInvalid,
    StorageNotFound,
    StoreUnavailable,
    SubjectErased,
)
from storage.block_folder import BlockFolder
from storage.car import raw_cid, root_cid
from storage.car_folder import CarFolder
from storage.catalogue import ANCHORED, Catalogue
from storage.entry import Entry
from storage.erasure import Erasure
from storage.journal import Journal
from storage.keys import Keys
from storage.rootkey import verifies_receipt

pytestmark = pytest.mark.node

STEPS: list[tuple[type, str]] = [
    (Journal, "write"),
    (Catalogue, "add"),
    (Kubo, "import_car"),
    (Catalogue, "set_state"),
    (Catalogue, "make_current"),
    (ConsentLedger, "anchor"),
    (CarFolder, "delete"),
    (Kubo, "pin"),
    (Kubo, "unpin"),
    (Catalogue, "set_pin"),
    (Kubo, "collect_garbage"),
    (Erasure, "_sign"),
]


EXTRA = 12  # some steps are taken more than once


def deposited(install: Install, subjects: list[bytes], each: int = 2) -> None:
    records = [record_of(subject, number) for subject in subjects for number in range(each)]
    install.store.deposits.deposit(records)


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def is_gone(install: Install, cid: bytes, size: int) -> bool:
    try:
        install.kubo.get(cid, size)
    except StorageNotFound:
        return True
    return False


def test_re_encrypted_records_have_new_cids_and_the_old_blocks_are_gone(
    each_install: Install, kubo_node: KuboNode
) -> None:
    install = each_install
    leaves, stays = install.patient(), install.patient()
    for patient in (leaves, stays):
        install.grant(patient)
    deposited(install, [leaves.subject, stays.subject])
    before = install.gathered()
    old = Catalogue(install.engine).current(subjects=[leaves.subject])
    receipt = install.store.erasure.rekey([leaves.subject], "a withdrawal")
    assert receipt is not None
    new = Catalogue(install.engine).current(subjects=[leaves.subject])
    assert [(e.record_id, e.version) for e in new] == [(e.record_id, 2) for e in old]
    assert not {e.cid for e in new} & {e.cid for e in old}
    folder = BlockFolder(kubo_node.folder / "repo" / "blocks")
    for entry in old:
        assert is_gone(install, entry.cid, entry.size)
        assert not folder.path(entry.cid).exists()
        assert entry.cid[4:] not in all_bytes(install.home / "sealed")
    with install.engine.connect() as connection:
        wrapped = connection.scalars(sa.text("SELECT wrapped FROM storage_records")).all()
    assert not {entry.wrapped for entry in old} & {bytes(key) for key in wrapped if key}
    after = install.gathered()
    assert {r.record_id for r in after} == {r.record_id for r in before}
    assert sorted(str(r.observations) for r in after) == sorted(str(r.observations) for r in before)
    assert install.store.check() == []
    assert install.store.erasure.rekey([secrets.token_bytes(32)], "nobody") is None


def test_what_is_left_of_a_batch_is_read_from_its_file_and_from_ipfs_where_that_is_damaged(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, stays = (install.patient().subject for _ in range(3))
    deposited(install, [first, second, stays])
    requested: list[bytes] = []
    fetches = Kubo.get_many

    def fetch(kubo: Kubo, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        requested.extend(cids)
        return fetches(kubo, cids)

    monkeypatch.setattr(Kubo, "get_many", fetch)
    install.store.erasure.rekey([first], "a withdrawal")
    assert requested == []
    catalogue = Catalogue(install.engine)
    entry = catalogue.current(subjects=[stays])[0]
    path = install.store.car_folder.path(catalogue.names([entry.batch])[entry.batch])
    damaged = bytearray(path.read_bytes())
    damaged[entry.offset] ^= 1
    path.write_bytes(damaged)
    install.store.erasure.rekey([second], "a withdrawal")
    assert requested == [entry.cid]
    (after,) = [e for e in catalogue.current(subjects=[stays]) if e.cid == entry.cid]
    (block,) = install.store.car_folder.read(path.stem, [after])
    assert raw_cid(block) == entry.cid
    assert install.store.check() == []


def test_no_record_opens_by_a_restored_old_catalogue_row(install: Install) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, [patient.subject])
    old = Catalogue(install.engine).current()
    install.store.erasure.rekey([patient.subject], "a withdrawal")
    with install.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE storage_records SET wrapped = NULL WHERE version = 2")
        for entry in old:
            connection.exec_driver_sql(
                "UPDATE storage_records SET wrapped = ? WHERE record_id = ? AND version = 1",
                (entry.wrapped, entry.record_id),
            )
    with pytest.raises(StorageBroken):
        install.gathered()


def test_a_receipt_lists_blocks_but_no_person_and_is_signed(install: Install) -> None:
    patient = install.patient()
    deposited(install, [patient.subject])
    cids = sorted(entry.cid.hex() for entry in Catalogue(install.engine).current())
    receipt = install.store.erasure.rekey([patient.subject], "a withdrawal")
    assert receipt is not None
    body = orjson.loads(receipt.body)
    assert (body["what"], body["why"], body["blocks"]) == ("re-keyed", "a withdrawal", cids)
    assert patient.subject.hex() not in receipt.body.decode()
    assert verifies_receipt(receipt.public_key, receipt.body, receipt.signature)
    assert not verifies_receipt(receipt.public_key, receipt.body + b" ", receipt.signature)
    assert install.store.erasure.receipts() == [receipt]


def test_a_shredded_patient_cannot_be_opened_from_an_old_catalogue(
    each_install: Install,
) -> None:
    install = each_install
    leaves, stays = install.patient(), install.patient()
    for patient in (leaves, stays):
        install.grant(patient)
    deposited(install, [leaves.subject, stays.subject])
    old = Catalogue(install.engine).current(subjects=[leaves.subject])
    receipt = install.store.erasure.shred(leaves.subject, "asked for", ["answers"])
    repeated = install.store.erasure.shred(leaves.subject, "asked for", ["answers"])
    assert receipt.content()["blocks"] == sorted(entry.cid.hex() for entry in old)
    assert receipt.content() | {"at_s": 0} == repeated.content() | {"at_s": 0}
    assert {record.subject for record in install.gathered()} == {stays.subject}
    assert Keys.patient_keys(install.store._keys, [leaves.subject]) == {}
    assert all(is_gone(install, entry.cid, entry.size) for entry in old)
    assert install.store.check() == []
    with install.engine.begin() as connection:
        restored = sa.text("UPDATE storage_records SET wrapped = :w WHERE record_id = :r")
        for entry in old:
            connection.execute(restored, {"w": entry.wrapped, "r": entry.record_id})
    assert install.gathered(subjects=[leaves.subject]) == []
    assert install.store.check() != []
    assert install.store.check() != []
    with pytest.raises(SubjectErased):
        deposited(install, [leaves.subject])
    nobody = install.store.erasure.shred(secrets.token_bytes(32), "nobody")
    assert nobody.content()["blocks"] == []


@pytest.mark.parametrize("what", ["rekey", "shred"])
def test_an_erased_key_is_in_no_file_of_the_database(install: Install, what: str) -> None:
    patient = install.patient()
    deposited(install, [patient.subject])
    wrapped = [entry.wrapped for entry in Catalogue(install.engine).current()]
    database = install.engine.url.database or ""
    assert any(key in database_bytes(database) for key in wrapped if key)
    if what == "rekey":
        install.store.erasure.rekey([patient.subject], "a withdrawal")
    else:
        install.store.erasure.shred(patient.subject, "asked for")
    assert not any(key in database_bytes(database) for key in wrapped if key)


def database_bytes(path: str) -> bytes:
    return b"".join(file.read_bytes() for file in Path(path).parent.glob(f"{Path(path).name}*"))


def test_a_receipt_survives_as_a_document_and_altered_it_does_not_verify(install: Install) -> None:
    receipt = install.store.erasure.shred(secrets.token_bytes(32), "asked for")
    key = install.store.receipt_key()
    document = receipt.document()
    assert Receipt.from_document(document).verifies(key)
    altered = document | {"body": document["body"].replace("asked for", "nobody asked")}
    assert not Receipt.from_document(altered).verifies(key)
    assert not receipt.verifies(bytes(32))
    for wrong in ({}, {"body": "{}", "signature": "", "public_key": ""}, document | {"body": "[]"}):
        with pytest.raises(StorageInvalid):
            Receipt.from_document(wrong)


def test_every_erasure_is_journalled_before_it_begins(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    deposited(install, [patient.subject], 3)
    install.store.erasure.rekey([patient.subject], "a withdrawal")
    install.store.erasure.shred(patient.subject, "asked for")
    rows = install.store.journal.of_subject(patient.subject)
    assert [row.answer.outcome for row in rows] == ["shredded"] * 3 + ["re-keyed"] * 3
    assert install.store.journal.use(rows[0].use)["why"] == "asked for"


@pytest.mark.parametrize("what", ["rekey", "shred"])
def test_an_erasure_killed_at_any_step_is_finished_by_recovery(install: Install, what: str) -> None:
    stays, *leaving = install.patients(2 + 2 * len(STEPS) + EXTRA)
    install.grants([stays, *leaving])
    killed, at = True, 0
    while killed:
        leaves = leaving[at]
        deposited(install, [leaves.subject, stays.subject], 1)
        old = Catalogue(install.engine).current(subjects=[leaves.subject])

        def erase(process: Install, at: int = at, subject: bytes = leaves.subject) -> None:
            die_at(at, STEPS)
            if what == "rekey":
                process.store.erasure.rekey([subject], "a withdrawal")
            else:
                process.store.erasure.shred(subject, "asked for")

        killed = install.dies(erase)
        install.store.recover()
        now = assert_whole(install, leaves.subject, old)
        assert len(install.gathered(subjects=[leaves.subject])) == now
        at += 1
    assert at > 12
    assert len(install.gathered(subjects=[stays.subject])) == at


def assert_whole(install: Install, subject: bytes, old: list[Entry]) -> int:
    """Check that an erasure either never began or is done; return how many records are left."""
    batches = Catalogue(install.engine).batches()
    assert {batch.state for batch in batches} == {ANCHORED}
    assert not any(batch.has_erased for batch in batches)
    assert install.store.check() == []
    now = Catalogue(install.engine).current(subjects=[subject])
    if {entry.cid for entry in now} != {entry.cid for entry in old}:
        assert {entry.cid for entry in now}.isdisjoint(entry.cid for entry in old)
        assert all(is_gone(install, entry.cid, entry.size) for entry in old)
    return len(now)


def test_re_encrypting_the_same_records_at_once_leaves_one_version(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, [patient.subject])
    adds = Catalogue.add

    def add(*args: Any) -> int:
        monkeypatch.undo()
        install.process().store.erasure.rekey([patient.subject], "somebody else")
        return adds(*args)

    monkeypatch.setattr(Catalogue, "add", add)
    with pytest.raises(ConcurrentChange):
        install.store.erasure.rekey([patient.subject], "a withdrawal")
    assert {record.version for record in install.gathered()} == {2}
    assert install.store.check() == []


def test_recovery_does_not_wait_for_a_collection_but_a_re_encryption_does(
    install: Install,
) -> None:
    patient = install.patient()
    deposited(install, [patient.subject])
    car_folder = CarFolder(install.home / "sealed")
    done = threading.Event()

    def rekey() -> None:
        install.process().store.erasure.rekey([patient.subject], "a withdrawal")
        done.set()

    with car_folder.lock_collection(wait=True):
        thread = threading.Thread(target=rekey)
        thread.start()
        assert not done.wait(0.7)
        assert install.store.erasure.sweep(wait=False) == 0
    thread.join()
    assert done.is_set()
    assert install.store.check() == []


def test_records_erased_during_a_sweep_are_collected_by_the_next_one(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, other, stays = (install.patient() for _ in range(3))
    deposited(install, [leaving.subject, other.subject, stays.subject])
    old = Catalogue(install.engine).current(subjects=[other.subject])
    holds = Kubo.pin

    def hold(*args: Any) -> bytes:
        monkeypatch.undo()
        with install.engine.begin() as connection:
            Catalogue(install.engine).delete_keys(other.subject, connection)
        return holds(*args)

    monkeypatch.setattr(Kubo, "pin", hold)
    install.store.erasure.shred(leaving.subject, "asked for")
    assert any(batch.has_erased for batch in Catalogue(install.engine).batches())
    install.store.recover()
    assert all(is_gone(install, entry.cid, entry.size) for entry in old)
    assert not any(batch.has_erased for batch in Catalogue(install.engine).batches())


def test_a_batch_repinned_by_another_machine_is_left_alone(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, stays = install.patient(), install.patient()
    deposited(install, [leaving.subject, stays.subject])
    holds = Kubo.pin

    def hold(*args: Any) -> bytes:
        with install.engine.begin() as connection:
            pin = root_cid(b"another list")
            connection.exec_driver_sql("UPDATE storage_batches SET pin = ?", (pin,))
        return holds(*args)

    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "pin", hold)
        with pytest.raises(ConcurrentChange):
            install.store.erasure.shred(leaving.subject, "asked for")
    install.store.recover()
    assert install.store.check() == []


def test_without_kubo_the_collection_is_left_to_recovery(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, [patient.subject])
    old = Catalogue(install.engine).current()

    def fail(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "unpin", fail)
        with pytest.raises(StoreUnavailable):
            install.store.erasure.rekey([patient.subject], "a withdrawal")
    assert {record.version for record in install.gathered()} == {2}
    assert install.store.recover() == 1
    assert all(is_gone(install, entry.cid, entry.size) for entry in old)
    assert os.listdir(install.home / "sealed")
    assert access_request()
