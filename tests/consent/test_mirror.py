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
from township import LOG, Town, refusal, some_history

from consent.errors import LedgerBroken, LedgerUnavailable, ViewRefused

pytestmark = pytest.mark.node


@pytest.fixture
def proxy(town: Town, tmp_path: Path) -> Iterator[FaultProxy]:
    made = FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    yield made
    made.close()


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
            # The highest byte of the stop's time: it stays one that the contract can have written.
            parts[-1], times = re.subn(rb'("data":"0x0{54})00', rb"\g<1>01", parts[-1])
            assert times == 1
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
    # Answers about the blocks before the deployment hold no log.
    proxy.fault = lambda answer: harm(answer) if LOG.search(answer) else answer
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
def test_altered_or_lost_rows_are_refused_and_can_be_rebuilt(town: Town, damage: str) -> None:
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
    others = [
        (replace(deployment, chain_id=1), "on chain"),
        (replace(deployment, genesis_hash=bytes(32)), "genesis block mismatch"),
        (replace(deployment, contract="0x" + "11" * 20), "code mismatch"),
        (replace(deployment, code_hash=bytes(32)), "code mismatch"),
    ]
    for other, message in others:
        assert message in refusal(town.process(deployment=other).mirror)


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


def test_an_unavailable_database_is_a_refusal(town: Town) -> None:
    some_history(town)
    with town.engine.begin() as connection:
        connection.execute(sa.text("drop table consent_mirror"))
    assert "database" in refusal(town.mirror)


def test_a_look_while_no_block_is_new_asks_the_node_once(town: Town, proxy: FaultProxy) -> None:
    some_history(town)
    mirror = town.process(proxy.endpoint).mirror
    mirror.sync()
    before = proxy.asked
    for _ in range(5):
        mirror.sync()
    assert proxy.asked - before == 5
