"""The whole demo on PostgreSQL instead of SQLite: every step, and `verify` after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgres import new_database
from rig import Demo, running

pytestmark = [pytest.mark.node, pytest.mark.slow]
PEOPLE = 150
PATIENCE_S = 600


def test_the_demo_of_a_few_people_comes_to_its_end_and_verifies(
    tmp_path: Path, postgres_template: str
) -> None:
    url = new_database(postgres_template)
    demo = Demo(tmp_path, PEOPLE, 7, DATABASE_URL=url)
    assert demo.start().wait(PATIENCE_S) == 0, demo.log.read_text()[-3000:]
    assert demo.is_finished()
    assert not (demo.home / "vouchsafe.db").exists()
    with running(demo.home, DATABASE_URL=url) as platform:
        assert platform.auditor.verify(lambda step, done, of: None) == []
        stored = {bytes.fromhex(subject) for subject in demo.subjects()}
        assert all(platform.store.records_of(subject) for subject in stored)
