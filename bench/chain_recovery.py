"""Measures how soon requests are refused, and served again, when a real chain node fails."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bench.command import print_figures
from bench.deposit import Bench, documents, install
from bench.permissions import permit
from consent import MLTRAINING, LedgerUnavailable
from consent.rpc import Rpc
from storage import AccessRequest

STUDY = "study:bench"
PEOPLE = 30
GOAL_REFUSED_S = 2.0
GOAL_SERVED_S = 10.0
HANG_S = 5.0
GIVE_UP_S = 120.0
REQUEST = AccessRequest(STUDY, MLTRAINING, None, None, None, "a benchmark")


class Faults:
    """Fails the chain node of a benchmark's installation, and times what requests meet."""

    def __init__(self, bench: Bench, records: int) -> None:
        """Note how many records a request is served when all is well."""
        self._bench = bench
        self._records = records
        self.refused_s: list[float] = []
        self.served_after_s: dict[str, list[float]] = {"kill": [], "hang": []}

    def kill(self) -> None:
        """Kill the node; the time counts from when the restarted one answers by itself."""
        pid = self._pid()
        os.kill(pid, signal.SIGKILL)
        answered_s = 0.0
        began_s = time.monotonic()
        while not answered_s:
            self._ask()
            if self._node_answers() and self._pid() != pid:
                answered_s = time.monotonic()
            _require_before(began_s, "the node was not started again")
        self.served_after_s["kill"].append(self.until_served(answered_s))

    def hang(self) -> None:
        """Stop the node for some seconds; the time counts from when it may run again."""
        pid, began_s = self._pid(), time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        try:
            while time.monotonic() < began_s + HANG_S:
                if self._ask():
                    raise SystemExit("a hanging chain was no refusal")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.served_after_s["hang"].append(self.until_served(time.monotonic()))

    def until_served(self, since_s: float) -> float:
        """Return how long after this moment a request is served."""
        while not self._ask():
            _require_before(since_s, "service did not return")
            time.sleep(0.05)
        return time.monotonic() - since_s

    def _ask(self) -> bool:
        """Return whether a request is served whole; a refusal is timed."""
        began_s = time.monotonic()
        try:
            served = len(self._bench.store.vault.gather(REQUEST).records)
        except LedgerUnavailable:
            self.refused_s.append(time.monotonic() - began_s)
            return False
        if served != self._records:
            raise SystemExit(f"{served} records were served instead of {self._records}")
        return True

    def _pid(self) -> int:
        return int(json.loads((self._chain / "pid.json").read_text())["pid"])

    def _node_answers(self) -> bool:
        rpc = Rpc(self._bench.chain_url, 0.5)
        try:
            return bool(rpc.call("eth_blockNumber"))
        except LedgerUnavailable:
            return False
        finally:
            rpc.close()

    @property
    def _chain(self) -> Path:
        return self._bench.home / "chain"


def _require_before(began_s: float, fault: str) -> None:
    if time.monotonic() > began_s + GIVE_UP_S:
        raise SystemExit(fault)


def measure(rounds: int) -> dict[str, Any]:
    """Kill and stop the node in turn; return the slowest refusal and the slowest returns."""
    subjects, records = documents()
    chosen = set(subjects[:PEOPLE])
    records = [record for record in records if record.subject in chosen]
    with install() as bench:
        bench.store.deposits.deposit(records)
        permit(bench, subjects[:PEOPLE], ((STUDY, MLTRAINING),))
        faults = Faults(bench, len(records))
        faults.until_served(time.monotonic())
        for number in range(rounds):
            faults.kill()
            faults.hang()
            time.sleep(secrets.randbelow(1_000) / 1_000)
            sys.stderr.write(f"chain_recovery: round {number + 1} of {rounds}\n")
    return {
        "rounds": rounds,
        "refusals": len(faults.refused_s),
        "slowest_refusal_s": round(max(faults.refused_s), 2),
        "slowest_after_kill_s": round(max(faults.served_after_s["kill"]), 2),
        "slowest_after_hang_s": round(max(faults.served_after_s["hang"]), 2),
        "goal_refused_s": GOAL_REFUSED_S,
        "goal_served_s": GOAL_SERVED_S,
    }


if __name__ == "__main__":
    print_figures(measure, __doc__, "rounds", 20)
