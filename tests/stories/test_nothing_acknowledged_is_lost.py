"""What was acknowledged survives any process being killed at any moment.

KILLS=500 for docs/assurance.md.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from rig import Demo, running

KILLS = int(os.environ.get("KILLS", "50"))
PEOPLE = 120
SEED = 20261123
PARTS = ("app", "worker", "kubo", "chain")
LATEST_S = 9.0
PATIENCE_S = 300.0
ATTEMPTS = 4

pytestmark = [pytest.mark.node, pytest.mark.slow]


def strike(demo: Demo, process: subprocess.Popen[bytes], part: str) -> bool:
    """Kill one part and return whether it ran; the app's own death takes its children with it."""
    if part != "app":
        return demo.kill(part)
    is_running = process.poll() is None
    process.kill()
    process.wait()
    return is_running


def finish(demo: Demo) -> None:
    """Let the demo come to its end; a node killed last may cost a few more starts."""
    for _ in range(ATTEMPTS):
        if demo.is_finished():
            return
        demo.start().wait(PATIENCE_S)
    assert demo.is_finished(), demo.log.read_text()[-2000:]


def require_nothing_lost(demo: Demo) -> None:
    """Check every receipt against the platform, then the platform against itself."""
    receipts = demo.receipts()
    by_kind: dict[str, set[str]] = {}
    for receipt in receipts:
        by_kind.setdefault(receipt["kind"], set()).add(receipt["id"])
    with running(demo.home) as platform:
        platform.store.recover()
        subjects = {bytes.fromhex(s) for s in demo.subjects()}
        stored = {
            e.record_id.hex() for subject in subjects for e in platform.store.records_of(subject)
        }
        assert by_kind["record"] <= stored
        consents = [c for subject in subjects for c in platform.ledger.consents_of(subject)]
        assert by_kind["grant"] <= {consent.consent_id.hex() for consent in consents}
        for removed in by_kind["withdrawal"]:
            states = {c.state for c in platform.ledger.consents_of(bytes.fromhex(removed))}
            assert "active" not in states
        assert platform.auditor.verify(lambda step, done, of: None) == []


def test_fifty_kills_at_random_points_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    struck: Counter[str] = Counter()
    round_ = 0
    while struck.total() < KILLS:
        round_ += 1
        folder = tmp_path / str(round_)
        folder.mkdir()
        demo = Demo(folder, PEOPLE, SEED + round_)
        while not demo.is_finished() and struck.total() < KILLS:
            process = demo.start()
            while process.poll() is None and struck.total() < KILLS:
                try:
                    process.wait(chance.uniform(0.2, LATEST_S))
                except subprocess.TimeoutExpired:
                    part = chance.choice(PARTS)
                    struck[part] += strike(demo, process, part)
            if struck.total() == KILLS and process.poll() is None:
                process.wait(PATIENCE_S)
            assert "Traceback" not in demo.log.read_text(), demo.log.read_text()[-4000:]
        finish(demo)
        require_nothing_lost(demo)
    assert set(struck) == set(PARTS)
    print(dict(struck), f"in {round_} installations")  # noqa: T201


def test_a_kill_counts_only_where_the_part_was_running(tmp_path: Path) -> None:
    demo = Demo(tmp_path, PEOPLE, SEED)
    part = subprocess.Popen(["sleep", "600"])
    assert not demo.kill("worker")  # it never ran
    (demo.home / "worker").mkdir(parents=True)
    (demo.home / "worker" / "pid.json").write_text(json.dumps({"pid": part.pid}))
    assert strike(demo, part, "worker")
    os.waitid(os.P_PID, part.pid, os.WEXITED | os.WNOWAIT)
    assert not strike(demo, part, "worker")  # dead, and nobody has waited for it
    part.wait()
    assert not strike(demo, part, "worker")
    assert not strike(demo, part, "app")


def test_an_app_that_is_killed_takes_its_nodes_along_and_starts_again(tmp_path: Path) -> None:
    demo = Demo(tmp_path, PEOPLE, SEED)
    process = demo.start()
    deadline_s = time.monotonic() + PATIENCE_S
    while not (demo.home / "kubo" / "endpoint.json").exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    process.kill()
    process.wait()
    finish(demo)
    require_nothing_lost(demo)
