"""The report of the FHIR demo says what was expected and what was not published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.demo.fhir_story import EXAMPLES, QUESTIONS, STUDY, FhirStory, report
from models.question import Question


def figures(value: float | None, refused: str = "") -> dict[str, Any]:
    auroc = None if value is None else {"value": value, "low": value - 0.01, "high": value + 0.01}
    facts = {"title": "Diabetes", "auroc": auroc, "people": 17549, "refused": refused}
    return facts | {"took_s": 60}


def story(count: int | None, **questions: dict[str, Any]) -> FhirStory:
    no_services: Any = None
    folder = Path("unused")
    facts = {name: figures(wish) for name, (_, wish, _) in QUESTIONS.items()}
    deposit = {"resources": 526_842, "documents": 306_000, "per_second": 9_000}
    everything = {"people": 17_549, "deposit": deposit, "grants": 17_549}
    made = FhirStory(no_services, EXAMPLES, folder, folder, count)
    made.facts = everything | {"questions": facts | questions}
    return made


def test_figures_within_their_margin_are_as_expected() -> None:
    text = report(story(None), 100)
    assert text.count(": as expected") == 3
    assert "526,842 FHIR resources in 306,000 documents" in text


def test_a_figure_outside_its_margin_is_said_to_be() -> None:
    text = report(story(None, **{"nafld-diabetes-now": figures(0.9)}), 100)
    assert "0.851 ± 0.01: NOT as expected" in text


def test_figures_of_a_part_of_the_people_are_not_compared() -> None:
    assert "as expected" not in report(story(600), 100)


def test_a_model_that_was_not_published_is_named_with_its_reason() -> None:
    refused = figures(0.8, "too few people with the outcome")
    text = report(story(600, **{"nafld-death-5y": refused}), 100)
    assert "not published: too few people with the outcome" in text
    nothing = figures(None, "too few permitted patients")
    assert "no figure; too few" in report(story(600, **{"nafld-death-5y": nothing}), 100)


def test_each_question_of_the_demo_is_one_of_the_examples() -> None:
    for name, (file, _, _) in QUESTIONS.items():
        assert Question.load(EXAMPLES / file).id == name
    assert STUDY.startswith("study:")
