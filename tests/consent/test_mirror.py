from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from faults import FaultProxy, answered, doubled, dropped, garbled, truncated
from geth import Geth
from township import Patient, Town

from consent.errors import LedgerBroken, LedgerUnavailable, ViewRefused
from consent.mirror import Mirror
from consent.terms import Signed

pytestmark = pytest.mark.node
LOG = re.compile(rb'\{"address":[^{}]*\},?')


@pytest.fixture
def proxy(town: Town, tmp_path: Path) -> Iterator[FaultProxy]:
    made = FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    yield made
    made.close()


def some_history(town: Town) -> tuple[Patient, list[Signed]]:
    patient = town.patient()
    granted = [patient.grants(town.now_s()) for _ in range(3)]
    town.bring(*granted)
    town.bring(patient.withdraws(granted[0]))
    town.bring(patient.stops(town.now_s() - 60))
    return patient, granted


def refusal(mirror: Mirror) -> str:
    with pytest.raises((LedgerUnavailable, LedgerBroken)) as raised:
        mirror.sync()
    return str(raised.value)


def test_a_fresh_mirror_and_an_old_one_hold_the_same_ledger(town: Town) -> None:
    some_history(town)
    (view, state), (again, same) = town.mirror.sync(), town.process().mirror.sync()
    assert (view.count, view.head) == (again.count, again.head)
    for name in ("grants", "withdrawals", "stops", "keys", "enrolments", "removals"):
        ours, theirs = getattr(state, name), getattr(same, name)
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))
    assert len(state.grants.subject) == 3
    assert len(state.withdrawals.subject) == len(state.stops.subject) == 1


@pytest.mark.parametrize("fault", ["drop", "double", "swap", "alter", "all"])
def test_logs_that_miss_double_reorder_or_alter_an_event_are_refused(
    town: Town, proxy: FaultProxy, fault: str
) -> None:
    def harm(answer: bytes) -> bytes:
        logs = LOG.findall(answer)
        parts = [log.rstrip(b",") for log in logs]
        if fault == "drop":
            parts.pop(random.randrange(len(parts)))
        elif fault == "double":
            parts.append(parts[-1])
        elif fault == "swap":
            parts[-1], parts[-2] = parts[-2], parts[-1]
        elif fault == "alter":
            parts[-1] = re.sub(rb'"data":"0x..', b'"data":"0xff', parts[-1])
        else:
            parts = []
        start, end = answer.index(logs[0]), answer.index(logs[-1]) + len(logs[-1])
        return answer[:start] + b",".join(parts) + answer[end:]

    some_history(town)
    with town.engine.begin() as connection:
        connection.execute(sa.text("delete from consent_events"))
        connection.execute(sa.text("delete from consent_mirror"))
    mirror = town.process(proxy.endpoint).mirror
    proxy.wants = lambda question: b"eth_getLogs" in question
    proxy.fault = harm
    assert "do not lead to its head" in refusal(mirror)
    proxy.wants = lambda question: False
    assert mirror.sync()[0].count == town.process().mirror.sync()[0].count


@pytest.mark.parametrize(
    "damage",
    [
        "update consent_events set body = zeroblob(160) where op = 4",
        "update consent_events set op = 6 where op = 5",
        "update consent_events set head = zeroblob(27) where position = 6",
        "delete from consent_events where position = 6",
        "delete from consent_events where op = 5",
        "update consent_mirror set position = position - 1",
        "update consent_mirror set head = zeroblob(27)",
        "update consent_events set body = x'00' where op = 4",
    ],
)
def test_rows_that_were_altered_or_lost_are_refused_and_can_be_read_anew(
    town: Town, damage: str
) -> None:
    some_history(town)
    head = town.mirror.sync()[0].head
    with town.engine.begin() as connection:
        connection.execute(sa.text(damage))
    mirror = town.process().mirror
    refusal(mirror)
    if "consent_mirror" in damage:
        with town.engine.begin() as connection:  # a false mark bars even the rebuilding
            connection.execute(sa.text("delete from consent_mirror"))
    mirror.rebuild()
    assert mirror.sync()[0].head == head


def test_a_chain_that_does_not_lead_through_the_mark_is_not_rebuilt_from(town: Town) -> None:
    some_history(town)
    count = town.mirror.sync()[0].count
    with town.engine.begin() as connection:
        connection.execute(sa.text("update consent_mirror set head = zeroblob(27)"))
    with pytest.raises(LedgerBroken, match="mark"):
        town.process().mirror.rebuild()
    with town.engine.begin() as connection:
        connection.execute(sa.text(f"update consent_mirror set position = {count + 1}"))
    with pytest.raises(ViewRefused, match="behind"):
        town.process().mirror.rebuild()


def test_a_node_that_lags_behind_what_another_process_saw_is_refused(
    town: Town, proxy: FaultProxy
) -> None:
    patient, _ = some_history(town)
    lagging = town.process(proxy.endpoint)
    block = hex(lagging.mirror.sync()[0].block_number).encode()
    town.bring(patient.grants(town.now_s()))
    proxy.rewrite = lambda question: question.replace(b"latest", block)
    assert "behind its mark" in refusal(lagging.mirror)
    proxy.rewrite = lambda question: question
    lagging.mirror.sync()


def test_another_chain_contract_or_code_is_refused(town: Town, proxy: FaultProxy) -> None:
    deployment = town.deployment
    others = {
        "on chain": replace(deployment, chain_id=1),
        "another block": replace(deployment, genesis_hash=bytes(32)),
        "other code": replace(deployment, contract="0x" + "11" * 20),
        "other code, or none": replace(deployment, code_hash=bytes(32)),
    }
    for why, other in others.items():
        assert why in refusal(town.process(deployment=other).mirror)


def test_a_chain_replaced_by_another_with_other_history_is_refused(
    own_town: Town, own_geth: Geth
) -> None:
    town = own_town
    some_history(town)
    town.mirror.sync()
    raws = [sent.raw for sent in town.outbox.find()]
    own_geth.wipe()
    own_geth.start()
    for raw in raws[:2]:  # the same contract at the same address
        town.chain.send([raw])
    time.sleep(0.3)
    with town.engine.begin() as connection:
        connection.execute(sa.text("delete from consent_outbox where nonce > 1"))
        connection.execute(sa.text("update consent_outbox_writer set next_nonce = 2"))
    assert "behind its mark" in refusal(town.mirror)
    for place in range(6):
        entry = bytes([place]) * 32
        town.call("anchor(bytes32,bytes32,uint64)", entry, entry, bytes(31) + b"\1")
    refused = refusal(town.mirror)
    assert "another history" in refused or "do not lead" in refused


def test_every_broken_answer_is_a_refusal_and_none_is_believed(
    town: Town, proxy: FaultProxy
) -> None:
    some_history(town)
    mirror = town.process(proxy.endpoint).mirror
    true = mirror.sync()[0]
    texts = [b"", b"0x", b"null", b"[]", b"{}", b"<html>", b"[" * 5_000, b'{"id":1,"result":1}']
    texts += [b'[{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}]', b'{"error":7}']
    for fault in (dropped, truncated, doubled, *map(answered, texts)):
        proxy.fault = fault
        refusal(mirror)
    dice = random.Random(7)
    for _ in range(300):
        proxy.fault = garbled(dice.randrange(1 << 16), dice.randrange(256))
        try:
            view = mirror.sync()[0]
        except (LedgerUnavailable, LedgerBroken):
            continue
        assert (view.count, view.head) == (true.count, true.head)


def at_block(number: int) -> bytes:
    return hex(number).encode()


@pytest.fixture
def final(town: Town, proxy: FaultProxy, tmp_path: Path) -> Town:
    """Another house on the same ledger, whose chain's finality is what the proxy says it is."""
    deployment = replace(town.deployment, finality="bft")
    other = Town(f"sqlite:///{tmp_path / 'final.db'}", proxy.endpoint, town.clock, deployment)
    set_final(other, proxy)
    other.mirror.sync()
    return other


def set_final(town: Town, proxy: FaultProxy, lag: int = 0) -> int:
    number = int(town.process().chain._rpc.call("eth_blockNumber"), 16) - lag  # noqa: SLF001
    proxy.rewrite = lambda question: question.replace(b'"finalized"', b'"%s"' % at_block(number))
    return number


def test_grants_wait_for_finality_and_withdrawals_do_not(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    patient, granted = some_history(town)
    view, state = final.mirror.sync()
    assert len(state.grants.subject) == 0
    assert len(state.pending_withdrawals.subject) == len(state.pending_stops.subject) == 1
    set_final(town, proxy)
    view, state = final.mirror.sync()
    assert len(state.grants.subject) == 3
    assert len(state.pending_withdrawals.subject) == 0
    assert len(state.withdrawals.subject) == 1
    assert view.count == town.mirror.sync()[0].count


def test_a_withdrawal_once_seen_stays_in_force_when_a_reorganisation_takes_it_away(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    town.bring(granted)
    number = set_final(town, proxy)
    final.mirror.sync()
    town.bring(patient.withdraws(granted))
    assert len(final.mirror.sync()[1].pending_withdrawals.subject) == 1
    # The reorganised chain ends where the withdrawal was not yet.
    proxy.rewrite = lambda q: re.sub(rb'"(finalized|latest)"', b'"%s"' % at_block(number), q)
    elsewhere = final.process()
    for mirror in (final.mirror, elsewhere.mirror):
        assert len(mirror.sync()[1].pending_withdrawals.subject) == 1


def test_finality_that_falls_back_waits_and_another_block_where_one_was_final_stops_all(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    some_history(town)
    number = set_final(town, proxy)
    final.mirror.sync()
    set_final(town, proxy, lag=2)
    assert "finality is behind" in refusal(final.mirror)
    set_final(town, proxy)
    accepted = b'"eth_getBlockByNumber","params":["%s",false]' % at_block(number)
    other = accepted.replace(at_block(number), at_block(number - 1))
    rewrite = proxy.rewrite
    proxy.rewrite = lambda question: rewrite(question.replace(accepted, other, 1))
    assert "another block" in refusal(final.mirror)
    proxy.rewrite = lambda question: question.replace(b'"finalized"', b'"0xffffff"')
    assert "cannot be read" in refusal(final.mirror)


def test_events_above_finality_that_do_not_prove_themselves_are_refused(
    town: Town, final: Town, proxy: FaultProxy
) -> None:
    some_history(town)
    proxy.wants = lambda question: b"eth_getLogs" in question
    proxy.fault = lambda answer: LOG.sub(b"", answer)
    assert "newest events" in refusal(final.mirror)


def test_a_bft_ledger_confirms_at_finality(
    town: Town, final: Town, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.rewrite = lambda question: question.replace(b"finalized", b"latest")
    patient = final.patient()
    assert final.bring(patient.grants(final.now_s()))[0].ok
    set_final(final, proxy)
    monkeypatch.setattr("consent.ledger.CONFIRM_WAIT_S", 0.2)
    outcome = final.bring(patient.stops(town.now_s() - 99))[0]
    assert (outcome.ok, outcome.reason) == (True, "pending")
    assert final.bring(patient.grants(final.now_s()))[0].reason == "pending"
    kept = final.outbox.find(state="written")
    assert final.outbox.settle_open(lambda: final.mirror.sync()[0].block_number) == len(kept) == 2
    set_final(town, proxy)
    assert final.outbox.settle_open(lambda: final.mirror.sync()[0].block_number) == 0


def test_a_database_that_is_away_is_a_refusal(town: Town) -> None:
    some_history(town)
    with town.engine.begin() as connection:
        connection.execute(sa.text("drop table consent_mirror"))
    assert "database" in refusal(town.mirror)


def test_a_sync_with_nothing_new_is_quick(town: Town) -> None:
    some_history(town)
    town.mirror.sync()
    took = []
    for _ in range(50):
        started = time.perf_counter()
        town.mirror.sync()
        took.append(time.perf_counter() - started)
    assert sorted(took)[25] < 0.02
