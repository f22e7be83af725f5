"""Sends requests at fixed moments, whatever came of the ones before, from a process of its own."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 32
TIMEOUT_S = 300
HEAD_START_S = 0.2
MAX_IDLE_S = 1.0
"""A web process closes a connection that was idle for two seconds."""


@dataclass(frozen=True)
class Load:
    """Requests to one path: the one of number n is due n / `rate_per_s` seconds after the start.

    Attributes:
        origin, path: where they go.
        tokens, bodies: each request has the next of both.
        rate_per_s: how many are due in a second, evenly spaced.
        count: how many there are.
    """

    origin: str
    path: str
    tokens: Sequence[str]
    bodies: Sequence[Any]
    rate_per_s: float
    count: int


def send_from_own_process(load: Load) -> list[float]:
    """Return the milliseconds from when each request was due to the end of its answer, ascending.

    Raises:
        SystemExit: the clients failed, or an answer is not a 2xx.
    """
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.clients"],
        cwd=ROOT,
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit("the clients of the benchmark failed")
    answers = json.loads(done.stdout)
    refused = sorted({status for status, _ in answers if status // 100 != 2})
    if refused:
        raise SystemExit(f"requests of the benchmark had the status {refused}")
    return sorted(took_ms for _, took_ms in answers)


def send(load: Load) -> list[tuple[int, float]]:
    """Return the status of each request, and its milliseconds from when it was due."""
    host, mine = urlsplit(load.origin), threading.local()
    first_s = time.perf_counter() + HEAD_START_S

    def send_one(number: int) -> tuple[int, float]:
        due_s = first_s + number / load.rate_per_s
        time.sleep(max(0.0, due_s - time.perf_counter()))
        if time.perf_counter() - getattr(mine, "used_s", 0.0) > MAX_IDLE_S:
            mine.connection = http.client.HTTPConnection(
                host.hostname or "", host.port, timeout=TIMEOUT_S
            )
        token = load.tokens[number % len(load.tokens)]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(load.bodies[number % len(load.bodies)])
        mine.connection.request("POST", load.path, body, headers)
        answer = mine.connection.getresponse()
        answer.read()
        mine.used_s = time.perf_counter()
        return answer.status, 1000 * (time.perf_counter() - due_s)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(send_one, range(load.count)))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(send(Load(**json.load(sys.stdin)))))
