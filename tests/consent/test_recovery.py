from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from faults import FaultProxy, delayed
from geth import Geth
from township import Patient, Town, ask, make_law

from consent import Law, LedgerBroken, LedgerUnavailable, ViewRefused

pytestmark = pytest.mark.node


@pytest.fixture
def law(town: Town) -> Law:
    return make_law(town)


def test_without_the_chain_every_request_is_refused_at_once_and_served_again_after(
    own_town: Town, own_geth: Geth
) -> None:
    law, patient = make_law(own_town), own_town.patient()
    law.grant([patient.grants(own_town.now_s())])
    assert law.decide(ask(patient)).permitted
    own_geth.kill(signal.SIGTERM)
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(LedgerUnavailable):
            law.decide(ask(patient))
    assert time.monotonic() - started < 2
    own_geth.start()
    assert served_again(law, patient)


def served_again(law: Law, patient: Patient, within_s: float = 10) -> bool:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        try:
            return law.decide(ask(patient)).permitted
        except LedgerUnavailable:
            time.sleep(0.05)
    return False


def test_a_chain_that_hangs_is_refused_within_two_seconds(town: Town, tmp_path: Path) -> None:
    proxy = FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    law, patient = make_law(town.process(proxy.endpoint)), town.patient()
    law.view()
    proxy.fault = delayed(0.9)  # each answer is in time, the two together hardly
    law.view()
    proxy.fault = delayed(30)
    started = time.monotonic()
    with pytest.raises(LedgerUnavailable):
        law.decide(ask(patient))
    assert time.monotonic() - started < 2
    proxy.close()


def test_a_kill_that_takes_blocks_refuses_until_all_is_sent_again_to_the_same_head(
    own_town: Town, own_geth: Geth
) -> None:
    town, law = own_town, make_law(own_town)
    patients = [town.patient() for _ in range(3)]
    granted = [p.grants(town.now_s()) for p in patients for _ in range(3)]
    law.grant(granted)
    law.withdraw([patients[0].withdraws(granted[0])])
    law.stop([patients[1].stops(town.now_s())])
    before, statuses = law.view(), [town.status(g) for g in granted]
    own_geth.wipe()  # as kill -9 does to the newest blocks, here to all of them
    own_geth.start()
    with pytest.raises(ViewRefused):
        law.decide(ask(patients[2]))
    law.recover()
    after = law.view()
    assert (after.count, after.head) == (before.count, before.head)
    assert after.contract == before.contract
    assert after.block_hash != before.block_hash
    assert [town.status(g) for g in granted] == statuses
    assert law.decide(ask(patients[2])).permitted
    law.grant([patients[2].grants(town.now_s())])
    assert make_law(town.process()).view().count == before.count + 1


def test_requests_alone_bring_a_lost_chain_back_without_a_restart(
    own_town: Town, own_geth: Geth
) -> None:
    law, patient = make_law(own_town), own_town.patient()
    law.grant([patient.grants(own_town.now_s())])
    own_geth.wipe()
    own_geth.start()
    assert served_again(law, patient)


def test_during_a_replay_no_old_state_is_ever_served(own_town: Town, own_geth: Geth) -> None:
    town, law = own_town, make_law(own_town)
    patient = town.patient()
    granted = patient.grants(town.now_s())
    law.grant([granted])
    law.withdraw([patient.withdraws(granted)])
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
    law.recover()
    assert law.decide(ask(patient)).reason == "withdrawn"


def test_the_relayers_key_used_elsewhere_is_found(town: Town, law: Law) -> None:
    law.view()
    with town.engine.begin() as connection:
        connection.execute(sa.text("update consent_outbox_writer set next_nonce = 1"))
    with pytest.raises(LedgerBroken, match="elsewhere"):
        law.recover()


def test_altered_rows_are_read_anew_by_recovering(town: Town, law: Law) -> None:
    patient = town.patient()
    law.grant([patient.grants(town.now_s())])
    with town.engine.begin() as connection:
        connection.execute(sa.text("delete from consent_events where op = 4"))
    other = make_law(town.process())
    with pytest.raises(ViewRefused, match="rebuild"):
        other.decide(ask(patient))
    other.recover()
    assert other.decide(ask(patient)).permitted


def test_a_view_from_before_the_mirror_was_read_anew_is_refused(town: Town, law: Law) -> None:
    patient = town.patient()
    law.grant([patient.grants(town.now_s())])
    view = law.view()
    law._mirror.rebuild()  # noqa: SLF001 - what an operator's recover() does to damaged rows
    law.grant([patient.grants(town.now_s())])
    with pytest.raises(ViewRefused, match="read anew"):
        law.decide(ask(patient), view)
    assert law.decide(ask(patient)).permitted


def test_a_recovery_that_the_chain_does_not_take_says_so(
    own_town: Town, own_geth: Geth, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = make_law(own_town)
    monkeypatch.setattr("consent.law._RECOVER_WITHIN_S", 0.2)
    monkeypatch.setattr("consent.chain.Chain.send", lambda *_: [])
    own_geth.wipe()
    own_geth.start()
    with pytest.raises(LedgerUnavailable, match="not taken"):
        law.recover()
    monkeypatch.undo()
    law.recover()
    assert law.view().count == 4
