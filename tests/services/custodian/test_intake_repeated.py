"""FHIR intake that is killed anywhere, or corrected in part, ends as one that was not."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from memory_store import Custodian, MemoryBlocks

from deploy.demo.fhir_story import EXAMPLES
from deploy.demo.nafld_fhir import PERSON_SYSTEM, CodedResource, nafld_resources, person_number
from records.events import EventBuilder
from records.json_strict import dumps_exact
from services.custodian.fhir_files import FhirFile
from services.custodian.intake import IntakeReport
from storage.car import raw_cid, read_car

PEOPLE = 20
POINTS = 50
SYSTEMS = (PERSON_SYSTEM,)


class KeptBlocks(MemoryBlocks):
    """Blocks that outlive their process, in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.blocks = {bytes.fromhex(path.name): path.read_bytes() for path in folder.iterdir()}

    def import_car(self, car: Path, root: bytes) -> None:
        with car.open("rb") as file:
            for _, block in read_car(file):
                self.blocks[raw_cid(block)] = block
                (self.folder / raw_cid(block).hex()).write_bytes(block)


def custodian_at(home: Path) -> Custodian:
    home.mkdir(exist_ok=True)
    return Custodian(home, SYSTEMS, blocks=KeptBlocks(home / "blocks"))


@cache
def study() -> list[CodedResource]:
    return list(nafld_resources(EXAMPLES, PEOPLE))


def resources_of(people: set[int]) -> list[dict[str, Any]]:
    return [each.content for each in study() if each.person in people]


def send(custodian: Custodian, resources: list[dict[str, Any]]) -> IntakeReport:
    body = b"\n".join(map(orjson.dumps, resources))
    return custodian.intake.store([FhirFile("n", lambda: io.BytesIO(body))], "", lambda *_: None)


def contents(custodian: Custodian) -> Counter[bytes]:
    return Counter(line for record in custodian.stored() for line in record.resources)


def killed_at(home: Path, resources: list[dict[str, Any]], statement: int) -> None:
    """Deliver in a process that is killed at this statement of its database."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == -signal.SIGKILL, f"the delivery ended by itself: {status}"
        return
    try:
        _deliver_until(home, resources, statement)
    finally:
        os._exit(1)  # never back into pytest, which is the parent's


def _deliver_until(home: Path, resources: list[dict[str, Any]], statement: int) -> None:
    custodian, count = custodian_at(home), 0

    def die(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(custodian.engine, "before_cursor_execute", die)
    sa.event.listen(custodian.engine, "commit", die)
    send(custodian, resources)


def test_a_delivery_killed_at_fifty_points_ends_with_the_same_documents_once_each(
    tmp_path: Path,
) -> None:
    resources = resources_of({1, 2})
    expected = Counter(map(dumps_exact, resources))
    drawn, statements = random.Random(3), 0
    whole = custodian_at(tmp_path / "whole")

    def tick(*_: Any) -> None:
        nonlocal statements
        statements += 1

    sa.event.listen(whole.engine, "before_cursor_execute", tick)
    sa.event.listen(whole.engine, "commit", tick)
    send(whole, resources)
    last = statements  # reading what is stored counts too
    assert contents(whole) == expected
    # Making the tables takes longer than the delivery.
    empty = tmp_path / "empty"
    custodian_at(empty).engine.dispose()
    for point in range(POINTS):
        home = shutil.copytree(empty, tmp_path / str(point))
        killed_at(home, resources, drawn.randint(1, last))
        again = custodian_at(home)
        again.store.recover()
        send(again, resources)
        assert contents(again) == expected
        again.engine.dispose()


def events_of(custodian: Custodian) -> Counter[tuple[Any, ...]]:
    """Return the events of everybody, by hospital number."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for person in {each.person for each in study()}:
        builder = EventBuilder()
        for record in custodian.stored(person_number(person)):
            builder.add_record(0, record)
        events = builder.build()
        for row in range(len(events)):
            value = repr(float(events.value[row]))
            code, text = events.codes[events.code[row]], events.texts[events.text[row]]
            rows[(person, code, int(events.start[row]), value, text)] += 1
    return rows


def test_correcting_and_deleting_one_percent_touches_their_documents_alone(tmp_path: Path) -> None:
    resources = resources_of({each.person for each in study()})
    observations = [each for each in resources if "valueQuantity" in each]
    drawn = random.Random(5).sample(observations, 2 * max(1, len(observations) // 100))
    corrected, deleted = drawn[::2], drawn[1::2]
    custodian = custodian_at(tmp_path / "corrected")
    send(custodian, resources)
    versions = {record.record_id: record.version for record in custodian.stored()}
    homes = {
        orjson.loads(line)["id"]: record.record_id
        for record in custodian.stored()
        for line in record.resources
    }
    changes: dict[str, dict[str, Any]] = {}
    for each in corrected:
        quantity = each["valueQuantity"]
        changes[each["id"]] = each | {"valueQuantity": quantity | {"value": quantity["value"] + 1}}
    for each in deleted:
        changes[each["id"]] = each | {"status": "entered-in-error"}
    new = [changes.get(each["id"], each) for each in resources]
    counts = send(custodian, new).counts()
    assert counts["same"] == len(resources) - len(changes)
    now = {record.record_id: record.version for record in custodian.stored()}
    touched = {name for name, version in now.items() if versions.get(name) != version}
    assert touched <= {homes[name] for name in changes} | (now.keys() - versions.keys())
    assert {homes[name] for name in changes} - touched <= versions.keys() - now.keys()
    fresh = custodian_at(tmp_path / "fresh")
    send(fresh, new)
    assert events_of(custodian) == events_of(fresh)
    assert send(custodian, new).counts()["same"] == len(resources)
