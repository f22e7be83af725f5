"""No two groups of people with figures of their own differ in one to ten people."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.card_notes import ELSEWHERE, MEASURED_IN
from models.diagnostics import QUESTIONS
from models.earlier_groups import (
    EVALUATION,
    EarlierGroup,
    choose_left_out,
    find_groups,
)
from models.errors import CohortTooSmall
from models.manifest import TRAINING_PART, Manifest, ManifestLine
from models.model_files import MANIFEST, ModelFiles
from models.studies import Study, StudyRegistry
from models.training_runs import REFUSED, TrainingRuns

TEXT = (QUESTIONS / "uci-heart.toml").read_text()
CHANGED = TEXT.replace("rounds = 120", "rounds = 119")
FEWER = TEXT.replace('code = "uci|fbs"', 'code = "uci|other"')
STUDIES = ("study:a", "study:b")
Versions = Mapping[str, int]


@dataclass
class Runs:
    """Runs that measure figures as training does, without making a model."""

    files: ModelFiles
    rows: TrainingRuns
    measured: list[Versions] = field(default_factory=list)

    def measure(self, people: Versions, text: str = TEXT, study: str = STUDIES[0]) -> str | int:
        """Return the run whose figures are repeated, or 0; keep the group that has its own."""
        run = self.rows.start(
            study=study, question="q", question_text=text, predecessor=None, started_at_s=1
        )
        groups = find_groups(self.files, self.rows, run, manifest(people))
        left_out = choose_left_out(groups, sorted(people), EVALUATION)
        part = {name: version for name, version in people.items() if name not in left_out}
        repeated = [group.run for group in groups if group.may_be_repeated(left_out)]
        content: dict[str, Any] = {"data": {"patients": len(part) // 10 * 10}, EVALUATION: {}}
        if repeated:
            content[MEASURED_IN] = repeated[0]
        else:
            self.measured.append(part)
        self.files.write(run.model_id, MANIFEST, manifest(part).to_json())
        self.rows.update(run.id, state=REFUSED, report=json.dumps({"card": content}))
        return repeated[0] if repeated else 0


@pytest.fixture
def runs(sqlite_engine: sa.Engine, tmp_path: Path) -> Runs:
    for study in STUDIES:
        StudyRegistry(sqlite_engine).add(Study(study, "S", "https://example.org", 100))
    return Runs(ModelFiles(tmp_path / "models"), TrainingRuns(sqlite_engine))


def manifest(people: Versions) -> Manifest:
    lines = [
        ManifestLine(name, f"record of {name}", version, "c", "permitted", TRAINING_PART)
        for name, version in people.items()
    ]
    return Manifest.of("q", lines)


def names(start: int, stop: int) -> dict[str, int]:
    return {f"{number:04}": 1 for number in range(start, stop)}


def count_apart(some: Versions, others: Versions) -> int:
    return len(some.keys() ^ others.keys())


@pytest.mark.parametrize("seed", range(12))
def test_no_history_of_runs_leaves_two_measured_groups_that_differ_in_a_few(
    runs: Runs, seed: int
) -> None:
    chance = random.Random(seed)
    people, coming = names(0, 150), 150
    for _ in range(14):
        for name in chance.sample(sorted(people), chance.choice((0, 1, 3))):
            del people[name]
        joining = chance.choice((0, 0, 1, 12))
        people |= names(coming, coming + joining)
        coming += joining
        for name in chance.sample(sorted(people), chance.choice((0, 1, 30))):
            people[name] += 1
        runs.measure(people, chance.choice((TEXT, CHANGED, FEWER)), chance.choice(STUDIES))
    assert len(runs.measured) > 3
    for place, group in enumerate(runs.measured):
        assert len(group) >= 150 - 14 * 3 - 22
        for other in runs.measured[:place]:
            assert count_apart(group, other) == 0 or count_apart(group, other) >= 11


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


def test_a_changed_question_leaves_out_who_joined_since(runs: Runs) -> None:
    runs.measure(names(10, 110))
    runs.measure(names(0, 110), CHANGED)
    assert runs.measured[0] == runs.measured[1]


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
    lists = [find_groups(runs.files, runs.rows, run, manifest(names(0, n))) for n in (140, 200)]
    assert [[isinstance(group, EarlierGroup) for group in groups] for groups in lists] == [
        [True],
        [],
    ]
