"""Measures deposits (sealed, pinned, anchored) against Kubo's own import of as many bytes."""

from __future__ import annotations

import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from bench.command import print_figures
from consent import ConsentLedger, LedgerSettings, RelayerAccount, open_ledger
from deploy.database import make_engine, metadatas
from deploy.nodes import GethNode, KuboEndpoint, KuboNode, find_or_build
from deploy.settings import PACKED_BLOCKS
from records.mapping import Mapping
from records.table import read_table
from storage import Kubo, Record, RecordStore

CHAIN_ID = 8686
GOAL = 0.5
CACHE = Path(os.environ.get("VOUCHSAFE_CACHE", Path.home() / ".cache" / "vouchsafe"))
PACKED = os.environ.get("VOUCHSAFE_BLOCKS") == PACKED_BLOCKS
EXAMPLE = Path(__file__).resolve().parent.parent / "deploy" / "examples" / "nhanes"


@dataclass(frozen=True)
class Bench:
    """An installation for one benchmark, on real nodes."""

    home: Path
    store: RecordStore
    ledger: ConsentLedger
    kubo: KuboEndpoint
    engine: sa.Engine
    chain_url: str


@contextmanager
def install(*, packed: bool = PACKED) -> Iterator[Bench]:
    """Start a Kubo node and a chain with a record store on them; stop both at the end."""
    key = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory(prefix="vouchsafe-bench-") as folder:
        home = Path(folder)
        account = RelayerAccount(key).address
        geth = GethNode(find_or_build("geth", CACHE, os.environ), home / "chain", account, CHAIN_ID)
        ipfs_binary = find_or_build("ipfs", CACHE, os.environ)
        kubo = KuboNode(ipfs_binary, home / "kubo", packed=packed)
        try:
            chain, ipfs = geth.start(), kubo.start()
            engine = make_engine(f"sqlite:///{home / 'bench.db'}")
            for metadata in metadatas():
                metadata.create_all(engine)
            settings = LedgerSettings(chain.url, "single", home / "ledger.json", key)
            ledger = open_ledger(engine, time.time, settings)
            blocks = Kubo(lambda: (ipfs.multiaddr, ipfs.authorization))
            store = RecordStore(engine, blocks, ledger, home, time.time)
            store.unseal("bench")
            yield Bench(home, store, ledger, ipfs, engine, chain.url)
            engine.dispose()
        finally:
            kubo.stop()
            geth.stop()


def documents() -> tuple[list[bytes], list[Record]]:
    """Return the subjects and records of NHANES, about seven records a person."""
    mapping = Mapping.load(EXAMPLE / "mapping.toml")
    subjects, records = [], []
    for row in read_table(EXAMPLE / "table.csv", mapping, only_good=True):
        subjects.append(secrets.token_bytes(32))
        records += row.records(subjects[-1], "organisation:bench")
    return subjects, records


def import_s(kubo: KuboEndpoint, car: Path) -> float:
    """Return how long Kubo alone takes to import a CAR file and pin its root, in seconds."""
    with requests.Session() as session, car.open("rb") as file:
        session.trust_env = False
        started = time.perf_counter()
        answer = session.post(
            f"{kubo.api_url}/api/v0/dag/import",
            params={"pin-roots": "true", "allow-big-block": "true"},
            headers=kubo.headers(),
            files={"file": file},
            timeout=600,
        )
        answer.raise_for_status()
        return time.perf_counter() - started


def import_all_s(kubo: KuboEndpoint, sealed: Path, folder: Path) -> float:
    """Return how long Kubo takes for other bytes of the same sizes: equal ones would be stored."""
    total_s = 0.0
    for car in sorted(sealed.glob("*.car")):
        total_s += import_s(kubo, write_random_car(car, folder / "random.car"))
    return total_s


def write_random_car(car: Path, path: Path) -> Path:
    """Write a CAR file of random bytes with as many blocks of the same sizes."""
    from storage.car import links_block, raw_cid, read_car, root_cid, write_car

    with car.open("rb") as file:
        sizes = [len(block) for cid, block in read_car(file) if cid[:2] == b"\x01\x55"]
    blocks = [secrets.token_bytes(size) for size in sizes]
    cids = [raw_cid(block) for block in blocks]
    links = links_block(cids)
    root = root_cid(links)
    with path.open("wb") as file:
        write_car(file, root, [*zip(cids, blocks, strict=True), (root, links)])
    return path


def measure(rounds: int) -> dict[str, Any]:
    """Deposit and import alternately, so that both run under the same conditions."""
    _, records = documents()
    deposits_s, imports_s = [], []
    with install() as bench:
        sealed = bench.home / "sealed"
        for _ in range(rounds):
            for car in sealed.glob("*.car"):
                car.unlink()
            started = time.perf_counter()
            bench.store.deposits.deposit(records)
            deposits_s.append(time.perf_counter() - started)
            imports_s.append(import_all_s(bench.kubo, sealed, bench.home))
    our_s, their_s = statistics.median(deposits_s), statistics.median(imports_s)
    return {
        "records": len(records),
        "our_records_a_second": round(len(records) / our_s, 1),
        "kubo_records_a_second": round(len(records) / their_s, 1),
        "share_of_kubo": round(their_s / our_s, 3),
        "goal": GOAL,
    }


if __name__ == "__main__":
    print_figures(measure, __doc__, "rounds", 3)
