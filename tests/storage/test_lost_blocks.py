"""A block that the IPFS node lost holds up nobody else's erasure, and no re-encryption."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest
from storage_install import Install, record_of

from deploy.nodes import KuboNode
from storage import Kubo
from storage.catalogue import Catalogue
from storage.entry import Entry
from storage.findings import StoreFinding

pytestmark = pytest.mark.node

Work = Callable[[Install, list[bytes]], object]
WORKS: dict[str, Work] = {
    "erasure": lambda install, people: install.store.erasure.shred(people[0], "asked for"),
    "re-encryption": lambda install, people: install.store.erasure.rekey(people[:1], "withdrawal"),
    "re-encryption of all": lambda install, people: install.store.erasure.rekey(people, "stop"),
}


def lose(node: KuboNode, entry: Entry) -> None:
    name = base64.b32encode(entry.cid[2:]).decode().rstrip("=")
    [file] = [path for path in node.folder.rglob("*.data") if path.stem == name]
    file.unlink()


def deposited(install: Install, number: int) -> tuple[list[bytes], list[Entry]]:
    people = [install.patient().subject for _ in range(number)]
    install.store.deposits.deposit([record_of(person) for person in people])
    return people, Catalogue(install.engine).current()


@pytest.mark.parametrize("work", WORKS)
def test_what_is_lost_of_one_patient_holds_up_nobody_else(
    install: Install, kubo_node: KuboNode, work: str
) -> None:
    people, (first, lost, *_) = deposited(install, 3)
    lose(kubo_node, lost)
    for file in (install.home / "sealed").glob("*.car"):
        file.unlink()
    WORKS[work](install, people)
    now = Catalogue(install.engine).current(subjects=[people[0], people[2]])
    assert first.cid not in {entry.cid for entry in now}
    assert not any(batch.has_erased for batch in Catalogue(install.engine).batches())
    assert [finding.code for finding in install.store.check()] == [StoreFinding.BLOCK_MISSING]


def test_a_receipt_of_a_re_encryption_lists_no_record_that_is_lost(
    install: Install, kubo_node: KuboNode
) -> None:
    people, (first, lost) = deposited(install, 2)
    lose(kubo_node, lost)
    for file in (install.home / "sealed").glob("*.car"):
        file.unlink()
    receipt = install.store.erasure.rekey(people, "stop")
    assert receipt is not None
    assert receipt.content()["blocks"] == [first.cid.hex()]


def test_what_the_node_lost_and_the_file_has_is_stored_again(
    install: Install, kubo_node: KuboNode
) -> None:
    people, (_, lost) = deposited(install, 2)
    lose(kubo_node, lost)
    install.store.erasure.shred(people[0], "asked for")
    assert install.store.check() == []


def test_an_erasure_waits_for_a_batch_that_is_being_stored(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, stays = (install.patient().subject for _ in range(2))
    stores, receipts = Kubo.import_car, list[Any]()
    erasing = threading.Thread(
        target=lambda: receipts.append(install.process().store.erasure.shred(leaving, "asked for"))
    )

    def store(*args: Any) -> None:
        erasing.start()
        erasing.join(1)
        stores(*args)

    monkeypatch.setattr(Kubo, "import_car", store)
    install.store.deposits.deposit([record_of(leaving), record_of(stays)])
    erasing.join(30)
    assert len(receipts) == 1
    [entry] = Catalogue(install.engine).current()
    assert entry.subject == stays
    assert install.store.check() == []
