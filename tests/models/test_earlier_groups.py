"""No two groups with figures or models of their own differ in one to ten people."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from models.card import FIRST_FORMAT, FORMAT, Card
from models.card_notes import ELSEWHERE, MEASURED_IN
from models.cohort import Cohort
from models.diagnostics import QUESTIONS
from models.earlier_groups import (
    EVALUATION,
    MOST_LEFT_OUT,
    EarlierGroup,
    choose_left_out,
    find_groups,
    keep_people,
    leave_out,
)
from models.errors import CohortTooSmall
from models.evaluated_people import keep_evaluated
from models.manifest import HELD_OUT_PART, TRAINING_PART, Manifest, ManifestLine
from models.model_files import CARD, LEFT_OUT, MANIFEST, ModelFiles
from models.studies import Study, StudyRegistry
from models.suppression import MIN_COHORT
from models.training_runs import DONE, REFUSED, TrainingRuns

TEXT = (QUESTIONS / "uci-heart.toml").read_text()
CHANGED = TEXT.replace("rounds = 120", "rounds = 119")
FEWER = TEXT.replace('code = "uci|fbs"', 'code = "uci|other"')
OTHERS = TEXT.replace('category = "imaging"', 'category = "medication"')
STUDIES = ("study:a", "study:b")
NEW = 100
"""Added to a version: a new record of a category that both questions open; twice, of another."""
Versions = Mapping[str, int]


@dataclass
class Runs:
    """Runs that measure figures as training does; `learn` also makes a model.

    `published` has each group of published figures or answers; `measured` those of figures alone.
    """

    files: ModelFiles
    rows: TrainingRuns
    measured: list[Versions] = field(default_factory=list)
    published: list[Versions] = field(default_factory=list)

    def learn(self, people: Versions, text: str = TEXT, study: str = STUDIES[0]) -> str | int:
        """Return as `measure` does; the run makes a model."""
        return self.measure(people, text, study, is_refused=False)

    def evaluate(self, model: int, people: Versions, study: str = STUDIES[1]) -> None:
        """Measure a model on people, as an external validation does, and keep the group."""
        run = self.rows.get(model)
        groups = find_groups(self.files, self.rows, run, cohort(people))
        left_out = choose_left_out(groups, sorted(people), MIN_COHORT)
        keep_evaluated(self.files, run.model_id, study, leave_out(cohort(people), left_out))
        self.published.append({name: each for name, each in people.items() if name not in left_out})

    def measure(
        self,
        people: Versions,
        text: str = TEXT,
        study: str = STUDIES[0],
        *,
        is_refused: bool = True,
    ) -> str | int:
        """Return the run whose figures are repeated, or 0; keep the groups that are published."""
        run = self.rows.start(
            study=study, question="q", question_text=text, predecessor=None, started_at_s=1
        )
        groups = find_groups(self.files, self.rows, run, cohort(people))
        left_out = choose_left_out(groups, sorted(people), MIN_COHORT)
        part = {name: version for name, version in people.items() if name not in left_out}
        assert len(left_out) <= MOST_LEFT_OUT
        repeated = [group for group in groups if group.may_be_repeated]
        content: dict[str, Any] = {"format": FORMAT, "tuning": {}, EVALUATION: {}}
        content["data"] = {"patients": len(part) // 10 * 10}
        if repeated:
            content |= {MEASURED_IN: repeated[0].run, "data": repeated[0].content["data"]}
        else:
            self.measured.append(part)
        keep_people(self.files, run.model_id, leave_out(cohort(people), left_out))
        if is_refused:
            self.rows.update(run.id, state=REFUSED, report=json.dumps({"card": content}))
        else:
            self.files.write(run.model_id, CARD, Card(content).to_json())
            self.rows.update(run.id, state=DONE)
        if not is_refused or not repeated:
            self.published.append(part)
        return repeated[0].run if repeated else 0


@pytest.fixture
def runs(sqlite_engine: sa.Engine, tmp_path: Path) -> Runs:
    for study in STUDIES:
        StudyRegistry(sqlite_engine).add(Study(study, "S", "https://example.org", 100))
    return Runs(ModelFiles(tmp_path / "models"), TrainingRuns(sqlite_engine))


def manifest(people: Versions) -> Manifest:
    """Return one record of each person; of version 100 or more with a second one since then."""
    lines = [
        ManifestLine(name, record, number, "c", "permitted", TRAINING_PART)
        for name, version in people.items()
        for record, number in list_records(name, version)
    ]
    return Manifest.of("q", lines)


def list_records(name: str, version: int) -> list[tuple[str, int]]:
    """Return the ids and versions of a person's records: the second one begins with its version."""
    first = [(f"record of {name}", version % NEW)]
    return first if version < NEW else [*first, (f"{version // NEW} of {name}", 1)]


def names(start: int, stop: int) -> dict[str, int]:
    return {f"{number:04}": 1 for number in range(start, stop)}


def cohort(people: Versions) -> Cohort:
    made = manifest(people)
    kinds = {"r": "condition", "1": "condition", "2": "medication"}
    records: Any = {
        line.record: SimpleNamespace(category=kinds[line.record[0]]) for line in made.lines
    }
    view: Any = None
    return Cohort(view, made, records, {}, {})


def count_apart(some: Versions, others: Versions) -> int:
    return len(some.keys() ^ others.keys())


def count_changed(some: Versions, others: Versions) -> int:
    return sum(some[name] != others[name] for name in some.keys() & others.keys())


def require_all_apart(groups: list[Versions]) -> None:
    for place, group in enumerate(groups):
        for other in groups[:place]:
            moved = count_apart(group, other)
            changed = moved + count_changed(group, other)
            assert not 0 < moved < 11
            assert not 0 < changed < 11


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("share", [0, 0.4])
def test_no_history_of_runs_and_evaluations_shows_two_groups_that_differ_in_a_few(
    runs: Runs, seed: int, share: float
) -> None:
    """A share of them are external validations of two models that learned from other people."""
    chance = random.Random(seed)
    people, former, coming = names(0, 150), dict[str, int](), 150
    runs.learn(names(2_000, 2_300))
    runs.learn(names(3_000, 3_300), FEWER)
    for _ in range(14):
        for name in chance.sample(sorted(people), chance.choice((0, 1, 3))):
            former[name] = people.pop(name)
        for name in chance.sample(sorted(former), chance.choice((0, 0, min(2, len(former))))):
            people[name] = former.pop(name)
        joining = chance.choice((0, 0, 1, 12))
        people |= names(coming, coming + joining)
        coming += joining
        for name in chance.sample(sorted(people), chance.choice((0, 1, 30))):
            people[name] += 1
        if chance.random() < share:
            runs.evaluate(chance.choice((1, 2)), people, chance.choice(STUDIES))
            continue
        runs.measure(
            people,
            chance.choice((TEXT, TEXT, CHANGED, FEWER)),
            chance.choice(STUDIES),
            is_refused=chance.random() < 0.3,
        )
    assert len(runs.published) > 5
    require_all_apart(runs.published)


@pytest.mark.parametrize("change", ["left", "joined", "corrected"])
@pytest.mark.parametrize("few", [1, 5, 10])
def test_evaluations_and_runs_of_any_questions_are_apart(runs: Runs, change: str, few: int) -> None:
    before, after = names(0, 100), names(0, 100)
    if change == "left":
        after = names(few, 100)
    elif change == "joined":
        after |= names(100, 100 + few)
    else:
        after |= dict.fromkeys(names(0, few), 2)
    runs.learn(names(500, 700))
    runs.learn(names(720, 900), FEWER)
    runs.evaluate(1, before)
    runs.evaluate(2, after, STUDIES[0])
    assert runs.learn(after, CHANGED) == 0
    assert runs.learn(before, OTHERS) == 0
    runs.evaluate(1, before, STUDIES[0])
    require_all_apart(runs.published)
    assert all(len(group) >= 78 for group in runs.published)
    assert all(name in runs.published[-2] for name in before.keys() - after.keys())


def test_a_group_on_which_a_model_was_evaluated_gives_no_figures_to_a_card(runs: Runs) -> None:
    runs.learn(names(500, 700))
    runs.evaluate(1, names(0, 100))
    assert runs.learn(names(0, 100), TEXT, STUDIES[1]) == 0
    assert runs.published[-1] == names(0, 100)


def test_the_models_after_twenty_withdrawals_one_by_one_are_apart_from_each_other(
    runs: Runs,
) -> None:
    runs.learn(names(0, 130))
    measured = [runs.learn(names(left, 130)) for left in range(1, 21)]
    assert measured == [1] * 10 + [0] + [12] * 9  # the leaving out alone makes no new figures
    require_all_apart(runs.published)
    assert len(runs.published) == 21
    assert all(130 - left - len(group) <= 10 for left, group in enumerate(runs.published))
    assert all(
        f"{n:04}" not in group for left, group in enumerate(runs.published) for n in range(left)
    )


@pytest.mark.parametrize("change", ["nothing", "order of runs"])
def test_models_leave_out_the_same_people_while_nothing_changes(runs: Runs, change: str) -> None:
    """Else the mean of many models would tell of the person who left."""
    runs.learn(names(0, 100))
    for _ in range(5):
        runs.learn(names(1, 100))
        if change != "nothing":  # one more left, and came back
            runs.learn(names(2, 100))
    assert len({tuple(group) for group in runs.published}) == (2 if change == "nothing" else 3)


def test_a_model_after_one_person_joined_learns_from_them_and_leaves_ten_others_out(
    runs: Runs,
) -> None:
    runs.learn(names(1, 100))
    assert runs.learn(names(0, 100)) == 1
    assert (len(runs.published[-1]), "0000" in runs.published[-1]) == (90, True)
    for joined in range(1, 11):
        runs.learn(names(0, 100 + joined))
    require_all_apart(runs.published)


def test_a_model_of_too_few_others_learns_from_the_same_people_as_before(runs: Runs) -> None:
    few = MIN_COHORT + 5
    runs.learn(names(1, few + 1))
    assert runs.learn(names(0, few + 1)) == 1
    assert runs.published[0] == runs.published[1]


def test_a_model_after_one_person_was_corrected_leaves_eleven_out(runs: Runs) -> None:
    people = names(0, 100)
    runs.learn(people)
    assert runs.learn(people | {"0050": 2}) == 1
    assert len(runs.published[1]) == 89
    require_all_apart(runs.published)


def test_who_was_left_out_and_leaves_or_is_corrected_counts_for_the_figures(runs: Runs) -> None:
    """The figures are about the others; eleven changes among all who permit make new ones."""
    runs.learn(names(0, 100))
    runs.learn(names(0, 100) | {"0050": 2}, CHANGED)
    left_out = sorted(set(names(0, 100)) - runs.published[-1].keys() - {"0050"})
    assert len(left_out) >= 10
    people = {name: 1 for name in names(0, 100) if name not in left_out[:4]}
    assert runs.learn(people | {"0050": 2}, CHANGED) == 2
    people |= dict.fromkeys(left_out[4:10], 2)
    assert runs.learn(people | {"0050": 2}, CHANGED) == 2
    assert runs.learn(people | {"0050": 2, "0051": 2}, CHANGED) == 0


def test_a_model_of_another_study_or_question_counts_although_it_has_no_own_figures(
    runs: Runs,
) -> None:
    runs.learn(names(0, 100))
    assert runs.learn(names(1, 100), TEXT, STUDIES[1]) == ELSEWHERE
    runs.learn(names(2, 100), CHANGED)
    assert len(runs.measured) == 2
    require_all_apart(runs.published)


def test_a_refused_run_that_repeats_figures_leaves_nothing_to_be_compared(runs: Runs) -> None:
    runs.learn(names(0, 100))
    assert runs.measure(names(1, 100)) == 1
    runs.learn(names(2, 100))
    assert len(runs.published) == 2
    require_all_apart(runs.published)


@pytest.mark.parametrize("format_", [FORMAT, FIRST_FORMAT, "broken"])
def test_a_model_of_an_earlier_release_counts(runs: Runs, format_: str) -> None:
    """It did not store who was left out; the first format learned from a part of its people."""
    runs.learn(names(0, 120))
    assert not runs.files.path("q-1", LEFT_OUT).exists()
    if format_ == "broken":
        runs.files.write("q-1", CARD, b"{}")
    if format_ == FIRST_FORMAT:
        lines = [
            line._replace(part=HELD_OUT_PART) if line.patient < "0030" else line
            for line in manifest(names(0, 120)).lines
        ]
        runs.files.write("q-1", MANIFEST, Manifest.of("q", lines).to_json())
        runs.files.write("q-1", CARD, Card({"format": format_, "data": {}}).to_json())
    assert runs.learn(names(31, 120)) == 0
    runs.files.path("q-2", LEFT_OUT).unlink(missing_ok=True)
    assert runs.learn(names(32, 120)) in (0, 2)
    first = names(30, 120) if format_ == FIRST_FORMAT else names(0, 120)
    require_all_apart([first, *runs.published[1:]])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "uci-heart"', 'id = "heart-2"'),
        ('title = "Narrowed coronary arteries"', 'title = "Another title"'),
        ('intended_use = "Helps', 'intended_use = "It helps'),
        ('"Not for screening of people without complaints.",\n', ""),
        ('words = "age"\nkind', 'reviewed = "Known at birth."\nwords = "age"\nkind'),
        ('required = ["demographics", "survey"]', 'required = ["demographics", "survey"] # both'),
    ],
)
def test_a_question_that_is_only_described_otherwise_repeats_the_figures(
    runs: Runs, old: str, new: str
) -> None:
    assert old in TEXT
    assert runs.measure(names(0, 100)) == 0
    assert runs.measure(names(1, 100), TEXT.replace(old, new)) == 1


def test_a_question_with_its_features_in_another_order_repeats_the_figures(runs: Runs) -> None:
    head, first, *others = TEXT.split("[[features]]")
    turned = "[[features]]".join((head, *others, f"\n{first}"))
    assert runs.measure(names(0, 100)) == 0
    assert runs.measure(names(1, 100), turned) == 1


@pytest.mark.parametrize("left", range(11))
def test_another_study_repeats_the_figures_and_is_not_told_whose_they_are(
    runs: Runs, left: int
) -> None:
    assert runs.measure(names(0, 100)) == 0
    assert runs.measure(names(left, 100), TEXT, STUDIES[1]) == ELSEWHERE
    assert runs.measure(names(left, 100), TEXT, STUDIES[0]) == 1


def test_figures_of_the_own_study_are_repeated_before_those_of_another(runs: Runs) -> None:
    runs.measure(names(0, 100))
    assert runs.measure(names(11, 100), TEXT, STUDIES[1]) == 0
    assert runs.measure(names(5, 100), TEXT, STUDIES[0]) == 1
    assert runs.measure(names(5, 100), TEXT, STUDIES[1]) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rounds = 120", "rounds = 119"),
        ("minimum = 18\n\n", "minimum = 19\n\n"),
        ("positive = true", "positive = false"),
        ("thresholds = [0.1, 0.8]", "thresholds = [0.1, 0.7]"),
        ("edges = [50, 60]", "edges = [50, 61]"),
        ("maximum = 280", "maximum = 281"),
        ('code = "uci|fbs"', 'code = "uci|other"'),
    ],
)
def test_a_changed_question_leaves_out_ten_others_if_one_person_left(
    runs: Runs, old: str, new: str
) -> None:
    assert old in TEXT
    runs.measure(names(0, 100))
    for study in STUDIES:
        assert runs.measure(names(1, 100), TEXT.replace(old, new, 1), study) in (0, ELSEWHERE)
    assert {count_apart(runs.measured[0], group) for group in runs.measured[1:]} == {11}


def test_a_changed_question_about_the_same_people_leaves_nobody_out(runs: Runs) -> None:
    runs.measure(names(0, 100))
    assert runs.measure(names(0, 100), CHANGED) == 0
    assert runs.measured[0] == runs.measured[1]


def test_a_changed_question_is_about_other_people_too_if_few_joined_since(runs: Runs) -> None:
    runs.measure(names(10, 110))
    runs.measure(names(0, 110), CHANGED)
    assert count_apart(*runs.measured) == 11


def test_many_changed_questions_leave_out_the_same_people(runs: Runs) -> None:
    """Else the mean of many cards would tell of the person who left."""
    runs.measure(names(0, 100))
    for rounds in range(100, 110):
        runs.measure(names(1, 100), TEXT.replace("rounds = 120", f"rounds = {rounds}"))
    assert len({tuple(group) for group in runs.measured[1:]}) == 1


def test_records_that_were_sent_again_do_not_hide_who_left(runs: Runs) -> None:
    """Their values may be the same: figures of the others would tell of the one who left."""
    people = names(0, 100)
    runs.measure(people)
    assert runs.measure(dict.fromkeys(people, 2)) == 0
    del people["0000"]
    assert runs.measure(dict.fromkeys(people, 3)) == 0
    assert [len(group) for group in runs.measured] == [100, 100, 89]


def test_a_corrected_person_is_hidden_among_eleven_others(runs: Runs) -> None:
    people = names(0, 100)
    runs.measure(people)
    runs.measure(people | {"0050": 2}, CHANGED)
    assert len(runs.measured[1]) == 89
    # A question that opens other records than the first one: only common ones are compared.
    runs.measure(people, TEXT.replace('category = "imaging"', 'category = "survey"'))
    assert len(runs.measured[2]) == 100


@pytest.mark.parametrize(("new", "left"), [(NEW, 89), (2 * NEW, 100)])
def test_a_new_record_that_both_questions_open_is_a_change(runs: Runs, new: int, left: int) -> None:
    """A new diagnosis may be the outcome; a record that only one of them opens tells nothing."""
    people = names(0, 100)
    runs.measure(people)
    runs.measure(people | {"0050": new + 1}, OTHERS)
    assert len(runs.measured[1]) == left


def test_a_deleted_record_is_a_change_if_the_question_opens_all_that_the_earlier_did(
    runs: Runs,
) -> None:
    more = TEXT.replace('category = "imaging"', 'category = "laboratory"')
    people = names(0, 100)
    runs.measure(people | {"0050": NEW + 1}, more)
    runs.measure(people)
    assert len(runs.measured[1]) == 89


def test_a_run_without_others_to_leave_out_is_refused(runs: Runs) -> None:
    runs.measure(names(0, 56))
    with pytest.raises(CohortTooSmall, match="beside those of earlier runs"):
        runs.measure(names(1, 56), CHANGED)


def test_a_question_of_an_earlier_release_that_cannot_be_read_stops_no_other(runs: Runs) -> None:
    run = runs.rows.start(
        study=STUDIES[0], question="q", question_text="?", predecessor=None, started_at_s=1
    )
    content = {"data": {"patients": 100}, EVALUATION: {}}
    runs.files.write(run.model_id, MANIFEST, manifest(names(0, 100)).to_json())
    runs.rows.update(run.id, state=REFUSED, report=json.dumps({"card": content}))
    assert runs.measure(names(1, 100)) == 0
    assert len(runs.measured[0]) == 89


def test_groups_of_very_different_sizes_are_told_apart_by_their_cards(runs: Runs) -> None:
    runs.measure(names(0, 100))
    run = runs.rows.start(
        study=STUDIES[0], question="q", question_text=TEXT, predecessor=None, started_at_s=1
    )
    lists = [find_groups(runs.files, runs.rows, run, cohort(names(0, n))) for n in (140, 200)]
    assert [[isinstance(group, EarlierGroup) for group in groups] for groups in lists] == [
        [True],
        [],
    ]
