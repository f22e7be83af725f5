from __future__ import annotations

import multiprocessing
import os
import threading
import time
from itertools import cycle
from pathlib import Path

import pytest
import sqlalchemy as sa
from faults import Fault, FaultProxy, delayed, doubled, dropped, passed, truncated
from geth import Geth
from postgres import new_database
from township import RELAYER, Clock, Town, make_town

from consent.abi import ANCHOR, encode_call, word
from consent.chain import Chain
from consent.errors import LedgerUnavailable
from consent.outbox import Intent, Outbox
from consent.outbox_rows import FAILED, MINED, WRITTEN
from consent.raw_transactions import Payload, RelayerAccount
from consent.rpc import MAX_CALLS_AT_ONCE
from deploy.database import make_engine

pytestmark = pytest.mark.node
WRITERS = int(os.environ.get("WRITERS", "2"))
WRITES = int(os.environ.get("WRITES", "10"))
"""Of each writer."""


def anchoring(town: Town, place: int, gas: int = 200_000) -> Intent:
    data = encode_call(ANCHOR, word(1), word(place), place)
    return Intent("anchor", Payload(to=town.deployment.contract, data=data, gas=gas))


def anchored(town: Town) -> list[int]:
    result = town.process().mirror
    result.sync()
    return [int.from_bytes(c.body[32:64], "big") for _, c in result.events.named([word(1)])]


def test_a_transaction_is_durable_before_any_node_has_it_and_flush_sends_it(town: Town) -> None:
    sent = town.outbox.write([anchoring(town, 7), anchoring(town, 8)])
    assert anchored(town) == []
    other = town.process()
    assert [s.hash for s in other.outbox.find(state=WRITTEN)] == [s.hash for s in sent]
    assert other.outbox.flush() == 2
    receipts = other.outbox.settle(sent, 10)
    assert [r.ok for r in receipts] == [True, True]
    other.outbox.record(sent, receipts)
    assert other.outbox.find(state=WRITTEN) == []
    assert other.outbox.flush() == 0
    assert anchored(town) == [7, 8]


def test_a_reverted_transaction_is_noted_as_failed_and_not_as_done(town: Town) -> None:
    short = town.outbox.write([anchoring(town, 1, gas=30_000)])
    town.outbox.send(short)
    receipts = town.outbox.settle(short, 10)
    assert not receipts[0].ok
    town.outbox.record(short, receipts)
    assert [s.hash for s in town.outbox.find(state=FAILED)] == [short[0].hash]
    assert anchored(town) == []


def test_the_results_of_any_number_of_open_transactions_are_recorded(
    town: Town, tmp_path: Path
) -> None:
    sent = town.outbox.write([anchoring(town, place) for place in range(130)])
    while town.outbox.flush():
        time.sleep(0.05)
    proxy = FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    proxy.wants = lambda question: question.count(b'"method"') > MAX_CALLS_AT_ONCE
    proxy.fault = dropped  # as a node that refuses so many calls at once
    behind = town.process(proxy.endpoint)
    assert behind.outbox.settle_open(lambda: behind.mirror.sync()[0].block_number) == 0
    assert {each.hash for each in sent} <= {each.hash for each in behind.outbox.find(state=MINED)}
    proxy.close()


def test_a_later_nonce_sent_first_waits_and_the_missing_one_is_sent_for_it(town: Town) -> None:
    first, second = town.outbox.write([anchoring(town, 1), anchoring(town, 2)])
    town.outbox.send([second])
    assert [r.ok for r in town.outbox.settle([second], 10)] == [True]  # flushed meanwhile
    assert [r.ok for r in town.outbox.settle([first], 10)] == [True]


@pytest.mark.parametrize("fault", [dropped, truncated, doubled, delayed(0.4)])
def test_the_outcome_is_looked_up_by_hash_whatever_the_sending_returned(
    town: Town, tmp_path: Path, fault: Fault
) -> None:
    proxy = FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    proxy.wants = lambda question: b"eth_sendRawTransaction" in question
    proxy.fault = fault
    chain = Chain(proxy.endpoint, timeout_s=0.3)
    outbox = Outbox(town.engine, chain, town.account)
    sent = outbox.write([anchoring(town, 5)])
    outbox.send(sent)
    assert outbox.settle(sent, 10)[0].ok
    assert anchored(town) == [5]
    proxy.close()


def test_a_transaction_not_mined_in_time_is_stored_and_reported(
    own_town: Town, own_geth: Geth
) -> None:
    sent = own_town.outbox.write([anchoring(own_town, 1)])
    own_geth.kill()
    own_town.outbox.send(sent)
    with pytest.raises(LedgerUnavailable, match="stored"):
        own_town.outbox.settle(sent, 0.3)
    with pytest.raises(LedgerUnavailable):
        own_town.outbox.flush()
    own_geth.start()
    assert own_town.outbox.settle(sent, 10)[0].ok


def test_an_account_that_never_wrote_needs_the_chain_once(own_geth: Geth, tmp_path: Path) -> None:
    town = make_town(tmp_path / "town", own_geth.endpoint, time.time())
    own_geth.kill()
    fresh = Outbox(town.engine, town.chain, RelayerAccount(b"\x08" * 32))
    with pytest.raises(LedgerUnavailable):
        fresh.write([anchoring(town, 1)])
    assert town.outbox.write([anchoring(town, 1)])[0].nonce == 2


def test_a_database_that_cannot_be_written_is_a_refusal(town: Town) -> None:
    with town.engine.begin() as connection:
        connection.execute(sa.text("drop table consent_outbox"))
    with pytest.raises(LedgerUnavailable, match="written"):
        town.outbox.write([anchoring(town, 1)])
    with pytest.raises(LedgerUnavailable, match="read"):
        town.outbox.pending()


def test_a_transaction_too_large_for_a_pool_is_never_written(town: Town) -> None:
    with pytest.raises(ValueError, match="too large"):
        town.outbox.write(
            [Intent("anchor", Payload(to=town.deployment.contract, data=b"\1" * 131_072, gas=1))]
        )
    assert town.outbox.find("anchor") == []


def test_fees_follow_the_chain_and_never_offer_a_miner_nothing(town: Town) -> None:
    fees = town.chain.fees()
    assert fees.tip >= 1
    assert fees.max_fee > fees.tip
    town.outbox.nonces.renew_fees()
    with town.engine.connect() as connection:
        saved = connection.execute(sa.text("select fee_most from consent_outbox_writer")).scalar()
    assert int(str(saved)) >= fees.tip
    town.outbox.nonces.renew_fees()


def write_some(url: str, endpoint: str, contract: str, places: range, proxied: Path) -> None:
    """Runs in a process of its own, whose node spoils every other answer to a transaction sent."""
    proxy = FaultProxy(endpoint, proxied)
    proxy.wants = lambda question: b"eth_sendRawTransaction" in question
    faults = cycle([dropped, passed, truncated, passed, doubled, passed, delayed(0.4), passed])
    proxy.fault = lambda answer: next(faults)(answer)
    outbox = Outbox(make_engine(url), Chain(proxy.endpoint, timeout_s=0.3), RelayerAccount(RELAYER))
    for place in places:
        data = encode_call(ANCHOR, word(1), word(place), place)
        sent = outbox.write([Intent("anchor", Payload(to=contract, data=data, gas=200_000))])
        outbox.send(sent)
    proxy.close()


def test_processes_that_write_at_once_have_each_transaction_mined_exactly_once(
    town: Town, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    arguments = (town.url, town.endpoint, town.deployment.contract)
    processes = [
        context.Process(
            target=write_some,
            args=(*arguments, range(n * WRITES, (n + 1) * WRITES), tmp_path / f"{n}.ipc"),
        )
        for n in range(WRITERS)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    while town.outbox.flush():  # as the worker does: it sends what no answer acknowledged
        time.sleep(0.05)
    sent = town.outbox.find("anchor")
    assert all(receipt.ok for receipt in town.outbox.settle(sent, 60))
    assert sorted(anchored(town)) == list(range(WRITERS * WRITES))
    assert [s.nonce for s in sent] == list(range(sent[0].nonce, sent[0].nonce + len(sent)))
    print(f"{WRITERS} writers x {WRITES}: {len(sent)} transactions, each mined once")  # noqa: T201


def test_kills_that_take_the_newest_blocks_lose_nothing(own_town: Town, own_geth: Geth) -> None:
    for round_ in range(3):
        sent = own_town.outbox.write([anchoring(own_town, round_ * 10 + i) for i in range(6)])
        own_town.outbox.send(sent)
        receipts = own_town.outbox.settle(sent, 20)
        own_town.outbox.record(sent, receipts)
        own_geth.kill()
        own_geth.start()
        while own_town.outbox.flush():
            time.sleep(0.05)
    assert anchored(own_town) == [r * 10 + i for r in range(3) for i in range(6)]
    assert {s.nonce for s in own_town.outbox.find(state=MINED)} == set(range(20))


def test_postgresql_keeps_the_same_promises(own_geth: Geth, postgres_template: str) -> None:
    town = Town(new_database(postgres_template), own_geth.endpoint, Clock(time.time()))
    patient = town.patient()
    granted = [patient.grants(town.now_s()) for _ in range(3)]
    assert all(outcome.ok for outcome in town.bring(*granted))
    assert town.bring(patient.withdraws(granted[0]))[0].ok
    others = [town.process() for _ in range(3)]
    failures: list[str] = []

    def write(which: Town, first: int) -> None:
        for place in range(first, first + 5):
            which.relayer.anchor("card", word(place), place)
        failures.extend(o.reason for o in which.bring(patient.grants(which.now_s())) if not o.ok)

    threads = [
        threading.Thread(target=write, args=(which, 100 * i)) for i, which in enumerate(others)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    result = town.mirror.sync()[1]
    assert len(result.grants.subject) == 6
    own_geth.kill()
    own_geth.start()
    while town.outbox.flush():
        time.sleep(0.05)
    fresh = town.process().mirror.sync()[0]
    assert (fresh.count, fresh.head) == (result.count, result.head)
    town.process().mirror.rebuild()
    assert town.process().mirror.sync()[0].head == result.head
