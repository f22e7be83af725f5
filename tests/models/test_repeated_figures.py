"""Two cards before and after a few people tell nothing about them: the figures are repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

import models.training
from models.budget import Budget
from models.card_notes import ELSEWHERE, MEASURED_IN
from models.diagnostics import QUESTIONS
from models.errors import CohortTooSmall, GateClosed
from models.gate import GateCode, GateFailure
from models.manifest import Manifest
from models.model_files import LEFT_OUT, MANIFEST
from models.repeated_figures import MEASURED
from models.studies import Study
from models.training import recompute
from models.training_report import document_report

STUDY = "study:diabetes-risk"
SMALL_BUDGET = Budget(repeats=1, folds=3, inner_folds=2, shadows=8)
QUESTION = "uci-heart"
MINIMUM = 912
OF_THE_MODEL = {
    "format",
    "model",
    "question",
    "study",
    "purpose",
    "intended_use",
    "limits",
    "outcome",
    "gate",
    "gate_rule",
    "release",
    "provenance",
    "reporting",
    "before",
    "runs_before",
    "tuning",
}
"""What a card says that follows from no patient's outcome, or is rounded to a word or a count."""


def measured(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was measured, without how the learner treats a missing value."""
    members = {name: content[name] for name in MEASURED}
    return members | {"data": {**content["data"], "missing": ""}}


def card(world, model) -> Mapping[str, Any]:
    return world.diagnostics.card(model.id).content


def leave(world, count: int, start: int = 0) -> None:
    for person in world.people[start : start + count]:
        world.ledger.withdraw(person[0].subject)


def test_each_member_of_a_card_is_repeated_or_follows_from_no_outcome(build, heart_people) -> None:
    world = build(heart_people)
    content = card(world, world.diagnostics.train(STUDY, QUESTION))
    assert set(content) == OF_THE_MODEL | set(MEASURED)
    assert set(content["tuning"]["recalibration"]) == {"method"}


def test_a_card_after_ten_people_left_repeats_the_figures(build, heart_people) -> None:
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, QUESTION)
    leave(world, 10)
    second = world.diagnostics.retrain(first.id)
    old, new = card(world, first), card(world, second)
    assert measured(new) == measured(old)
    assert (new[MEASURED_IN], MEASURED_IN in old) == (1, False)
    assert new["before"] == {"id": first.id}
    assert new["provenance"]["manifest_root"] == second.manifest_root != first.manifest_root
    assert new["model"]["sha256"] == second.sha256 != first.sha256
    sentence = "The figures and counts are those that training run 1 measured."
    lines = [world.diagnostics.card(model.id).to_lines() for model in (first, second)]
    assert [sentence in " ".join(each) for each in lines] == [False, True]
    assert world.diagnostics.check() == []


def test_a_card_after_eleven_people_left_has_figures_of_its_own(build, heart_people) -> None:
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, QUESTION)
    leave(world, 6)
    second = world.diagnostics.retrain(first.id)
    leave(world, 5, start=6)
    third = world.diagnostics.retrain(second.id)
    assert card(world, second)[MEASURED_IN] == 1
    assert MEASURED_IN not in card(world, third)  # eleven since the figures were measured
    assert measured(card(world, third)) != measured(card(world, first))
    leave(world, 1, start=11)
    fourth = world.diagnostics.retrain(third.id)
    assert card(world, fourth)[MEASURED_IN] == 3
    assert measured(card(world, fourth)) == measured(card(world, third))


@pytest.mark.parametrize("change", ["joined", "corrected"])
def test_a_card_after_one_person_joined_or_was_corrected_repeats_the_figures(
    build, heart_people, change: str
) -> None:
    world = build(list(heart_people[:-1] if change == "joined" else heart_people))
    first = world.diagnostics.train(STUDY, QUESTION)
    if change == "joined":
        world.people.append(heart_people[-1])
    else:
        world.people[0] = [replace(record, version=2) for record in world.people[0]]
    second = world.diagnostics.retrain(first.id)
    assert measured(card(world, second)) == measured(card(world, first))
    # Ten others are left out beside who joined; who was corrected can be among those left out.
    before, now = people_of(world, first), people_of(world, second)
    assert (len(before - now), len(now - before)) == {"joined": (10, 1), "corrected": (11, 0)}[
        change
    ]
    assert second.sha256 != first.sha256


def people_of(world, model) -> set[str]:
    return {line.patient for line in world.diagnostics.manifest(model.id).lines}


def test_a_card_of_another_study_about_nearly_the_same_people_repeats_the_figures(
    build, heart_people, tmp_path
) -> None:
    """The question is a copy with another name and review; the card names no foreign study."""
    text = (QUESTIONS / f"{QUESTION}.toml").read_text()
    other = text.replace(f'"{QUESTION}"', '"copy"').replace('title = "', 'title = "Other: ')
    other = other.replace('words = "age"\nkind', 'reviewed = "At birth."\nwords = "age"\nkind')
    (tmp_path / "copy.toml").write_text(other)
    world = build(heart_people, question_folders=(QUESTIONS, tmp_path))
    world.diagnostics.add_study(Study("study:second", "Second", "https://example.org", 2_000_000))
    first = world.diagnostics.train(STUDY, QUESTION)
    leave(world, 1)
    second = world.diagnostics.train("study:second", "copy")
    # What is read is kept in memory for all readers: this changes a copy.
    old, new = deepcopy((card(world, first), card(world, second)))
    assert new[MEASURED_IN] == ELSEWHERE
    assert [each.pop("reviewed") for each in new["predictors"]][0] == "At birth."
    assert not any(each.pop("reviewed") for each in old["predictors"])
    assert measured(new) == measured(old)
    assert not any(name in json.dumps(new) for name in (STUDY, QUESTION, first.id))
    lines = " ".join(world.diagnostics.card(second.id).to_lines())
    assert "those that another study measured with the same question on nearly" in lines
    assert people_of(world, second) < people_of(world, first)  # the model is of its own people


def test_a_card_of_a_changed_question_after_one_person_left_is_about_ten_fewer(
    build, heart_people, tmp_path
) -> None:
    text = (QUESTIONS / f"{QUESTION}.toml").read_text()
    (tmp_path / "other.toml").write_text(text.replace("0.8]", "0.7]").replace(QUESTION, "other"))
    world = build(heart_people, question_folders=(QUESTIONS, tmp_path))
    first = world.diagnostics.train(STUDY, QUESTION)
    leave(world, 1)
    second = world.diagnostics.train(STUDY, "other")
    assert MEASURED_IN not in card(world, second)
    missing = people_of(world, first) - people_of(world, second)
    assert len(missing) == 11 and not people_of(world, second) - people_of(world, first)
    # They are permitted, and the model learned nothing from them: its records give its bytes.
    cohort = world.diagnostics.gather(STUDY, "other")
    assert len(missing & {line.patient for line in cohort.manifest.lines}) == 10
    question = world.diagnostics.question("other")
    made = recompute(
        world.diagnostics.manifest(second.id), cohort.records, question, STUDY, SMALL_BUDGET
    )
    assert made == second.sha256


def test_another_question_about_the_same_people_has_figures_of_its_own(
    build, heart_people, tmp_path
) -> None:
    text = (QUESTIONS / f"{QUESTION}.toml").read_text()
    assert "rounds = 120" in text
    (tmp_path / "other.toml").write_text(
        text.replace("rounds = 120", "rounds = 100").replace(f'"{QUESTION}"', '"other"')
    )
    world = build(heart_people, question_folders=(QUESTIONS, tmp_path))
    world.diagnostics.train(STUDY, QUESTION)
    other = world.diagnostics.train(STUDY, "other")
    assert MEASURED_IN not in card(world, other)


def test_models_before_and_after_one_person_left_learn_from_people_of_whom_eleven_differ(
    build, heart_people
) -> None:
    """Answers of two models whose people differ in one would tell that person's outcome."""
    world = build(heart_people)
    models = [world.diagnostics.train(STUDY, QUESTION)]
    for place in range(2):
        leave(world, 1, start=place)
        (affected,) = world.diagnostics.apply_withdrawals()
        models.append(world.diagnostics.retrain(affected.model.id))
    groups = [people_of(world, model) for model in models]
    for place, group in enumerate(groups):
        assert all(len(group ^ other) >= 11 for other in groups[:place])
    # The registry, the manifest and its anchor agree on the people who were left out.
    assert world.diagnostics.check() == []
    assert MEASURED_IN in card(world, models[2])
    permitted = world.diagnostics.gather(STUDY, QUESTION)
    people = {line.patient for line in permitted.manifest.lines}
    assert groups[2] < people and len(people - groups[2]) <= 10
    made = recompute(
        world.diagnostics.manifest(models[2].id),
        permitted.records,
        world.diagnostics.question(QUESTION),
        STUDY,
        SMALL_BUDGET,
    )
    assert made == models[2].sha256


def test_who_was_left_out_ends_no_model_by_leaving(build, heart_people) -> None:
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, QUESTION)
    leave(world, 1)
    second = world.diagnostics.retrain(first.id)
    lines = Manifest.from_json(world.files.read(second.id, LEFT_OUT)).lines
    consents = {bytes.fromhex(line.consent) for line in lines}
    assert len({line.patient for line in lines}) == 10
    assert consents.isdisjoint(world.registry.consents(second.id))
    world.ledger.withdrawn |= consents
    assert world.diagnostics.apply_withdrawals() == []
    assert world.diagnostics.check() == []


def test_a_retraining_without_enough_others_is_refused_and_the_model_ends_with_its_grace(
    build, heart_people, tmp_path
) -> None:
    """The cohort must keep the question's minimum; the person who left is not learned from."""
    text = (QUESTIONS / f"{QUESTION}.toml").read_text()
    strict = text.replace("[[features]]", f"[gate]\nmin_patients = {MINIMUM}\n\n[[features]]", 1)
    (tmp_path / f"{QUESTION}.toml").write_text(strict)
    world = build(heart_people, question_folders=(tmp_path,))
    first = world.diagnostics.train(STUDY, QUESTION)
    assert MINIMUM <= len(people_of(world, first)) < MINIMUM + 11
    leave(world, 1)
    world.diagnostics.apply_withdrawals()
    with pytest.raises(CohortTooSmall, match="beside those of earlier runs"):
        world.diagnostics.retrain(first.id)
    assert world.diagnostics.model(first.id).state == "affected"
    world.now[0] += world.diagnostics.grace_s
    assert world.diagnostics.apply_withdrawals() == []
    assert world.diagnostics.model(first.id).state == "retired"
    assert world.diagnostics.check() == []


@pytest.fixture
def refusing(build, heart_people, tmp_path):
    """A world whose question was changed so that the gate refuses it."""

    def make(old: str, new: str):
        text = (QUESTIONS / f"{QUESTION}.toml").read_text()
        assert old in text
        (tmp_path / f"{QUESTION}.toml").write_text(text.replace(old, new, 1))
        return build(heart_people, question_folders=(tmp_path,))

    return make


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "[[features]]",
            "[gate]\nmax_attack_auroc = 0.01\nmax_attack_tpr = 0.001\n\n[[features]]",
        ),
        ("[[features]]", "[gate]\nmin_slope = 1.4\n\n[[features]]"),
        ('"http://loinc.org|2093-3"', '"http://loinc.org|2093-30"'),
    ],
    ids=["attack", "slope", "data"],
)
def test_a_run_refused_after_one_person_left_repeats_the_figures(refusing, old, new) -> None:
    world = refusing(old, new)
    reports = []
    for count in (0, 1):
        leave(world, count)
        with pytest.raises(GateClosed):
            world.diagnostics.train(STUDY, QUESTION)
        run = world.diagnostics.training_runs()[-1]
        reports.append(json.loads(run.report))
        assert all(row["message"] in run.note for row in reports[-1]["failures"])
    before, after = (report["card"] for report in reports)
    assert after[MEASURED_IN] == 1
    names = MEASURED if "evaluation" in before else ["data"]
    assert [before[name] for name in names] == [after[name] for name in names]
    codes = [[row["code"] for row in report["failures"]] for report in reports]
    assert codes[0] == codes[1]
    for row in reports[1]["failures"]:
        assert row["measured"].endswith((" or more", " or less"))
        assert f"{row['figure']:.3g}" in row["measured"].split()
    document = document_report(run)
    assert document is not None
    assert any("that training run 1 measured" in line for line in document.lines)


def test_repeated_figures_do_not_open_the_gate(build, heart_people, monkeypatch) -> None:
    """They met the bounds; the model that misses one itself is refused all the same."""
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, QUESTION)
    assess = models.training.assess
    missed = GateFailure(code=GateCode.MEMBERSHIP_AUROC, measured=0.7, maximum=0.6)
    monkeypatch.setattr(
        models.training, "assess", lambda *each: replace(assess(*each), failures=[missed])
    )
    with pytest.raises(GateClosed) as refused:
        world.diagnostics.retrain(first.id)
    (failure,) = refused.value.report["failures"]
    assert (failure["measured"], failure["figure"]) == ("0.6 or more", 0.6)
    assert measured(refused.value.report["card"]) == measured(card(world, first))
    assert "This training checked the thresholds again." in " ".join(
        document_report(world.diagnostics.training_runs()[-1]).lines
    )
    assert world.diagnostics.model(first.id).state == "active"


def test_a_card_after_a_run_whose_data_were_refused_has_figures_of_its_own(
    refusing, heart_people
) -> None:
    """The refused run evaluated nothing that a card could repeat: so it is about fewer people."""
    code = "http://loinc.org|2093-3"
    world = refusing(f'"{code}"', f'"{code}0"')
    with pytest.raises(GateClosed) as refused:
        world.diagnostics.train(STUDY, QUESTION)
    assert "evaluation" not in refused.value.report["card"]
    place = next(
        i for i, person in enumerate(world.people) if any(code in r.observations for r in person)
    )
    world.people[place] = [
        replace(
            record,
            version=2,
            observations={**record.observations, f"{code}0": record.observations[code]}
            if code in record.observations
            else record.observations,
        )
        for record in world.people[place]
    ]
    with suppress(GateClosed):
        world.diagnostics.train(STUDY, QUESTION)
    run = world.diagnostics.training_runs()[-1]
    content = (
        json.loads(run.report)["card"]
        if run.report
        else card(world, world.diagnostics.models()[-1])
    )
    assert "evaluation" in content
    assert MEASURED_IN not in content
    manifests = [
        Manifest.from_json(world.files.read(f"{QUESTION}-{number}", MANIFEST)) for number in (1, 2)
    ]
    before, now = ({line.patient for line in each.lines} for each in manifests)
    assert len(before - now) == 11 and now < before  # and one person was corrected
    for name in ("permitted", "patients", "events"):
        assert content["data"][name] % 10 == refused.value.report["card"]["data"][name] % 10 == 0
