"""Measures grants: from signed messages to confirmed and mirrored, on a chain of its own."""

from __future__ import annotations

import argparse
import json
import os
import resource
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.terms import RESEARCH_TERMS
from consent import (
    ConsentLedger,
    Enrolment,
    Grant,
    LedgerSettings,
    Message,
    Outcome,
    RelayerAccount,
    Signed,
    digest,
    open_ledger,
)
from consent.chain import Chain
from consent.signatures import SigningKey
from consent.tables import METADATA
from deploy.database import make_engine
from deploy.nodes import GethNode, find_or_build

CHAIN_ID = 8686
MAX_GAS_A_GRANT = 40_000
MIN_GRANTS_A_SECOND = 1_500
CACHE = Path(os.environ.get("VOUCHSAFE_CACHE", Path.home() / ".cache" / "vouchsafe"))


def sign(ledger: ConsentLedger, messages: list[Message], keys: list[SigningKey]) -> list[Signed]:
    """Return the messages as their patients sign them; this is the patients' time, not ours."""
    domain = ledger.domain()
    return [
        Signed(message, key.address, key.sign(digest(domain, message)))
        for message, key in zip(messages, keys, strict=True)
    ]


def measure(ledger: ConsentLedger, chain: Chain, count: int) -> dict[str, Any]:
    """Enrol `count` patients, bring one grant of each, and return what it took."""
    keys = [SigningKey(secrets.token_bytes(32)) for _ in range(count)]
    subjects = [secrets.token_bytes(32) for _ in range(count)]
    custodian = ledger.custodian()
    pairs = list(zip(subjects, keys, strict=True))
    enrolments = sign(ledger, [Enrolment(s, custodian, k.address) for s, k in pairs], keys)
    started = time.perf_counter()
    require_ok(ledger.enrol(enrolments))
    enrolled_s = time.perf_counter() - started
    now_s = int(time.time())
    grants: list[Message] = [
        Grant(s, replace(RESEARCH_TERMS, salt=secrets.token_bytes(32)), now_s - 1, now_s + 10**7)
        for s in subjects
    ]
    signed = sign(ledger, grants, keys)
    cpu_s = used_s()
    started = time.perf_counter()
    outcomes = ledger.grant(signed)
    granted_s = time.perf_counter() - started
    cpu_s = used_s() - cpu_s
    require_ok(outcomes)
    names = dict.fromkeys(outcome.transaction_hash for outcome in outcomes)
    receipts = [chain.receipts([bytes.fromhex(name[2:])])[0] for name in names]
    gas = [receipt.gas_used for receipt in receipts if receipt is not None]
    started = time.perf_counter()
    for _ in range(100):
        view = ledger.view()
    return {
        "grants": count,
        "grants_a_second": round(count / granted_s, 1),
        "our_cpu_microseconds_a_grant": round(cpu_s / count * 1e6, 1),
        "enrolments_a_second": round(count / enrolled_s, 1),
        "gas_a_grant_in_batches_of_100": round(sum(gas) / count),
        "view_with_nothing_new_ms": round((time.perf_counter() - started) * 10, 3),
        "chain_clock_ahead_s": view.block_time_s - view.seen_at_s,
    }


def require_ok(outcomes: list[Outcome]) -> None:
    """Count nothing that was refused."""
    refused = {outcome.reason for outcome in outcomes if not outcome.ok}
    if refused:
        raise SystemExit(f"not all were taken: {refused}")


def used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the figures as JSON; the node is started for this and stopped again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    geth = find_or_build("geth", CACHE, os.environ)
    key = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory(prefix="vouchsafe-bench-") as folder:
        home = Path(folder)
        node = GethNode(geth, home / "chain", RelayerAccount(key).address, CHAIN_ID)
        try:
            endpoint = node.start()
            engine = make_engine(f"sqlite:///{home / 'bench.db'}")
            METADATA.create_all(engine)
            install = LedgerSettings(endpoint.url, "single", home / "ledger.json", key)
            ledger = open_ledger(engine, time.time, install)
            figures = measure(ledger, Chain(endpoint.url), count)
            engine.dispose()
        finally:
            node.stop()
    figures["as_promised"] = (
        figures["grants_a_second"] >= MIN_GRANTS_A_SECOND
        and figures["gas_a_grant_in_batches_of_100"] <= MAX_GAS_A_GRANT
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
