"""The town: the whole demo on all 5,014 people, done once for every story that needs a model."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from hospital import free_port
from rig import SEED, Demo, Town, running

from deploy.demo.draw import KINDS, draw
from deploy.demo.people import MAPPING, TABLE
from records import Mapping, read_table


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    demo = Demo(tmp_path_factory.mktemp("town"), None, SEED)
    process = demo.start()
    assert process.wait(1_800) == 0, demo.log.read_text()[-3000:]
    people = [row.person for row in read_table(TABLE, Mapping.load(MAPPING))]
    kinds = {p: k.name for p, k in zip(people, draw(len(people), SEED), strict=True)}
    assert set(kinds.values()) == {kind.name for kind in KINDS}
    labels = orjson.loads((demo.wallet / "subjects.json").read_bytes())
    subjects = {label: bytes.fromhex(subject) for label, subject in labels.items()}
    leaving = orjson.loads((demo.home / "demo" / "leaving.json").read_bytes())
    with running(demo.home, VOUCHSAFE_PORT=free_port()) as platform:
        yield Town(demo, platform, subjects, kinds, leaving)
