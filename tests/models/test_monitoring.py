from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from models.model_files import CARD, PEOPLE
from models.monitoring import ServedAnswer, month_before, year_until
from models.question import Question
from models.shown_groups import read_groups

STUDY = "study:diabetes-risk"


@pytest.fixture(scope="module")
def at_s() -> int:
    """A day before every label of the example."""
    return int(datetime.datetime(1980, 5, 5, tzinfo=datetime.UTC).timestamp())


@pytest.fixture
def world(build, heart_people):
    world = build([list(records) for records in heart_people])
    world.diagnostics.train(STUDY, "uci-heart")
    return world


def serve(world, at_s: int, people: int, place: int | None = None) -> list[ServedAnswer]:
    """Return answers about the first people, in turn in each bin, or all in one."""
    card = world.diagnostics.card("uci-heart-1").content
    edges = [len(row["bins"]["edges"]) for row in card["predictors"]]
    answers = []
    for number, records in enumerate(world.people[:people]):
        places = [min(number % 10 if place is None else place, most) for most in edges]
        estimate = 0.3 + 0.4 * (number % 2)
        answers.append(ServedAnswer(records[0].subject, at_s, estimate, (*places, number % 10)))
    return answers


def measure(world, answers: list[ServedAnswer], month: str = "1980-05"):
    return world.diagnostics.monitor.measure(
        world.diagnostics.model("uci-heart-1"), month, answers
    ).content


def test_a_month_has_an_index_of_each_input_and_of_the_estimate(
    world, at_s: int, heart: Question
) -> None:
    content = measure(world, serve(world, at_s, 300))
    assert content["answers"] == 300
    assert [row["words"] for row in content["drift"]][-1] == "estimate"
    assert len(content["drift"]) == len(heart.predictors()) + 1
    assert world.diagnostics.monitor.list_reports("uci-heart-1")[0].content == content


def test_inputs_that_are_all_in_one_bin_raise_the_alarm(world, at_s: int) -> None:
    assert measure(world, serve(world, at_s, 300, place=0))["is_alarm"]


def test_few_answers_raise_no_alarm(world, at_s: int) -> None:
    content = measure(world, serve(world, at_s, 60, place=0))
    assert not content["is_alarm"]
    assert {row["psi"] for row in content["drift"]} == {None}


def test_outcomes_count_only_where_the_patient_permits_the_study_to_train(world, at_s: int) -> None:
    answers = serve(world, at_s, 300)
    for records in world.people[:100]:
        world.ledger.withdraw(records[0].subject)
    outcomes = measure(world, answers)["outcomes"]
    assert outcomes["answers"] == 200
    for name in ("observed_to_expected", "auroc"):
        assert 0 < outcomes[name]["low"] < outcomes[name]["value"] < outcomes[name]["high"] < 3
    request = world.store.vault.journal[-1]
    assert (request.party, request.purpose) == (STUDY, "MLTRAINING")


def test_no_outcome_is_opened_after_the_end_of_the_study(world, at_s: int) -> None:
    """Permissions may last longer than the study."""
    answers = serve(world, at_s, 300)
    (study,) = world.diagnostics.studies()
    world.now[0], opened = float(study.until_s), len(world.store.vault.journal)
    content = measure(world, answers)
    assert content["outcomes"] is None
    assert content["answers"] == 300
    assert len(world.store.vault.journal) == opened


def test_an_outcome_that_was_known_before_the_answer_does_not_count(world) -> None:
    now_s = int(datetime.datetime(2026, 5, 5, tzinfo=datetime.UTC).timestamp())
    assert measure(world, serve(world, now_s, 300), "2026-05")["outcomes"] is None


def test_the_figures_of_outcomes_stay_until_eleven_people_joined_or_left(world, at_s: int) -> None:
    first = measure(world, serve(world, at_s, 300))["outcomes"]
    second = measure(world, serve(world, at_s, 305), "1980-06")["outcomes"]
    third = measure(world, serve(world, at_s, 400), "1980-07")["outcomes"]
    assert second == first
    assert third["answers"] == 400


@pytest.mark.parametrize(("joined", "is_shown"), [(0, False), (1, False), (10, False), (11, True)])
def test_the_report_of_a_successor_does_not_tell_the_outcome_of_who_left_or_joined(
    world, at_s: int, joined: int, is_shown: bool
) -> None:
    """The model before it was measured on nearly the same people."""
    first = measure(world, serve(world, at_s, 300))["outcomes"]
    successor = world.diagnostics.retrain("uci-heart-1")
    answers = serve(world, at_s, 300 + joined)
    monitor = world.diagnostics.monitor
    former = world.diagnostics.model("uci-heart-1")
    report = monitor.measure(successor, "1980-06", answers, [former]).content
    assert (report["outcomes"] is not None) == is_shown
    assert report["drift"] and first["answers"] == 300


@pytest.mark.parametrize("joined", [0, 1, 10, 11])
def test_the_report_of_another_question_does_not_tell_the_outcome_of_who_left_or_joined(
    world, at_s: int, joined: int
) -> None:
    """Two questions may differ in an input that nobody has: their models answer alike."""
    first, monitor = world.diagnostics.model("uci-heart-1"), world.diagnostics.monitor
    other = replace(first, id="second-2", question="second")
    world.files.write(other.id, CARD, world.files.read(first.id, CARD))
    assert measure(world, serve(world, at_s, 280))["outcomes"]["answers"] == 280
    answers = serve(world, at_s, 280 + joined)
    assert monitor.measure(other, "1980-06", answers, [first]).content["outcomes"] is not None
    (before,), (after,) = (read_groups(world.files, each.id, PEOPLE) for each in (first, other))
    assert len(before ^ after) == (11 if joined else 0)
    assert len(after) >= 270


def test_of_too_few_people_nothing_is_told_beside_another_question(world, at_s: int) -> None:
    first, monitor = world.diagnostics.model("uci-heart-1"), world.diagnostics.monitor
    other = replace(first, id="second-2", question="second")
    world.files.write(other.id, CARD, world.files.read(first.id, CARD))
    measure(world, serve(world, at_s, 27))
    report = monitor.measure(other, "1980-06", serve(world, at_s, 26), [first])
    assert report.content["outcomes"] is None
    assert read_groups(world.files, other.id, PEOPLE) == []


def test_two_answers_about_a_patient_count_once(world, at_s: int) -> None:
    answers = serve(world, at_s, 300)
    assert measure(world, answers + answers)["outcomes"]["answers"] == 300


def test_the_month_before_january_is_december() -> None:
    january_s = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC).timestamp()
    assert month_before(january_s) == "2025-12"


def test_the_year_of_a_month_ends_with_it() -> None:
    for month, days, end in (("2026-11", 365, (2026, 12)), ("2024-12", 366, (2025, 1))):
        since_s, until_s = year_until(month)
        assert until_s == int(datetime.datetime(*end, 1, tzinfo=datetime.UTC).timestamp())
        assert until_s - since_s == days * 86_400


def test_a_hundred_answers_about_one_patient_show_nothing_of_their_values(world, at_s: int) -> None:
    content = measure(world, serve(world, at_s, 1) * 150)
    assert {row["psi"] for row in content["drift"]} == {None}


def test_of_a_patient_with_many_answers_the_last_one_counts(world, at_s: int) -> None:
    once = measure(world, serve(world, at_s, 300))["drift"]
    repeated = serve(world, at_s, 1, place=0) * 99 + serve(world, at_s, 300)
    assert measure(world, repeated)["drift"] == once
