"""Trainings, evaluations and monthly reports see each other's people, also at the same time."""

from __future__ import annotations

import datetime
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import models.external_validation
import models.monitoring
import models.training
from models.earlier_groups import keep_people, leave_out, read_left_out
from models.errors import GateClosed, ModelsRefused
from models.manifest import TRAINING_PART, Manifest
from models.model_files import MANIFEST, PEOPLE, ModelFiles
from models.monitoring import ServedAnswer
from models.shown_groups import read_groups
from models.studies import Study

STUDY, OTHER, THIRD = "study:diabetes-risk", "study:elsewhere", "study:third"
QUESTION = "uci-heart"
AT_S = int(datetime.datetime(1980, 5, 5, tzinfo=datetime.UTC).timestamp())
"""A day before every label of the example."""


@pytest.fixture
def world(build, heart_people):
    world = build([list(records) for records in heart_people])
    world.subjects = [person[0].subject for person in heart_people]
    for study in (OTHER, THIRD):
        world.diagnostics.add_study(Study(study, "Elsewhere", "Another study.", 2_000_000_000))
    return world


def train(world, study: str = STUDY) -> str:
    """Return the id of a run's model, also if the gate refused it: its report has figures too."""
    with suppress(GateClosed):
        world.diagnostics.train(study, QUESTION)
    return max(world.diagnostics.runs_of([study]), key=lambda run: run.id).model_id


def trained(world, model: str) -> set[str]:
    return set(Manifest.from_json(world.files.read(model, MANIFEST)).patients(TRAINING_PART))


def evaluated(world, model: str) -> set[str]:
    (path,) = (world.diagnostics.home / model).glob("measured-*.json")
    return set(Manifest.from_json(path.read_bytes()).patients(TRAINING_PART))


def report(world, model: str, subjects: list[bytes], month: str = "1980-05") -> set[str]:
    """Return the people of a month's outcomes, by keyed hash; nobody if there are none."""
    made = world.diagnostics.model(model)
    bins = len(world.diagnostics.question(QUESTION).predictors()) + 1
    answers = [
        ServedAnswer(subject, AT_S, (at % 10) / 10, (0,) * bins)
        for at, subject in enumerate(subjects)
    ]
    others = [each for each in world.diagnostics.models() if each.id != model]
    world.diagnostics.monitor.measure(made, month, answers, others)
    groups = read_groups(world.files, model, PEOPLE)
    return groups[-1] if groups else set()


def run_inside(monkeypatch, module, name: str, other: Callable[[], object]) -> threading.Thread:
    """Run another action in a thread when this function is first called; wait for it a while."""
    original, threads = getattr(module, name), [threading.Thread(target=other)]
    thread = threads[0]

    def run_both(*arguments, **options):
        if threads:
            threads.pop().start()
            thread.join(3)  # who holds the lock goes on: the other waits for it
        return original(*arguments, **options)

    monkeypatch.setattr(module, name, run_both)
    return thread


def test_two_trainings_at_once_learn_from_people_who_are_apart(world, monkeypatch) -> None:
    """One person leaves after the first has gathered its people; the second is done before it."""
    runs: list[str] = []

    def leave_and_train() -> None:
        world.ledger.refused.add(world.subjects[0])
        runs.append(train(world, OTHER))
        world.ledger.refused.clear()  # else the first would gather its people again

    thread = run_inside(monkeypatch, models.training, "develop", leave_and_train)
    world.diagnostics.train(STUDY, QUESTION)
    thread.join()
    first = world.diagnostics.training_runs()[0].model_id
    assert first != runs[0]
    assert len(trained(world, first) ^ trained(world, runs[0])) == 11


def test_two_evaluations_at_once_are_about_people_who_are_apart(world, monkeypatch) -> None:
    world.ledger.refused |= set(world.subjects[1::2])
    model = train(world)
    world.ledger.refused.clear()
    world.ledger.refused |= {*world.subjects[::2], world.subjects[1]}
    failures: list[str] = []

    def join_and_evaluate() -> None:
        world.ledger.refused.discard(world.subjects[1])
        try:
            world.diagnostics.evaluate(model, THIRD)
        except ModelsRefused as exc:
            failures.append(str(exc))

    thread = run_inside(
        monkeypatch, models.external_validation, "divide_into_subgroups", join_and_evaluate
    )
    world.diagnostics.evaluate(model, OTHER)
    thread.join()
    # The same model on two studies: 11 of the people must differ, so there is one result.
    assert [text.split(" as another")[0] for text in failures] == [
        f"study {THIRD} has the same patients"
    ]
    assert len(world.diagnostics.external_validations(model)) == 1


def test_two_monthly_reports_at_once_are_about_people_who_are_apart(world, monkeypatch) -> None:
    model, other = train(world), train(world, OTHER)
    groups: list[set[str]] = []
    thread = run_inside(
        monkeypatch,
        models.monitoring,
        "leave_out_of",
        lambda: groups.append(report(world, other, world.subjects[1:300])),
    )
    groups.append(report(world, model, world.subjects[:300]))
    thread.join()
    assert not 0 < len(groups[0] ^ groups[1]) < 11 or set() in groups


@pytest.mark.parametrize("few", [0, 1, 10, 11])
def test_outcomes_of_a_month_and_a_card_are_about_people_who_are_apart(world, few: int) -> None:
    world.ledger.refused |= set(world.subjects[400:])
    model = train(world)
    people = report(world, model, world.subjects[few:400])
    assert len(people ^ trained(world, model)) == (0 if not few else 11)


@pytest.mark.parametrize("few", [0, 1, 10, 11])
def test_a_training_and_the_outcomes_of_an_earlier_month_are_apart(world, few: int) -> None:
    people = report(world, train(world), world.subjects[:300])
    assert len(people) == 300
    world.ledger.refused |= set(world.subjects[300 + few :])
    assert len(people ^ trained(world, train(world, OTHER))) == (0 if not few else 11)


@pytest.mark.parametrize("few", [0, 1, 10, 11])
def test_an_evaluation_and_the_outcomes_of_an_earlier_month_are_apart(world, few: int) -> None:
    world.ledger.refused |= set(world.subjects[400:])
    model = train(world)
    world.ledger.refused.clear()
    people = report(world, model, world.subjects[400:700])
    assert len(people) == 300
    world.ledger.refused |= set(world.subjects[:400]) | set(world.subjects[700 - few :])
    world.diagnostics.evaluate(model, OTHER)
    assert len(people ^ evaluated(world, model)) == (0 if not few else 11)


@pytest.mark.parametrize("few", [0, 1, 10, 11])
def test_outcomes_of_a_month_and_an_earlier_evaluation_are_apart(world, few: int) -> None:
    world.ledger.refused |= set(world.subjects[400:])
    model = train(world)
    world.ledger.refused |= set(world.subjects[:400]) | set(world.subjects[700:])
    world.ledger.refused -= set(world.subjects[400:700])
    world.diagnostics.evaluate(model, OTHER)
    people = report(world, model, world.subjects[400 + few : 700])
    assert len(people ^ evaluated(world, model)) == (0 if not few else 11)


def test_a_month_under_another_number_of_a_person_is_about_the_same_person(world) -> None:
    world.ledger.refused |= set(world.subjects[400:])
    numbers = world.subjects[0], world.subjects[1]
    world.store.linked |= dict.fromkeys(numbers, min(numbers))
    model = train(world)
    subjects = [max(numbers), *world.subjects[2:400]]
    assert report(world, model, subjects) == trained(world, model)


def test_the_report_of_a_month_is_made_once(world) -> None:
    model = train(world)
    before = report(world, model, world.subjects[:300])
    first = world.diagnostics.monitor.list_reports(model)
    assert report(world, model, world.subjects[1:300]) == before
    assert world.diagnostics.monitor.list_reports(model) == first


def test_a_run_that_was_interrupted_leaves_nobody_out_for_its_first_attempt(world) -> None:
    """People were left out then, for a model that the second attempt does not find."""
    cohort = world.diagnostics.gather(STUDY, QUESTION)
    first = frozenset(sorted(cohort.manifest.patients(TRAINING_PART))[:10])
    keep_people(world.files, "uci-heart-1", leave_out(cohort, first))
    assert len({line.patient for line in read_left_out(world.files, "uci-heart-1")}) == 10
    keep_people(world.files, "uci-heart-1", cohort)
    assert read_left_out(world.files, "uci-heart-1") == ()


@pytest.fixture
def spawned() -> Iterator[multiprocessing.context.SpawnContext]:
    yield multiprocessing.get_context("spawn")


def count_up(home: Path, times: int) -> None:
    """Add one to the number in a file, each time while the lock is held."""
    for _ in range(times):
        with ModelFiles(home).comparing():
            before = int((home / "count").read_text())
            (home / "count").write_text(str(before + 1))


def test_processes_and_threads_compare_one_after_the_other(tmp_path: Path, spawned) -> None:
    (tmp_path / "count").write_text("0")
    workers = [
        *(spawned.Process(target=count_up, args=(tmp_path, 200)) for _ in range(2)),
        *(threading.Thread(target=count_up, args=(tmp_path, 200)) for _ in range(2)),
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (tmp_path / "count").read_text() == "800"


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path, spawned) -> None:
    process = spawned.Process(target=hold, args=(tmp_path,))
    process.start()
    while not (tmp_path / "held").exists():
        process.join(0.05)
        assert process.is_alive()
    process.kill()
    process.join()
    with ModelFiles(tmp_path).comparing():
        pass


def hold(home: Path) -> None:
    """Hold the lock until the process is killed."""
    with ModelFiles(home).comparing():
        (home / "held").touch()
        threading.Event().wait()
