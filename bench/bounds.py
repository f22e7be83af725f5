"""Measures memory and pages while strangers send hostile bodies, slow requests and 100 uploads."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

import app
from bench.pages import (
    ORGANISATION,
    PATHS,
    ROLES,
    Person,
    environment_of,
    new_settings,
    settle,
    sign_in,
)
from deploy.nodes.supervisor import Supervisor
from deploy.processes import WebProgram, WorkerProgram
from services.tokens import CUSTODIAN, Tokens
from services.wiring import Services

MEBIBYTE = 2**20
GOAL_RSS_MIB = 512
GOAL_P99_MS = 1000
SENDERS = 100
SLOW_CONNECTIONS = 400
UPLOAD_LINES = 12_000
SAMPLE_S = 0.05
READ_S = 0.3
TIMEOUT_S = 120
REST_S = 20
RETRIES = Retry(total=2, backoff_factor=0)
ATTACKS = ("nothing", "hostile bodies", "slow clients", "slow clients of ten addresses", "uploads")
IMPORT = "/fhir/$import"
RECORDS = "/api/v1/custodian/records"
JSON_TYPE, LINES_TYPE = "application/json", "application/fhir+ndjson"
GZIP = {"Content-Encoding": "gzip"}


@dataclass(frozen=True)
class Body:
    """One hostile request."""

    path: str
    content: bytes
    kind: str = JSON_TYPE
    more: dict[str, str] = field(default_factory=dict)


@dataclass
class Watch:
    """What was seen during one phase."""

    statuses: Counter[int] = field(default_factory=Counter)
    pages_ms: list[float] = field(default_factory=list)
    pages: Counter[int] = field(default_factory=Counter)
    rss: int = 0
    lock: Any = field(default_factory=threading.Lock)


class FromAddress(HTTPAdapter):
    """Connects from one of this machine's loopback addresses."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """See `HTTPAdapter`."""
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def hostile_bodies() -> list[Body]:
    """Return 50 bodies that are deep, long, packed, cut off, of another kind or of wrong types."""
    zeros, deep = bytes(64 * MEBIBYTE), b"[" * 5_000_000
    texts = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"records": NaN}',
    ]
    texts += [
        b'{"records": 1e999}',
        b'{"records": ' + b"9" * 1_000_000 + b"}",
        b'{"records": [null]}',
    ]
    texts += [deep, b'{"a":' * 1_000_000, b"[" * 33 + b"]" * 33, b'{"records": "\\ud800"}']
    texts += [b'{"records": [' + b"{}," * 3_000_000 + b"{}]}", b'{"a": 1, "a": 2}']
    texts += [b"{" + b",".join(b'"%d": 1' % n for n in range(500_000)) + b"}", zeros]
    bodies = [Body(RECORDS, text) for text in texts]
    lines = [
        zeros,
        b"\n" * 15_000_000,
        b"{}\n" * 1_000_000,
        deep,
        b'{"resourceType": 7}\n' * 500_000,
    ]
    lines += [b'{"resourceType": "Patient", "id": "' + b"x" * 15_000_000 + b'"}']
    bodies += [Body(IMPORT, text, LINES_TYPE) for text in lines]
    packed = [gzip.compress(text, 6) for text in (zeros * 16, b"{}\n" * 40_000_000, deep * 20)]
    packed += [gzip.compress(packed[0]), packed[0][:-9], b"\x1f\x8b" + bytes(1_000)]
    bodies += [Body(IMPORT, text, LINES_TYPE) for text in packed]
    bodies += [Body(IMPORT, text, LINES_TYPE, GZIP) for text in packed]
    bodies += [Body("/fhir", text, "application/fhir+json") for text in (deep, zeros, packed[0])]
    for name in ("uploads", "enrolments", "people", "links"):
        bodies.append(Body(f"/api/v1/custodian/{name}", deep))
        bodies.append(Body(f"/api/v1/custodian/{name}", b'{"file": "' + b"A" * 40_000_000 + b'"}'))
    form = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 200_000
    return [*bodies, Body("/custodian/deposits/new", form, "multipart/form-data; boundary=x")]


def upload_of(number: int) -> bytes:
    """Return resources of one new person: some megabytes, as a hospital's system sends them."""
    who = f"bound-{number}"
    patient = {"resourceType": "Patient", "id": who, "identifier": [{"value": who}]}
    seen = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{who}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {"value": 70, "code": "kg"},
    }
    made = (
        {**seen, "id": f"{who}-{n}", "effectiveDateTime": f"20{n % 20 + 1:02}-01-02"}
        for n in range(UPLOAD_LINES)
    )
    return b"\n".join(json.dumps(each).encode() for each in (patient, *made))


def send(origin: str, body: Body, token: str, address: str) -> int:
    """Return the status of the answer; 0 if the connection was cut off."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": body.kind, **body.more}
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", FromAddress(address))
        try:
            answer = session.post(
                origin + body.path, body.content, headers=headers, timeout=TIMEOUT_S
            )
            return answer.status_code
        except requests.RequestException:
            return 0


def address_of(number: int) -> str:
    """Return one of this machine's loopback addresses, which count as different callers."""
    return f"127.0.1.{number % 250 + 1}"


def send_all(origin: str, bodies: Sequence[Body], tokens: Sequence[str]) -> Counter[int]:
    """Send all at once, each by an account and from an address of its own."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        each = range(len(bodies))
        statuses = pool.map(lambda n: send(origin, bodies[n], tokens[n], address_of(n)), each)
        return Counter(statuses)


def trickle(origin: str, seconds: float, addresses: int) -> Counter[int]:
    """Hold connections whose requests never end, a byte a second each; count those cut off."""
    host = urlsplit(origin)
    head = b"POST /api/v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    until_s, cut_off = time.monotonic() + seconds, 0
    connections: list[socket.socket] = []
    while time.monotonic() < until_s:
        while len(connections) < SLOW_CONNECTIONS:
            source = (address_of(len(connections) % addresses), 0)
            try:
                made = socket.create_connection(("127.0.0.1", host.port or 80), 5, source)
                made.sendall(head)
            except OSError:
                cut_off += 1
                break
            connections.append(made)
        time.sleep(1)
        for each in list(connections):
            try:
                each.sendall(b".")
            except OSError:
                connections.remove(each)
                cut_off += 1
    for each in connections:
        each.close()
    return Counter({0: cut_off})


def click_through(person: Person, place: int, watch: Watch, over: threading.Event) -> None:
    """Let somebody open one of their pages after the other, until it is over."""
    chance = random.Random(place)  # noqa: S311 - a draw, no secret
    while not over.wait(chance.uniform(READ_S, 3 * READ_S)):
        began_s, path = time.perf_counter(), chance.choice(PATHS[person.account.role])
        try:
            status = person.session.get(person.origin + path, timeout=TIMEOUT_S).status_code
        except requests.RequestException:
            status = 0
        with watch.lock:
            watch.pages_ms.append(1000 * (time.perf_counter() - began_s))
            watch.pages[status] += 1


def sample(processes: list[psutil.Process], watch: Watch, over: threading.Event) -> None:
    """Keep the greatest memory of any of these processes, until it is over."""
    while not over.wait(SAMPLE_S):
        watch.rss = max(watch.rss, *(process.memory_info().rss for process in processes))


@contextmanager
def watched(people: list[Person], processes: list[psutil.Process]) -> Iterator[Watch]:
    """Let people click through their pages, and sample the memory, until the phase ends."""
    watch, over = Watch(), threading.Event()
    threads = [threading.Thread(target=sample, args=(processes, watch, over))]
    threads += [
        threading.Thread(target=click_through, args=(person, place, watch, over))
        for place, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    try:
        yield watch
    finally:
        over.set()
        for thread in threads:
            thread.join()


def figures_of(watch: Watch) -> dict[str, Any]:
    """Return what a phase showed."""
    times = sorted(watch.pages_ms)
    return {
        "statuses": dict(sorted(watch.statuses.items())),
        "pages": dict(sorted(watch.pages.items())),
        "page_p50_ms": round(times[len(times) // 2], 1),
        "page_p99_ms": round(times[int(0.99 * len(times))], 1),
        "greatest_rss_mib": round(watch.rss / MEBIBYTE),
    }


def measure(people_count: int, seconds: int) -> dict[str, Any]:
    """Return the figures of each phase."""
    with tempfile.TemporaryDirectory() as folder:
        settings = new_settings(Path(folder))
        environment = {**os.environ, **environment_of(settings)}
        with app.open_services(settings) as services:
            subjects = iter(settle(services, Path(folder), people_count).subjects().values())
            people = [
                sign_in(services, role, next(subjects) if role == "patient" else None)
                for role in ROLES
            ]
            programs = (WebProgram(settings, environment), WorkerProgram(settings, environment))
            supervisors = [Supervisor(program) for program in programs]
            for supervisor in supervisors:
                supervisor.start()
            try:
                for person in people:
                    # As browsers do: an idle connection that was closed is opened again.
                    person.session.mount("http://", HTTPAdapter(max_retries=RETRIES))
                return phases(services, people, supervisors, seconds)
            finally:
                for supervisor in supervisors:
                    supervisor.stop()


def phases(
    services: Services, people: list[Person], supervisors: list[Supervisor], seconds: int
) -> dict[str, Any]:
    """Measure each attack in turn, sent from a process of its own."""
    tokens = Tokens(services.engine, services.installation.clock)
    given = {
        "origin": services.installation.site.origin,
        "tokens": [tokens.create(CUSTODIAN, ORGANISATION, 1)[1] for _ in range(SENDERS)],
        "seconds": seconds,
    }
    tops = [psutil.Process(status.pid) for s in supervisors if (status := s.status()).pid]
    processes = [p for top in tops for p in (top, *top.children(recursive=True))]
    figures: dict[str, Any] = {}
    for name in ATTACKS:
        with watched(people, processes) as watch:
            done = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", "bench.bounds", "--attack", name],
                input=json.dumps(given),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            watch.statuses += Counter(
                {int(status): count for status, count in json.loads(done.stdout).items()}
            )
        figures[name] = figures_of(watch)
        time.sleep(REST_S)
    return figures | {"goal_rss_mib": GOAL_RSS_MIB, "goal_page_p99_ms": GOAL_P99_MS}


def attack(name: str, origin: str, tokens: list[str], seconds: float) -> Counter[int]:
    """Send what this attack sends; return the statuses of the answers."""
    if name == "hostile bodies":
        return send_all(origin, hostile_bodies(), tokens)
    if name == "uploads":
        uploads = [Body(IMPORT, upload_of(n), LINES_TYPE) for n in range(SENDERS)]
        return send_all(origin, uploads, tokens)
    if name == "nothing":
        time.sleep(seconds)
        return Counter()
    return trickle(origin, seconds, 1 if name == "slow clients" else 10)


def main() -> None:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--attack", choices=ATTACKS, help="sent to the origin named on stdin")
    options = parser.parse_args()
    if options.attack:
        print(json.dumps(attack(options.attack, **json.load(sys.stdin))))
        return
    print(json.dumps(measure(options.people, options.seconds)))


if __name__ == "__main__":
    main()
