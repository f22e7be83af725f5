"""Measures deposits: records sealed, pinned and anchored, against Kubo's own import of the same."""

from __future__ import annotations

import argparse
import json
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

from consent import ConsentLedger, LedgerSettings, RelayerAccount, open_ledger
from deploy.database import make_engine, metadatas
from deploy.nodes import GethNode, KuboEndpoint, KuboNode, find_or_build
from records.mapping import Mapping
from records.table import read_table
from storage import Kubo, Record, RecordStore

CHAIN_ID = 8686
GOAL = 0.5
CACHE = Path(os.environ.get("VOUCHSAFE_CACHE", Path.home() / ".cache" / "vouchsafe"))
EXAMPLE = Path(__file__).resolve().parent.parent / "deploy" / "examples" / "nhanes"


@dataclass(frozen=True)
class Bench:
    """An install of the benchmark's own, on real nodes."""

    home: Path
    store: RecordStore
    ledger: ConsentLedger
    kubo: KuboEndpoint


@contextmanager
def install() -> Iterator[Bench]:
    """Start a Kubo and a chain, open a safe on them, and stop them in the end."""
    key = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory(prefix="vouchsafe-bench-") as folder:
        home = Path(folder)
        account = RelayerAccount(key).address
        geth = GethNode(find_or_build("geth", CACHE, os.environ), home / "chain", account, CHAIN_ID)
        kubo = KuboNode(find_or_build("ipfs", CACHE, os.environ), home / "kubo")
        try:
            chain, ipfs = geth.start(), kubo.start()
            engine = make_engine(f"sqlite:///{home / 'bench.db'}")
            for metadata in metadatas():
                metadata.create_all(engine)
            named = LedgerSettings(chain.url, "single", home / "ledger.json", key)
            ledger = open_ledger(engine, time.time, named)
            blocks = Kubo(lambda: (ipfs.multiaddr, ipfs.authorization))
            store = RecordStore(engine, blocks, ledger, home, time.time)
            store.unseal("bench")
            yield Bench(home, store, ledger, ipfs)
            engine.dispose()
        finally:
            kubo.stop()
            geth.stop()


def documents() -> tuple[list[bytes], list[Record]]:
    """Return the subjects and the records of NHANES, about seven a person."""
    mapping = Mapping.load(EXAMPLE / "mapping.toml")
    subjects, records = [], []
    for row in read_table(EXAMPLE / "table.csv", mapping, only_good=True):
        subjects.append(secrets.token_bytes(32))
        records += row.records(subjects[-1], "organisation:bench")
    return subjects, records


def imported_s(kubo: KuboEndpoint, car: Path) -> float:
    """Return how long Kubo takes to import a file and pin its root, with nothing of ours."""
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


def rival_s(kubo: KuboEndpoint, sealed: Path, folder: Path) -> float:
    """Return how long Kubo takes for other bytes of the same shape: the same would be there."""
    total_s = 0.0
    for car in sorted(sealed.glob("*.car")):
        total_s += imported_s(kubo, twin(car, folder / "twin.car"))
    return total_s


def twin(car: Path, path: Path) -> Path:
    """Write a CAR file with as many blocks of the same sizes, of random bytes."""
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
    """Deposit and import in turn, so that both meet the same machine."""
    _, records = documents()
    ours, theirs = [], []
    with install() as bench:
        sealed = bench.home / "sealed"
        for _ in range(rounds):
            for car in sealed.glob("*.car"):
                car.unlink()
            started = time.perf_counter()
            bench.store.deposits.deposit(records)
            ours.append(time.perf_counter() - started)
            theirs.append(rival_s(bench.kubo, sealed, bench.home))
    our_s, their_s = statistics.median(ours), statistics.median(theirs)
    return {
        "records": len(records),
        "our_records_a_second": round(len(records) / our_s, 1),
        "kubo_records_a_second": round(len(records) / their_s, 1),
        "share_of_kubo": round(their_s / our_s, 3),
        "goal": GOAL,
    }


def main() -> None:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
