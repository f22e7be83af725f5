"""Kills imports of FHIR files at random commits, repeats them, and compares what is stored.

`PYTHONPATH=tests:. python tests/killed_imports.py --points 50` prints how many were killed, and
fails if one of them ended with other documents.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import sqlalchemy as sa
from memory_store import Custodian, empty_database

from services.custodian.fhir_files import FhirFile

PEOPLE, OBSERVATIONS = 3, 4
MAX_POINT = 30
"""An import of these files has about as many points; a later one kills nothing."""


def bundle(person: int) -> bytes:
    """Return a Bundle with a patient and observations of two days."""
    resources = [
        {"resourceType": "Patient", "id": f"p{person}", "identifier": [{"value": f"V-{person}"}]},
        *(
            {
                "resourceType": "Observation",
                "id": f"o{person}-{number}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": f"{number}-1"}]},
                "subject": {"reference": f"Patient/p{person}"},
                "effectiveDateTime": f"2024-03-0{1 + number % 2}",
                "valueQuantity": {"value": 1.50, "code": "mg/dL"},
            }
            for number in range(OBSERVATIONS)
        ),
    ]
    entries = [{"resource": resource} for resource in resources]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def take_in(home: Path) -> Custodian:
    """Finish what was interrupted, and take every file in; two files are about the same person."""
    custodian = Custodian(home)
    custodian.store.deposits.finish_unfinished()
    bodies = [*map(bundle, range(PEOPLE)), bundle(0)]
    files = [FhirFile(f"{n}.json", lambda b=b: io.BytesIO(b)) for n, b in enumerate(bodies)]
    custodian.intake.store(files, "", lambda *_: None)
    return custodian


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a process of its own; return its exit status, negative for a signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def killed(home: Path, point: int) -> None:
    """Take the files in, and die at a commit: just before it if `point` is odd, else after."""
    commits = 0

    def count(*_: object) -> None:
        nonlocal commits
        commits += 1
        if commits == 1 + point // 2:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "commit" if point % 2 else "begin", count)
    take_in(home)


def check(home: Path) -> None:
    """Repeat the import; require each resource once, in documents of which none is half there."""
    custodian = take_in(home)
    stored = Counter(line for record in custodian.stored() for line in record.resources)
    assert len(stored) == stored.total() == PEOPLE * (1 + OBSERVATIONS)
    assert custodian.store.deposits.finish_unfinished() == 0
    assert custodian.parked.count() == 0


def main() -> None:
    """Kill at as many points as are asked for, and exit with 1 if one of them lost anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    draw, kills = random.Random(chosen.seed), 0
    empty_database()  # made here once, and not in each process
    for point in draw.choices(range(MAX_POINT), k=chosen.points):
        with tempfile.TemporaryDirectory(prefix="vouchsafe-killed-") as folder:
            home = Path(folder)
            kills += in_child(lambda home=home, point=point: killed(home, point)) < 0
            if in_child(lambda home=home: check(home)):
                sys.exit(f"after a kill at point {point} the import does not end the same")
    sys.stdout.write(f"{kills} kills of {chosen.points} imports; the same documents, once each\n")


if __name__ == "__main__":
    main()
