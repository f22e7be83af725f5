"""Measures the intake of FHIR resources: speed, also against the least work; size, memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import resource
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from Crypto.Cipher import AES

from bench.command import print_figures
from bench.deposit import install
from services.accounts import Site
from services.custodian.fhir_files import FhirFile
from services.custodian.intake import FhirIntake
from services.custodian.intake_stores import make_intake_stores
from services.custodian.patient_journal import PatientJournal
from services.installation import Installation
from services.requests import PatientDirectory

SAMPLE = (
    Path(__file__).resolve().parent.parent
    / "tests/records/fhir/01-synthea-r4-transaction-small.json.gz"
)
GOAL_RESOURCES_A_SECOND = 5_000
GOAL_SIZE = 0.25
SHARED_KINDS = frozenset({"Organization", "Practitioner"})
SHARED_OF_A_KIND = 2
"""Every Bundle repeats the two of each that the sample has; an export has each of them once."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def copies(people: int) -> Iterator[bytes]:
    """Yield a Synthea Bundle for each person, as written in the sample but with ids of its own."""
    text = gzip.decompress(SAMPLE.read_bytes()).decode()
    entries = orjson.loads(text)["entry"]
    shared = {e["resource"]["id"] for e in entries if e["resource"]["resourceType"] in SHARED_KINDS}

    for person in range(people):

        def renamed(match: re.Match[str], person: int = person) -> str:
            if match[0] in shared:
                return match[0]
            digits = hashlib.sha256(f"{person}{match[0]}".encode()).hexdigest()
            return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))

        yield _UUID.sub(renamed, text).encode()


def as_ndjson(bundles: Iterator[bytes]) -> dict[str, bytes]:
    """Return one file of each kind of resource, as a Bulk Data export has them."""
    kinds: dict[str, list[bytes]] = {}
    for bundle in bundles:
        for entry in orjson.loads(bundle)["entry"]:
            kind = entry["resource"]["resourceType"]
            if kind not in SHARED_KINDS or len(kinds.setdefault(kind, [])) < SHARED_OF_A_KIND:
                line = orjson.dumps(entry["resource"])
                kinds.setdefault(kind, []).append(line)
    # In an export a reference names the resource's type and id.
    patients = {orjson.loads(line)["id"] for line in kinds["Patient"]}
    for lines in kinds.values():
        for index, line in enumerate(lines):
            for patient in set(_UUID.findall(line.decode())) & patients:
                line = line.replace(f"urn:uuid:{patient}".encode(), f"Patient/{patient}".encode())
            lines[index] = line
    return {f"{kind}.ndjson": b"\n".join(lines) for kind, lines in sorted(kinds.items())}


@contextmanager
def intake() -> Iterator[tuple[Path, FhirIntake]]:
    """Yield the intake of a new installation."""
    with install() as bench:
        engine = bench.engine
        installation = Installation(
            organisation="organisation:bench",
            site=Site.at("http://localhost:8000", "localhost"),
            home=bench.home,
            clock=time.time,
            is_development=True,
            version="0",
        )
        nothing: Any = None  # no model is trained, so none is affected
        yield (
            bench.home,
            FhirIntake(
                store=bench.store,
                directory=PatientDirectory(engine, bench.store, time.time),
                stores=make_intake_stores(engine, bench.store, time.time),
                diagnostics=nothing,
                journal=PatientJournal(
                    ledger=bench.ledger, store=bench.store, installation=installation
                ),
                installation=installation,
            ),
        )


def take(files: dict[str, bytes]) -> dict[str, Any]:
    """Store files in a new installation; return the figures."""
    handed = [FhirFile(name, lambda body=body: io.BytesIO(body)) for name, body in files.items()]
    with intake() as (home, fhir):
        started, cpu = time.perf_counter(), time.process_time()
        report = fhir.store(handed, "", lambda *_: None)
        took_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
        sealed = sum(car.stat().st_size for car in (home / "sealed").glob("*.car"))
    count = sum(report.counts().values())
    source = sum(map(len, files.values()))
    return {
        "resources": count,
        "counts": {name: number for name, number in report.counts().items() if number},
        "took_s": round(took_s, 2),
        "resources_a_second": round(count / took_s),
        "resources_a_second_of_cpu": round(count / cpu_s),
        "sealed_to_source": round(sealed / source, 3),
    }


def handle_plainly(files: dict[str, bytes]) -> float:
    """Return how many resources a second of processor are read, hashed, deflated and encrypted.

    It is the least that any intake does with a resource, and so a measure of the machine.
    """
    key, count, cpu = bytes(32), 0, time.process_time()
    for body in files.values():
        for line in body.split(b"\n"):
            packed = zlib.compress(orjson.dumps(orjson.loads(line)))
            AES.new(key, AES.MODE_GCM, nonce=hashlib.sha256(line).digest()[:12]).encrypt(packed)
            count += 1
    return count / (time.process_time() - cpu)


def measure(people: int) -> dict[str, Any]:
    """Take in a Bundle for each person, then the same as NDJSON."""
    bundles = {f"{number}.json": body for number, body in enumerate(copies(people))}
    forms = {"bundles": bundles, "ndjson": as_ndjson(iter(bundles.values()))}
    figures: dict[str, Any] = {}
    for form, files in forms.items():
        figures |= {f"{form} {name}": value for name, value in take(files).items()}
        speed, plain = figures[f"{form} resources_a_second_of_cpu"], handle_plainly(forms["ndjson"])
        figures |= {f"{form} plain_a_second_of_cpu": round(plain)}
        figures |= {f"{form} times_plain": round(plain / speed, 1)}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return figures | {
        "rss_mb": usage.ru_maxrss // 1024,
        "goal_resources_a_second": GOAL_RESOURCES_A_SECOND,
        "goal_sealed_to_source": GOAL_SIZE,
    }


if __name__ == "__main__":
    print_figures(measure, __doc__, "people", 100)
