from __future__ import annotations

import contextlib
import gc
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from storage_install import (
    HERE,
    STUDY,
    TRAINING,
    Install,
    access_request,
    record_of,
    shred_key,
)

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
from storage.collector import collector_paused
from storage.reader import Reader
from storage.record_store import RecordStore

pytestmark = pytest.mark.node
MANY = 40  # more than are decided and fetched one by one


def outcomes(install: Install) -> list[str]:
    return [row.answer.outcome for row in install.store.journal.rows()]


def deposited(install: Install, subject: bytes, count: int = 1, **changed: Any) -> list[str]:
    records = [record_of(subject, number, **changed) for number in range(count)]
    return list(install.store.deposits.deposit(records).record_ids)


@pytest.mark.parametrize("count", [3, MANY])
def test_only_permitted_records_are_released_and_every_outcome_is_journalled(
    install: Install, count: int
) -> None:
    permits, refuses = install.patient(), install.patient()
    granted = install.grant(permits)
    ids = deposited(install, permits.subject, count)
    deposited(install, refuses.subject, count)
    result = install.store.vault.gather(access_request())
    assert [record.record_id for record in result.records] == ids
    assert len(set(result.consents)) == 1
    assert len(result.consents) == count
    assert result.refused == {"no-consent": count}
    assert result.refused_subjects == {refuses.subject: "no-consent"}
    assert outcomes(install) == ["permitted"] * count + ["no-consent"] * count
    assert install.ledger.find_ended(result.consents[:1]) == []
    install.withdraw(permits, granted)
    assert install.gathered() == []


def test_a_grant_for_one_category_releases_that_category(install: Install) -> None:
    patient = install.patient()
    install.grant(patient, categories=("laboratory",))
    deposited(install, patient.subject, MANY)
    deposited(install, patient.subject, 2, category="vital-signs")
    result = install.store.vault.gather(access_request())
    assert {record.category for record in result.records} == {"laboratory"}
    assert result.refused == {"other-category": 2}
    assert result.refused_subjects == {}


def test_a_request_is_filtered_before_it_is_decided(install: Install) -> None:
    first, other = install.patient(), install.patient()
    for patient in (first, other):
        install.grant(patient)
        deposited(install, patient.subject, 2)
        deposited(install, patient.subject, 1, category="vital-signs")
        deposited(install, patient.subject, 1, custodian="organisation:there")
    assert len(install.gathered()) == 8
    rows = len(outcomes(install))
    assert len(install.gathered(subjects=[first.subject])) == 4
    assert len(install.gathered(categories=["vital-signs"])) == 2
    assert len(install.gathered(custodian="organisation:there")) == 2
    assert len(install.gathered(custodian=HERE, categories=["laboratory"])) == 4
    assert len(outcomes(install)) == rows + 12
    assert install.gathered(subjects=[]) == []
    assert outcomes(install)[-1] == "not-there"


def test_a_single_record_is_opened_if_its_consent_permits(install: Install) -> None:
    patient = install.patient()
    install.grant(patient)
    [name] = deposited(install, patient.subject)
    record = install.store.vault.open(STUDY, TRAINING, name, "a test")
    assert record.observations == record_of(patient.subject).observations
    assert install.store.journal.use(next(install.store.journal.rows()).use)["party"] == STUDY


def test_a_refused_record_looks_like_a_missing_one(install: Install) -> None:
    patient = install.patient()
    [name] = deposited(install, patient.subject)
    refusals = []
    for requested in (name, secrets.token_hex(16), "no id at all", name.upper()):
        with pytest.raises(StorageNotFound) as refusal:
            install.store.vault.open(STUDY, TRAINING, requested, "a test")
        refusals.append((type(refusal.value), refusal.value.args, refusal.value.__cause__))
    assert len(set(refusals)) == 1
    assert outcomes(install) == ["no-consent", "not-there", "not-there", "not-there"]


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
    install: Install, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    stays, goes = install.patient(), install.patient()
    install.grant(stays)
    granted = install.grant(goes)
    staying = deposited(install, stays.subject, count)
    lost = deposited(install, goes.subject, count)
    meanwhile(monkeypatch, lambda: install.withdraw(goes, granted))
    result = install.store.vault.gather(access_request())
    assert [record.record_id for record in result.records] == staying
    assert len(result.consents) == count
    assert result.refused == {"withdrawn": count}
    assert result.refused_subjects == {goes.subject: "withdrawn"}
    assert outcomes(install) == ["permitted"] * 2 * count + ["withdrawn"] * count
    again = install.grant(goes)
    meanwhile(monkeypatch, lambda: install.withdraw(goes, again))
    with pytest.raises(StorageNotFound):
        install.store.vault.open(STUDY, TRAINING, lost[0], "a test")


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(("recipient", "reason"), [("*", "opted-out"), (STUDY, "denied")])
def test_a_refusal_signed_after_the_decision_releases_nothing(
    install: Install, monkeypatch: pytest.MonkeyPatch, count: int, recipient: str, reason: str
) -> None:
    stays, refuses = install.patients(2)
    install.grants([stays, refuses])
    staying = deposited(install, stays.subject, count)
    deposited(install, refuses.subject, count)
    purposes = ("HRESCH",) if recipient == "*" else (TRAINING,)
    terms = {"decision": "deny", "recipient": recipient, "purposes": purposes}
    meanwhile(monkeypatch, lambda: install.grant(refuses, **terms))
    result = install.store.vault.gather(access_request())
    assert [record.record_id for record in result.records] == staying
    assert result.refused == {reason: count}
    assert outcomes(install) == ["permitted"] * 2 * count + [reason] * count
    assert install.store.vault.gather(access_request()).refused == {reason: count}


def test_patients_who_stopped_or_were_shredded_meanwhile_are_left_out(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = [install.patient() for _ in range(3)]
    for patient in patients:
        install.grant(patient)
        deposited(install, patient.subject, 20)
    stop = patients[0].stops(int(install.clock()))
    meanwhile(monkeypatch, lambda: install.ledger.stop([stop]))
    assert {r.subject for r in install.gathered()} == {p.subject for p in patients[1:]}

    decides = install.ledger.decide_many

    def decide_many(*args: Any) -> Any:
        monkeypatch.undo()
        shred_key(install.engine, patients[1].subject)
        return decides(*args)

    monkeypatch.setattr(install.ledger, "decide_many", decide_many)
    result = install.store.vault.gather(access_request())
    assert {record.subject for record in result.records} == {patients[2].subject}
    assert result.refused == {"stopped": 20, "not-there": 20}
    assert result.refused_subjects[patients[1].subject] == "not-there"
    install.store.erasure.shred(patients[1].subject, "asked for")
    assert install.store.vault.gather(access_request()).refused == {"stopped": 20}
    assert install.store.check() == []


def test_records_re_encrypted_meanwhile_are_released(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    ids = deposited(install, patient.subject, MANY)
    looks = Catalogue.current

    def current(*args: Any, **named: Any) -> Any:
        result = looks(*args, **named)
        monkeypatch.undo()
        install.store.erasure.rekey([patient.subject], "a withdrawal")
        return result

    monkeypatch.setattr(Catalogue, "current", current)
    result = install.gathered()
    assert [(record.record_id, record.version) for record in result] == [(i, 2) for i in ids]
    monkeypatch.setattr(Catalogue, "current", current)
    assert install.store.vault.open(STUDY, TRAINING, ids[0], "a test").version == 3


def test_nothing_is_released_while_the_journal_cannot_be_written(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    [name] = deposited(install, patient.subject)
    read = []
    monkeypatch.setattr(Reader, "read", lambda *_: read.append(1))
    with install.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE storage_journal RENAME TO away")
    with pytest.raises(JournalUnavailable):
        install.gathered()
    with pytest.raises(JournalUnavailable):
        install.store.vault.open(STUDY, TRAINING, name, "a test")
    with pytest.raises(JournalUnavailable):
        install.store.vault.record_use(
            access_request(subjects=[patient.subject]), install.ledger.view()
        )
    assert read == []


def test_nothing_is_released_before_its_row_is_durable(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, patient.subject)
    reads, seen = Reader.read, []

    def read(reader: Reader, *args: Any) -> Any:
        with install.process().engine.connect() as connection:
            seen.append(connection.scalar(sa.text("SELECT count(*) FROM storage_journal")))
        return reads(reader, *args)

    monkeypatch.setattr(Reader, "read", read)
    assert len(install.gathered()) == 1
    assert seen == [1]


def test_every_unavailable_part_refuses(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, patient.subject, MANY)
    for path in (install.home / "sealed").glob("*.car"):
        path.unlink()

    def failing(error: Exception) -> Any:
        def raises(*_: object) -> Any:
            raise error

        return raises

    with monkeypatch.context() as patched:
        patched.setattr(Kubo, "get_many", failing(StoreUnavailable("away")))
        with pytest.raises(StoreUnavailable):
            install.gathered()
    with monkeypatch.context() as patched:
        meanwhile(
            patched,
            lambda: patched.setattr(
                install.ledger, "decide_many", failing(LedgerUnavailable("away"))
            ),
        )
        with pytest.raises(LedgerUnavailable):
            install.gathered()
    sealed = RecordStore(install.engine, install.kubo, install.ledger, install.home, install.clock)
    with pytest.raises(VaultSealed):
        sealed.vault.gather(access_request())
    with install.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE storage_records RENAME TO away")
    with pytest.raises(DatabaseUnavailable):
        install.gathered()


@pytest.mark.parametrize("count", [1, MANY])
def test_altered_records_are_never_released(
    install: Install, kubo_node: KuboNode, count: int
) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, patient.subject, count)
    entry = Catalogue(install.engine).current()[0]
    cache = next((install.home / "sealed").glob("*.car"))
    damaged = bytearray(cache.read_bytes())
    damaged[entry.offset + 90] ^= 1
    cache.write_bytes(damaged)
    assert len(install.gathered()) == count  # IPFS has it whole
    cache.write_bytes(b"")
    assert len(install.gathered()) == count
    path = BlockFolder(kubo_node.folder / "repo" / "blocks").path(entry.cid)
    block = bytearray(path.read_bytes())
    block[90] ^= 1
    path.chmod(0o600)
    path.write_bytes(block)
    with pytest.raises(StorageBroken):
        install.gathered()
    path.unlink()
    with pytest.raises(StorageBroken):
        install.gathered()


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
def test_no_record_opens_by_an_altered_catalogue_row(install: Install, column: str) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, patient.subject)
    with install.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE storage_records SET {SWAPS[column]}")
    with contextlib.suppress(StorageBroken):
        assert install.gathered() == []
    assert install.store.check() != []


def test_records_swapped_in_the_catalogue_do_not_open(
    install: Install,
) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, patient.subject, 2)
    a, b = Catalogue(install.engine).current()
    with install.engine.begin() as connection:
        for cid, size, name in ((b.cid, b.size, a.record_id), (a.cid, a.size, b.record_id)):
            connection.exec_driver_sql(
                "UPDATE storage_records SET cid = ?, size = ?, place = 0 WHERE record_id = ?",
                (cid, size, name),
            )
    with pytest.raises(StorageBroken):
        install.gathered()


def test_a_lost_block_is_an_integrity_error(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    [name] = deposited(install, patient.subject)
    for path in (install.home / "sealed").glob("*.car"):
        path.unlink()

    def missing(*_: object) -> bytes:
        raise StorageNotFound("no such block")

    monkeypatch.setattr(Kubo, "get", missing)
    with pytest.raises(RecordLost):
        install.gathered()
    with pytest.raises(RecordLost):
        install.store.vault.open(STUDY, TRAINING, name, "a test")


def test_a_prediction_is_journalled_with_its_model_and_input(install: Install) -> None:
    patient = install.patient()
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
    view: View = install.ledger.view()
    number = install.store.vault.record_use(requested, view)
    [row] = install.store.journal.of_subject(patient.subject)
    assert (row.seq, row.answer.outcome) == (number, "answered")
    use = install.store.journal.use(row.use)
    assert use["detail"] == {"model": "ab" * 32, "input": "cd" * 32}
    assert use["actor"] == "clinician:who"
    assert install.store.check() == []


def test_concurrent_requests_are_all_journalled(each_install: Install) -> None:
    install = each_install
    patient = install.patient()
    install.grant(patient)
    [name] = deposited(install, patient.subject)
    problems: list[BaseException] = []

    def ask() -> None:
        try:
            store = install.another()
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
    assert outcomes(install) == ["permitted"] * 20
    assert install.store.check() == []


def test_an_envelope_of_another_length_is_refused(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = install.patient()
    install.grant(patient)
    deposited(install, patient.subject)
    with install.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE storage_records SET size = size + 1")
    block = b"x" * 10
    monkeypatch.setattr(Kubo, "get", lambda *_: block)
    monkeypatch.setattr("storage.reader.raw_cid", lambda _: raw_cid(b""))
    with pytest.raises(NameMismatch):
        install.gathered()


@pytest.fixture
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_the_collector_is_paused_and_enabled_again_even_after_an_error(collecting: None) -> None:
    with pytest.raises(KeyError), collector_paused():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_an_inner_pause_does_not_end_the_outer_one(collecting: None) -> None:
    with collector_paused():
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_disabled_stays_disabled(collecting: None) -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()
