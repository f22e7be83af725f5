from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from faults import FaultProxy
from geth import Geth
from township import PATIENCE_S, Patient, PatientRpc, Town, ask, make_ledger, make_town

from consent import ConsentLedger, LedgerBroken, LedgerFinding, LedgerUnavailable, ViewRefused
from consent.rpc import Call, Rpc

pytestmark = pytest.mark.node


@pytest.fixture
def ledger(town: Town) -> ConsentLedger:
    return make_ledger(town)


def test_without_the_chain_every_request_is_refused_at_once_and_served_again_after(
    own_town: Town, own_geth: Geth
) -> None:
    ledger, patient = make_ledger(own_town), own_town.patient()
    ledger.grant([patient.grants(own_town.now_s())])
    assert ledger.decide(ask(patient)).permitted
    own_geth.kill(signal.SIGTERM)
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(LedgerUnavailable):
            ledger.decide(ask(patient))
    assert time.monotonic() - started < 20
    own_geth.start()
    assert served_again(ledger, patient)


def served_again(ledger: ConsentLedger, patient: Patient, within_s: float = 10) -> bool:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        try:
            return ledger.decide(ask(patient)).permitted
        except LedgerUnavailable:
            time.sleep(0.05)
    return False


class SlowRpc(PatientRpc):
    """A node each of whose answers takes this long, by its own word; nobody waits for it."""

    takes_s = 0.0

    def ask(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[Any]:
        if self.takes_s > (timeout_s or self.timeout_s):
            raise LedgerUnavailable("the chain node did not answer before the deadline")
        return super().ask(calls)


def test_a_view_takes_answers_of_one_second_and_no_later_ones(town: Town) -> None:
    slow = town.process()
    rpc = slow.chain.rpc = SlowRpc(town.endpoint)
    ledger, patient = make_ledger(slow), town.patient()
    for takes_s, is_answered in ((1.0, True), (1.001, False), (30.0, False), (0.0, True)):
        rpc.takes_s = takes_s
        town.transact(town.account.address, b"")  # a new block, or nothing is asked about it
        with nullcontext() if is_answered else pytest.raises(LedgerUnavailable):
            ledger.view()
        with nullcontext() if is_answered else pytest.raises(LedgerUnavailable):
            ledger.decide(ask(patient))


def test_a_chain_that_hangs_is_refused_before_it_answers(town: Town, tmp_path: Path) -> None:
    proxy, is_released = FaultProxy(town.endpoint, tmp_path / "proxy.ipc"), threading.Event()
    hanging, patient = town.process(proxy.endpoint), town.patient()
    hanging.chain.rpc = Rpc(proxy.endpoint)  # the limits of the product
    ledger = make_ledger(hanging)

    def hang(answer: bytes) -> bytes:
        is_released.wait(PATIENCE_S)
        return answer

    proxy.fault = hang
    with pytest.raises(LedgerUnavailable):
        ledger.decide(ask(patient))
    is_released.set()
    proxy.close()


def test_a_kill_that_takes_blocks_refuses_until_all_is_sent_again_to_the_same_head(
    own_town: Town, own_geth: Geth
) -> None:
    town, ledger = own_town, make_ledger(own_town)
    patients = [town.patient() for _ in range(3)]
    granted = [p.grants(town.now_s()) for p in patients for _ in range(3)]
    ledger.grant(granted)
    ledger.withdraw([patients[0].withdraws(granted[0])])
    ledger.stop([patients[1].stops(town.now_s())])
    before, statuses = ledger.view(), [town.status(g) for g in granted]
    own_geth.wipe()  # as kill -9 does to the newest blocks, here to all of them
    own_geth.start()
    with pytest.raises(ViewRefused):
        ledger.decide(ask(patients[2]))
    ledger.recover()
    after = ledger.view()
    assert (after.count, after.head) == (before.count, before.head)
    assert after.contract == before.contract
    assert after.block_hash != before.block_hash
    assert [town.status(g) for g in granted] == statuses
    assert ledger.decide(ask(patients[2])).permitted
    ledger.grant([patients[2].grants(town.now_s())])
    assert make_ledger(town.process()).view().count == before.count + 1


def test_requests_alone_restore_a_lost_chain_without_a_restart(
    own_town: Town, own_geth: Geth
) -> None:
    ledger, patient = make_ledger(own_town), own_town.patient()
    ledger.grant([patient.grants(own_town.now_s())])
    own_geth.wipe()
    own_geth.start()
    assert served_again(ledger, patient)


def test_during_a_replay_no_old_state_is_ever_served(own_town: Town, own_geth: Geth) -> None:
    town, ledger = own_town, make_ledger(own_town)
    patient = town.patient()
    granted = patient.grants(town.now_s())
    ledger.grant([granted])
    ledger.withdraw([patient.withdraws(granted)])
    raws = [sent.raw for sent in town.outbox.find()]
    own_geth.wipe()
    own_geth.start()
    served: list[bool] = []
    for raw in raws[:-1]:
        town.chain.send([raw])
        time.sleep(0.1)
        try:
            served.append(town.process().mirror.sync()[0].count > 0)
        except (LedgerUnavailable, LedgerBroken):
            continue
    assert served == []
    assert town.status(granted) == 1  # the chain itself would permit now
    ledger.recover()
    assert ledger.decide(ask(patient)).reason == "withdrawn"


def restored(town: Town, folder: Path, copy: bytes) -> Town:
    (folder / "old.db").write_bytes(copy)
    url = f"sqlite:///{folder / 'old.db'}"
    return Town(url, town.endpoint, town.clock, town.deployment)


def copied(town: Town) -> bytes:
    with town.engine.connect() as connection:
        connection.execute(sa.text("pragma wal_checkpoint(truncate)"))
    return Path(town.url.removeprefix("sqlite:///")).read_bytes()


def test_a_restored_database_goes_on_after_what_the_chain_has_and_reuses_no_nonce(
    own_town: Town, own_geth: Geth, tmp_path: Path
) -> None:
    town, ledger, patient = own_town, make_ledger(own_town), own_town.patient()
    first = patient.grants(town.now_s())
    ledger.grant([first])
    copy = copied(town)
    later = [patient.grants(town.now_s()) for _ in range(3)]
    for item in later:
        ledger.grant([item])
    ledger.withdraw([patient.withdraws(later[0])])
    lost = [sent.hash for sent in town.outbox.find()][-4:]
    town.engine.dispose()

    old = restored(town, tmp_path, copy)
    again = make_ledger(old)
    assert LedgerFinding.RELAYER_TRANSACTIONS_UNKNOWN in {result.code for result in again.check()}
    again.recover()
    assert [sent.hash for sent in old.outbox.find("regained")] == lost
    assert again.view().count == ledger.view().count
    assert ledger.decide(ask(patient)).permitted
    assert again.grant([patient.grants(old.now_s())])[0].ok
    nonces = [sent.nonce for sent in old.outbox.find()]
    assert nonces == list(range(len(nonces)))
    assert old.outbox.find(state="written") == []
    before = again.view()
    own_geth.wipe()
    own_geth.start()
    again.recover()  # the chain lost all, and is given all: also what was read back from it
    assert (again.view().count, again.view().head) == (before.count, before.head)


def test_what_was_written_under_a_used_nonce_is_written_again_under_its_own(
    own_town: Town, tmp_path: Path
) -> None:
    town, ledger, patient = own_town, make_ledger(own_town), own_town.patient()
    first = patient.grants(town.now_s())
    ledger.grant([first])
    copy = copied(town)
    second = patient.grants(town.now_s())
    ledger.grant([second])
    old = restored(town, tmp_path, copy)
    again = make_ledger(old)
    again.limits.confirm_s = 0.3
    assert again.withdraw([patient.withdraws(first)])[0].reason == "pending"
    overtaken = old.outbox.find("withdraw")[0]
    assert again.consents_of(patient.subject)[0].state == "withdrawn"
    again.recover()
    again.recover()
    [written] = old.outbox.find("withdraw")
    assert (written.nonce, overtaken.nonce) == (overtaken.nonce + 1, town.outbox.find()[-1].nonce)
    assert town.status(first) == 2
    assert old.outbox.find(state="written") == []
    assert [consent.state for consent in again.consents_of(patient.subject)] == [
        "withdrawn",
        "active",
    ]
    codes = [finding.code for finding in again.check()]
    assert codes == [LedgerFinding.TERMS_MISSING]  # they were not copied


def test_the_relayers_key_used_elsewhere_is_reported_and_its_transactions_are_stored(
    own_town: Town, tmp_path: Path
) -> None:
    town, ledger, patient = own_town, make_ledger(own_town), own_town.patient()
    ledger.grant([patient.grants(town.now_s())])
    other = restored(town, tmp_path, copied(town))
    other.transact("0x" + "11" * 20, b"")
    ledger.recover()
    codes = [finding.code for finding in ledger.check()]
    assert codes == [LedgerFinding.RELAYER_USED_ELSEWHERE]
    assert ledger.grant([patient.grants(town.now_s())])[0].ok


def test_recovering_rebuilds_altered_rows(town: Town, ledger: ConsentLedger) -> None:
    patient = town.patient()
    ledger.grant([patient.grants(town.now_s())])
    with town.engine.begin() as connection:
        connection.execute(sa.text("delete from consent_events where op = 4"))
    other = make_ledger(town.process())
    with pytest.raises(ViewRefused, match="rebuild"):
        other.decide(ask(patient))
    other.recover()
    assert other.decide(ask(patient)).permitted


def test_a_view_from_before_a_rebuild_of_the_mirror_is_refused(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = town.patient()
    ledger.grant([patient.grants(town.now_s())])
    view = ledger.view()
    ledger._mirror.rebuild()  # noqa: SLF001 - what an operator's recover() does to damaged rows
    ledger.grant([patient.grants(town.now_s())])
    with pytest.raises(ViewRefused, match="rebuilt"):
        ledger.decide(ask(patient), view)
    assert ledger.decide(ask(patient)).permitted


def test_a_recovery_that_the_chain_does_not_take_says_so(
    own_town: Town, own_geth: Geth, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = make_ledger(own_town)
    ledger.limits.recovery_s = 0.2
    monkeypatch.setattr("consent.chain.Chain.send", lambda *_: [])
    own_geth.wipe()
    own_geth.start()
    with pytest.raises(LedgerUnavailable, match="not mined"):
        ledger.recover()
    monkeypatch.undo()
    ledger.limits.recovery_s = 60.0
    ledger.recover()
    assert ledger.view().count == 4


def test_a_deployment_that_is_mined_again_in_an_earlier_block_is_recovered(
    own_geth: Geth, tmp_path: Path
) -> None:
    own_geth.wipe()
    own_geth.start(period_s=1)  # blocks of each second: one contract, then the other
    town = make_town(tmp_path / "town", own_geth.endpoint, time.time())
    ledger, patient = make_ledger(town), town.patient()
    ledger.grant([patient.grants(town.now_s())])
    before = ledger.view()
    own_geth.wipe()
    own_geth.start()  # a block for what was sent, at once
    ledger.recover()
    after = ledger.view()
    [deployed] = town.chain.receipts([town.outbox.find("ledger")[0].hash])
    assert deployed is not None
    assert deployed.block_number < town.deployment.block_number
    assert (after.count, after.head) == (before.count, before.head)
    assert ledger.decide(ask(patient)).permitted
    with town.engine.begin() as connection:
        connection.execute(sa.text("delete from consent_events where op = 4"))
    new = make_ledger(town.process())
    new.recover()
    assert new.view().head == before.head
    assert new.decide(ask(patient)).permitted
