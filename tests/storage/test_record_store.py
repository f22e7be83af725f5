from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from proofs import proves_row
from storage_install import Install, access_request, record_of

from deploy.demo.proof import flip_byte
from deploy.nodes import KuboNode
from storage import (
    BlockFolder,
    JournalBroken,
    Kubo,
    RecordStore,
    StorageBroken,
    StoreUnavailable,
    Use,
    VaultSealed,
    merkle,
)
from storage.catalogue import Catalogue
from storage.catalogue_tables import BATCHES, RECORDS
from storage.findings import StoreFinding
from storage.journal import AccessOutcome

pytestmark = pytest.mark.node


def deposited(install: Install, count: int = 3) -> bytes:
    patient = install.patient()
    install.grant(patient)
    records = [record_of(patient.subject, number) for number in range(count)]
    install.store.deposits.deposit(records)
    return patient.subject


def whats(install: Install, **how: Any) -> set[tuple[str, str]]:
    return {(finding.part, finding.code) for finding in install.store.check(**how)}


def test_a_store_is_sealed_until_it_gets_its_passphrase(install: Install) -> None:
    deposited(install)
    closed = RecordStore(install.engine, install.kubo, install.ledger, install.home, install.clock)
    assert closed.is_sealed
    for call in (
        lambda: closed.vault.gather(access_request()),
        lambda: closed.deposits.deposit([record_of(secrets.token_bytes(32))]),
        lambda: closed.pseudonyms("x"),
        closed.check,
    ):
        with pytest.raises(VaultSealed):
            call()
    with pytest.raises(VaultSealed):
        closed.unseal("another")
    closed.unseal("passphrase")
    assert not closed.is_sealed
    assert closed.pseudonyms("x")(b"y") == install.store.pseudonyms("x")(b"y")
    (install.home / "secrets" / "root.key").write_text("{}")
    with pytest.raises(StorageBroken):
        closed.unseal("passphrase")


def test_the_faster_of_two_processes_creates_the_root_key(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda _: False)
    late = install.another()
    assert late.pseudonyms("x")(b"y") == install.store.pseudonyms("x")(b"y")


def test_totals_and_lists_need_no_opened_record(install: Install) -> None:
    subject = deposited(install)
    assert install.store.totals() == {"records": 3, "subjects": 1, "batches": 1, "journal": 0}
    assert [entry.category for entry in install.store.records_of(subject)] == ["laboratory"] * 3
    assert install.store.records_of(b"?" * 32) == []
    assert install.store.ipfs_version().startswith("0.")


def test_fresh_and_used_installs_have_no_findings(each_install: Install) -> None:
    install = each_install
    assert install.store.check() == []
    assert install.store.recover() == 0
    subject = deposited(install)
    install.gathered()
    install.store.erasure.rekey([subject], "a withdrawal")
    install.gathered()
    install.store.journal.anchor()
    updates: list[tuple[str, int, int]] = []
    assert install.store.check(lambda *fields: updates.append(fields)) == []
    # Three deposited documents, and three that were re-keyed: documents count, not batches.
    assert [fields for fields in updates if fields[0] == "blocks"] == [
        ("blocks", seen, 6) for seen in (0, 3, 6)
    ]
    assert install.store.recover() == 0


def test_damaged_and_missing_blocks_are_found_in_kubo_and_in_a_copy(
    install: Install, kubo_node: KuboNode
) -> None:
    deposited(install, 12)
    copy = BlockFolder(kubo_node.folder / "repo" / "blocks")
    assert whats(install, blocks=copy) == set()
    expected = ("blocks", StoreFinding.BLOCK_MISSING)
    for index, entry in enumerate(Catalogue(install.engine).current()):
        path = copy.path(entry.cid)
        whole = path.read_bytes()
        path.chmod(0o600)
        if index % 2:
            path.write_bytes(whole[:60] + bytes([whole[60] ^ 4]) + whole[61:])
        else:
            path.unlink()
        assert whats(install) == {expected}
        [finding] = install.store.check(blocks=copy)
        assert entry.record_id.hex() in finding.where
        path.write_bytes(whole)
    # Kubo remembers that a block was missing until it is started again.
    assert whats(install, blocks=copy) == set()


def test_a_copy_of_the_blocks_is_checked_without_kubo(install: Install, tmp_path: Path) -> None:
    subject = deposited(install, 3)
    install.store.erasure.rekey([subject], "a withdrawal")
    updates: list[tuple[str, int, int]] = []
    copied = install.store.copy_blocks(tmp_path / "copy", lambda *fields: updates.append(fields))
    assert copied == 3
    assert updates[-1] == ("copying documents", 3, 3)  # those without a key are not counted
    copy = BlockFolder(tmp_path / "copy")
    assert copy.version()
    assert install.store.check(blocks=copy) == []
    flip_byte(copy.path(Catalogue(install.engine).current()[1].cid))
    assert whats(install, blocks=copy) == {("blocks", StoreFinding.BLOCK_MISSING)}


TAMPERINGS = {
    "category": "UPDATE storage_records SET category = category + 1",
    "custodian": "UPDATE storage_records SET custodian = 'organisation:other'",
    "recorded_on": "UPDATE storage_records SET recorded_on = recorded_on + 1",
    "subject": "UPDATE storage_records SET subject = cid",
    "size": "UPDATE storage_records SET size = size + 1",
    "wrapped": "UPDATE storage_records SET wrapped = zeroblob(60)",
    "unwrapped": "UPDATE storage_records SET wrapped = NULL WHERE seq = 1",
    "swapped": "UPDATE storage_records SET wrapped = (SELECT wrapped FROM storage_records"
    " ORDER BY seq LIMIT 1)",
    "row": "DELETE FROM storage_records WHERE seq = (SELECT max(seq) FROM storage_records)",
    "root": "UPDATE storage_batches SET root = zeroblob(32)",
    "pin": "UPDATE storage_batches SET pin = zeroblob(36)",
    "state": "UPDATE storage_batches SET state = 'catalogued'",
    "key": "DELETE FROM storage_patient_keys",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_change_to_the_catalogue_is_found(install: Install, name: str) -> None:
    deposited(install)
    with install.engine.begin() as connection:
        connection.exec_driver_sql(TAMPERINGS[name])
    assert install.store.check() != []


def test_an_envelope_of_another_record_is_found(install: Install) -> None:
    deposited(install)
    a, b, _ = Catalogue(install.engine).current()
    with install.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE storage_records SET cid = ?, size = ? WHERE record_id = ?",
            (b.cid, b.size, a.record_id),
        )
    assert ("blocks", StoreFinding.ENVELOPE_DIFFERS) in whats(install)


def test_a_batch_that_lost_its_pin_is_found(install: Install) -> None:
    deposited(install)
    [batch] = Catalogue(install.engine).batches()
    install.kubo.unpin([batch.pin])
    assert whats(install) == {("pins", StoreFinding.BATCH_NOT_PINNED)}


def test_a_check_fails_without_its_block_store(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposited(install)

    def fail(*_: object) -> Any:
        raise StoreUnavailable("away")

    monkeypatch.setattr(Kubo, "get_many", fail)
    with pytest.raises(StoreUnavailable):
        install.store.check()


def test_the_anchor_alone_is_enough_to_verify_a_row(install: Install) -> None:
    deposited(install)
    install.gathered()
    assert install.store.prove([1]) == {}
    install.store.journal.anchor()
    install.gathered()
    row = next(install.store.journal.rows())
    proof = orjson.loads(orjson.dumps(install.store.prove([1])[1]))
    assert proves_row(row.hash, proof)
    assert not proves_row(row.hash[::-1], proof)
    assert proof["root"] == install.ledger.anchors("journal")[0].root.hex()
    assert install.store.prove([4]) == {}


def test_every_root_can_be_recomputed_from_the_evidence_alone(install: Install) -> None:
    subject = deposited(install)
    install.gathered()
    install.store.journal.anchor()
    install.gathered()
    lines = [orjson.loads(orjson.dumps(line)) for line in install.store.evidence()]
    text = orjson.dumps(lines).decode()
    assert subject.hex() not in text
    batches = [line for line in lines if line["kind"] == "batch"]
    anchored = {anchor.root.hex() for anchor in install.ledger.anchors("records")}
    for batch in batches:
        leaves = [bytes.fromhex(leaf) for leaf in batch["leaves"]]
        assert merkle.root(leaves).hex() == batch["root"]
        assert batch["root"] in anchored
        assert batch["held"] == [True] * 3
    uses = {line["hash"]: line["body"] for line in lines if line["kind"] == "use"}
    assert all(hashlib.sha256(body.encode()).hexdigest() == name for name, body in uses.items())
    before, hashes = bytes(32), []
    for row in (line for line in lines if line["kind"] == "journal"):
        fields = (
            before
            + row["seq"].to_bytes(8, "big")
            + bytes.fromhex(row["use"])
            + bytes.fromhex(row["commitments"])
            + row["version"].to_bytes(4, "big")
            + bytes.fromhex(row["consent"])
            + row["outcome"].encode()
        )
        before = hashlib.sha256(fields).digest()
        assert before.hex() == row["hash"]
        assert row["use"] in uses
        hashes.append(before)
    [anchor] = install.ledger.anchors("journal")
    assert merkle.root(hashes[: anchor.count]) == anchor.root
    assert len(hashes) == 6


def test_a_use_that_is_journalled_as_the_patients_own_and_is_not_is_named(install: Install) -> None:
    subject = deposited(install)
    entry = install.store.records_of(subject)[0]
    use = Use(
        int(install.clock()), "study:another", "", "MLTRAINING", "none", install.ledger.view()
    )
    answer = AccessOutcome(subject, entry.record_id, entry.version, "own", bytes(32))
    install.store.journal.write(use, [answer])
    install.store.journal.anchor()
    assert [finding.code for finding in install.store.check()] == [StoreFinding.NOT_OWN_READING]


def test_an_anchored_batch_that_left_the_catalogue_is_named(install: Install) -> None:
    deposited(install)
    with install.engine.begin() as connection:
        connection.execute(sa.delete(RECORDS))
        connection.execute(sa.delete(BATCHES))
    assert ("catalogue", StoreFinding.BATCH_MISSING) in whats(install)


def test_a_broken_key_of_a_patient_is_named_and_hides_no_other_fault(install: Install) -> None:
    broken, other = deposited(install, 1), deposited(install, 1)
    altered = install.store.records_of(other)[0].record_id
    with install.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE storage_patient_keys SET wrapped = zeroblob(60) WHERE subject = :subject"
            ),
            {"subject": broken},
        )
        connection.execute(
            sa.update(RECORDS).where(RECORDS.c.record_id == altered).values(recorded_on=1)
        )
    assert whats(install) == {
        ("keys", StoreFinding.RECORD_KEY_BROKEN),
        ("catalogue", StoreFinding.DESCRIPTION_DIFFERS),
    }


def test_an_old_backup_releases_nothing_until_its_loss_is_accepted(
    install: Install, tmp_path: Path
) -> None:
    staying, withdrawn = install.patient(), install.patient()
    install.grant(staying)
    granted = install.grant(withdrawn)
    install.store.deposits.deposit([record_of(patient.subject) for patient in (staying, withdrawn)])
    assert len(install.gathered()) == 2
    backup = tmp_path / "backup.db"
    with sqlite3.connect(backup) as copy, sqlite3.connect(str(install.engine.url.database)) as now:
        now.backup(copy)
    install.withdraw(withdrawn, granted)
    for _ in range(3):
        assert len(install.gathered()) == 1
    install.store.journal.anchor()
    with sqlite3.connect(backup) as copy, sqlite3.connect(str(install.engine.url.database)) as now:
        copy.backup(now)
    after = install.process()
    with pytest.raises(JournalBroken):
        after.gathered()
    assert ("journal", StoreFinding.ANCHORED_ROWS_MISSING) in whats(after)
    view = after.ledger.view()
    use = Use(int(install.clock()), "operator", "", "restore", "the disk of Monday", view)
    after.store.journal.accept_loss(use)
    assert [record.subject for record in after.gathered()] == [staying.subject]
    assert whats(after) == {("journal", StoreFinding.ROWS_LOST)}


def test_only_subjects_with_a_record_of_each_category_are_listed(install: Install) -> None:
    both, single = (patient.subject for patient in install.patients(2))
    vital_signs = record_of(both, category="vital-signs")
    install.store.deposits.deposit([record_of(both), vital_signs, record_of(single)])
    listed = install.store.list_subjects_with(["laboratory", "vital-signs"])
    assert both in listed
    assert single not in listed
    assert {both, single} <= set(install.store.list_subjects_with(["laboratory"]))
    assert install.store.list_subjects_with(["laboratory", "medication"]) == []


def test_a_release_without_consent_is_named_however_it_was_journalled(install: Install) -> None:
    subject = deposited(install)
    install.gathered()
    entry = install.store.records_of(subject)[0]
    install.store.vault.open_own(subject, entry.record_id.hex())
    assert install.store.check() == []
    view = install.ledger.view()
    consent = next(row for row in install.store.journal.rows()).answer.consent_id
    for party, purpose, name in (
        ("patient", "PATRQT", bytes(32)),
        ("study:another", "MLTRAINING", consent),
        ("study:another", "HMARKT", bytes(32)),
    ):
        use = Use(int(install.clock()), party, "", purpose, "none", view)
        answer = AccessOutcome(subject, entry.record_id, entry.version, "permitted", name)
        install.store.journal.write(use, [answer])
    install.store.journal.anchor()
    codes = [finding.code for finding in install.store.check()]
    assert codes == [StoreFinding.USE_NOT_CONSENTED] * 3


def test_requests_at_the_same_moment_read_the_catalogue_once(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, catalogue = deposited(install), install.store._catalogue
    read, reads, subjects = catalogue.columns, [0], list[bytes]()
    others = [
        threading.Thread(target=lambda: subjects.append(install.store.any_subject()), daemon=True)
        for _ in range(3)
    ]

    def read_while_others_ask() -> Any:
        reads[0] += 1
        if reads[0] == 1:
            for other in others:
                other.start()
            assert install.store._listing.locked()
        return read()

    monkeypatch.setattr(catalogue, "columns", read_while_others_ask)
    assert install.store.any_subject() == subject
    for other in others:
        other.join()
    assert (reads, subjects) == ([1], [subject] * 3)


def test_a_lost_root_key_is_never_replaced_by_a_new_one_where_something_is_stored(
    install: Install,
) -> None:
    path = install.home / "secrets" / "root.key"
    install.store.deposits.deposit([record_of(install.patient().subject)])
    key = path.read_bytes()
    path.unlink()
    with pytest.raises(StorageBroken, match="is missing or is not a key file; restore it from a"):
        install.another()
    assert not path.exists()
    path.write_bytes(key)
    path.chmod(0o600)
    install.another()
