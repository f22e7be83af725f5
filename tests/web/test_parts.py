"""The parts of pages that show records, models by month and ends, without a browser or a node."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from services.model_monitoring import ModelMonth
from services.words import Words
from web.figures import write_estimate, write_figure

TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "templates"
STATIC = TEMPLATES.parent / "static"
MONTH = ModelMonth(
    model="risk-1",
    month="2026-10",
    answers="120",
    estimate_psi=0.02,
    worst_input="age",
    worst_psi=0.1,
    is_alarm=False,
    outcomes="",
    events="",
)


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("web")
    app.jinja_env.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    app.jinja_env.filters |= {"figure": write_figure, "estimate": write_estimate}
    return app


def render(app: Flask, template: str, **context: object) -> str:
    with app.test_request_context("/"):
        return app.jinja_env.from_string(template).render(say=Words("en"), **context)


def line(**changed: object) -> SimpleNamespace:
    texts = {"name": "potassium", "value": "4.1 mmol/L", "range": "", "flag": "", "known": ""}
    texts |= {"when": "2 January 2024, 09:15 UTC+01:00", "source": "Laboratory", "version": ""}
    stored = SimpleNamespace(number=4.1, is_in_force=True)
    rest = {"line": stored, "status": "final", "readings": (), "code": ""}
    return SimpleNamespace(**(texts | rest | changed))


def table_of(app: Flask, lines: list[SimpleNamespace], arguments: str = "") -> str:
    source = '{% from "parts/lines.html" import line_table with context %}'
    return render(app, source + "{{ line_table('Lines', lines" + arguments + ") }}", lines=lines)


def test_a_table_of_lines_has_no_column_without_content(app: Flask) -> None:
    assert "Sender&#39;s note" not in table_of(app, [line(), line()])
    table = table_of(app, [line(), line(flag="High")])
    assert "Sender&#39;s note" in table
    assert re.search(r'<td data-head="Sender&#39;s note"></td>', table)


def test_below_a_day_a_line_says_its_time_alone(app: Flask) -> None:
    table = table_of(app, [line(), line(when="2 January 2024")], ", day='2 January 2024'")
    assert "09:15 UTC+01:00" in table
    assert "2 January 2024" not in table


def test_results_of_a_single_value_are_named_by_their_time(app: Flask) -> None:
    table = table_of(app, [line()], ", named=false")
    assert '<th scope="row">2 January 2024, 09:15 UTC+01:00</th>' in table
    assert "otassium" not in table


def test_a_month_with_too_few_answers_is_not_called_steady(app: Flask) -> None:
    source = '{% from "parts/months.html" import model_months with context %}'
    source += "{{ model_months([month], false) }}"
    measured = render(app, source, month=MONTH)
    assert "October 2026" in measured
    assert "no large shift" in measured
    known = replace(MONTH, auroc=0.8, auroc_low=0.7, auroc_high=0.9, observed_to_expected=1.1)
    cells = render(app, source, month=known)
    assert ">0.80 (0.70 to 0.90)<" in cells and ">1.10<" in cells
    few = replace(MONTH, estimate_psi=None, worst_psi=None, worst_input="")
    assert "no large shift" not in render(app, source, month=few)


def test_an_end_is_the_day_that_was_agreed_in_every_zone() -> None:
    """Ends are the last seconds of a UTC day: `say.day` shows the next day east of Greenwich."""
    ends = re.compile(r"say\.day\([\w.]*\b(ends_at_s|until_s|not_after_s)\)")
    wrong = [path.name for path in TEMPLATES.rglob("*.html") if ends.search(path.read_text())]
    assert wrong == []


def test_help_shows_how_to_reach_people_as_far_as_the_settings_say(app: Flask) -> None:
    template = (
        '{% from "parts/contact.html" import contact_list with context %}{{ contact_list(c) }}'
    )
    contact = SimpleNamespace(telephone="030 123", hours="9 to 17", email="help@example.org")
    page = render(app, template, c=contact)
    assert 'href="tel:030123">030 123<' in page
    assert "9 to 17" in page
    assert 'href="mailto:help@example.org">' in page
    nothing = SimpleNamespace(telephone="", hours="", email="")
    assert render(app, template, c=nothing).strip() == ""


def test_the_field_of_a_month_has_room_for_its_name(app: Flask) -> None:
    source = '{% from "parts/choice.html" import date with context %}{{ date("end", "End") }}'
    month = re.search(r'<input[^>]*?name="end-month"[^>]*>', render(app, source))
    assert month is not None
    wide = re.search(r"input\.ten \{\s*+width: (\d++)rem", (STATIC / "form.css").read_text())
    assert wide is not None
    assert 'class="ten"' in month[0]
    assert int(wide[1]) >= len("September")  # a letter is less than a rem wide


def test_no_sentence_ends_in_a_button_which_print_leaves_out() -> None:
    sentence = re.compile(r"<p(?: class=\"lead\")?>\{\{ say\([^\n]*link_button\(")
    for path in TEMPLATES.rglob("*.html"):
        assert not sentence.search(path.read_text()), path.name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mexican-american, asian, other-hispanic", "Mexican American, Asian, other Hispanic"),
        ("very-good, of-no-list", "Very good, of no list"),
        ("HER2-positive, HER2-negative", "HER2-positive, HER2-negative"),
        ("yes, no", "Yes, no"),
        ("-5 to 20 mg/dL", "-5 to 20 mg/dL"),
    ],
)
def test_a_card_writes_accepted_values_as_records_do(app: Flask, text: str, words: str) -> None:
    macro = '{% from "parts/card_tables.html" import accepted with context %}'
    template = macro + "{{ accepted(text) | sentence }}"
    assert render(app, template, text=text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("race: mexican american", "Race: Mexican American"),
        ("tumour: HER2-positive", "Tumour: HER2-positive"),
        ("age: 40 to below 60", "Age: 40 to below 60"),
        ("weight (kg)", "Weight (kg)"),
    ],
)
def test_a_card_writes_the_values_of_groups_as_records_do(
    app: Flask, text: str, words: str
) -> None:
    macro = '{% from "parts/card_tables.html" import row_words with context %}'
    assert render(app, macro + "{{ row_words(text) | sentence }}", text=text) == words


@pytest.mark.parametrize(("effect", "is_hidden"), [(None, True), (0.25, False)])
def test_a_card_says_why_the_effect_of_an_input_is_hidden_only_where_one_is(
    app: Flask, effect: float | None, is_hidden: bool
) -> None:
    row = {"words": "age", "accepts": "years", "range": {"low": 20, "high": 80}, "reviewed": ""}
    row |= {"missing_share": None if is_hidden else 0.1, "auroc_alone": effect}
    card = {"predictors": [row | {"mean_log_odds": effect}]}
    source = '{% from "parts/card_tables.html" import inputs with context %}{{ inputs(card) }}'
    page = render(app, source, card=card, numbered=lambda title, _item: title)
    assert page.count(">hidden<") == (3 if is_hidden else 0)
    assert ("if all but a few people have the same value" in page) == is_hidden


def test_a_row_that_concerns_the_whole_table_is_not_headed_with_a_row(app: Flask) -> None:
    source = '{% from "parts/facts.html" import table with context %}'
    rows = [["1,234", "x"], ["Whole table", ""]]
    source += "{{ table('Problems', ['Row', 'Column'], rows, figures=(0,), fold=true) }}"
    page = render(app, source, rows=rows)
    assert '<th scope="row" class="figure" data-head="Row">1,234</th>' in page
    assert '<th scope="row" class="figure">Whole table</th>' in page
    assert '<td data-head="Column"></td>' in page  # hidden on a phone, as each empty cell is
