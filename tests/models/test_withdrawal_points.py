"""A "no" at any point of a run is not in its model; POINTS=100 for docs/assurance.md.

A point is one call of a function in models/, drawn from all calls of a run: while it gathers, while
it writes files, between any two looks at the ledger, and (some) while it develops the model.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import models.training
from deploy.database import make_engine
from models.manifest import Manifest
from models.model_files import MANIFEST
from models.registry import ACTIVE

POINTS = int(os.environ.get("POINTS", "3"))
INSIDE = POINTS // 20
"""So many points more lie inside the development of the model, which takes seconds each time."""
LEAVING = 1 + POINTS // 20
"""How many different people say no: each needs a model to compare with."""
MOST_LEFT_OUT = 22  # docs/decisions/0045-repeated-figures.md
STUDY, QUESTION = "study:diabetes-risk", "uci-heart"
MODELS = str(Path(__file__).resolve().parents[2] / "models") + os.sep
SEED = 20261130

REFUSALS = {
    "withdrawal": lambda ledger, subject: ledger.withdraw(subject),
    "opt-out": lambda ledger, subject: ledger.opted_out.add(subject),
    "refusal": lambda ledger, subject: ledger.refused.add(subject),
}


@dataclass
class Calls:
    """Counts the calls into models/, and does something at one of them."""

    at: int = -1
    act: Callable[[], None] = lambda: None
    number: int = 0

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(MODELS):
            self.number += 1
            if self.number == self.at:
                sys.setprofile(None)  # it costs time
                self.act()


@contextmanager
def watched(calls: Calls) -> Iterator[None]:
    before = sys.getprofile()
    sys.setprofile(calls)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextmanager
def calculated_again(calculations) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(models.training, "develop", calculations.develop)
        patches.setattr(models.training, "assess", calculations.assess)
        yield


@pytest.fixture
def fresh(build, heart_people, sqlite_tables: Path, tmp_path: Path) -> Callable[[], Any]:
    """Return a function that makes a world in which nobody has trained anything yet."""
    made: list[Path] = []

    def make() -> Any:
        made.append(tmp_path / f"{len(made)}.db")
        shutil.copyfile(sqlite_tables, made[-1])
        return build(heart_people, engine=make_engine(f"sqlite:///{made[-1]}"))

    return make


def test_nobody_who_says_no_at_any_point_of_a_run_is_in_its_model(
    fresh, heart_people, calculations
) -> None:
    chance, ended = random.Random(SEED), Counter[str]()
    chosen = [heart_people[5], *chance.sample(heart_people[6:], LEAVING - 1)]
    leaving = [person[0].subject for person in chosen]
    without: dict[bytes, str] = {}
    for subject in leaving:
        world = fresh()
        world.ledger.withdraw(subject)
        without[subject] = world.diagnostics.train(STUDY, QUESTION).sha256

    def say_no_at(points: list[int]) -> None:
        for point in points:
            subject, how = chance.choice(leaving), chance.choice(list(REFUSALS))
            ended[say_no(fresh(), subject, how, point, without[subject])] += 1

    fresh().diagnostics.train(STUDY, QUESTION)
    number = count_calls(fresh())  # everything but the calculations, which are known by now
    say_no_at(chance.sample(range(1, number + 1), POINTS))
    if INSIDE:
        with calculated_again(calculations):
            number = count_calls(fresh())
            say_no_at(chance.sample(range(1, number + 1), INSIDE))
    assert ended.total() == POINTS + INSIDE
    print(dict(ended))  # noqa: T201


def count_calls(world) -> int:
    calls = Calls()
    with watched(calls):
        world.diagnostics.train(STUDY, QUESTION)
    return calls.number


def say_no(world, subject: bytes, how: str, point: int, sha256: str) -> str:
    """Train while a person says no at a point, and check the model; return what became of it."""
    ledger, queries_then = world.ledger, []

    def refuse() -> None:
        REFUSALS[how](ledger, subject)
        queries_then.append(ledger.queries)

    with watched(Calls(point, refuse)):
        model = world.diagnostics.train(STUDY, QUESTION)
    assert queries_then, "the run ended before the point"
    manifest = Manifest.from_json(world.files.read(model.id, MANIFEST))
    used = {bytes.fromhex(line.consent) for line in manifest.lines}
    assert used == set(world.registry.consents(model.id))
    everybody = {ledger.consent(person[0].subject, "MLTRAINING") for person in world.people}
    permitted = everybody - {ledger.consent(subject, "MLTRAINING")}
    if queries_then == [ledger.queries]:  # said after the last look at the ledger
        assert used == everybody
        (affected,) = world.diagnostics.apply_withdrawals()
        assert affected.model.id == model.id
        model = world.diagnostics.retrain(model.id)
        later = set(world.registry.consents(model.id))
        assert later <= permitted
        assert len(permitted - later) <= MOST_LEFT_OUT
        return "after the last look: found at the next, and replaced"
    assert used == permitted
    assert (model.state, model.sha256) == (ACTIVE, sha256)
    assert world.diagnostics.check() == []
    return "not in the model, which has the bytes of one without them"
