"""What a clinician reads of a prediction: bars that add up, and warnings about the values."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson

from models import InputValue
from services.clinician.reports import MAX_BARS, body_of, input_line, values_of, warnings_of
from services.words import Words

WORDS = Words("en")
NOW_S = datetime(2026, 11, 28, tzinfo=UTC).timestamp()


def value(recorded_on: str = "", problem: str = "") -> InputValue:
    return InputValue("x|age", "age", "" if problem else "51 years", recorded_on, problem, "0 to 9")


def prediction(effects: list[float], probability: float, start: float) -> Any:
    parts = [
        SimpleNamespace(words=f"value {index}", value="1", log_odds=effect)
        for index, effect in enumerate(effects)
    ]
    names = ("model_id", "model_sha256", "question", "outcome")
    rest = {"low": 0.1, "high": 0.9, "prevalence": 0.2, "records": (), "is_affected": False}
    return SimpleNamespace(
        **dict.fromkeys(names, "x"),
        **rest,
        probability=probability,
        start=start,
        contributions=parts,
        inputs=(value("2018-12-31"), value(problem="missing")),
        site="new",
        similar=(200, 30),
        unusual=SimpleNamespace(values=(), is_unlike=False),
        places=(),
        view=SimpleNamespace(count=1, block_number=2),
        input_commitment=b"",
    )


def stored_facts(made: Any) -> dict[str, Any]:
    """Return the facts of a prediction as they come back from the store."""
    return values_of(WORDS, orjson.loads(orjson.dumps(body_of(WORDS, made, NOW_S))))


def test_forty_seven_values_make_eight_bars_that_add_up_to_the_estimate() -> None:
    facts = stored_facts(prediction([1.2, -0.4, *[0.03] * 45], 0.62, 0.2))
    bars = facts["contributions"]
    assert len(bars) == MAX_BARS
    assert facts["start"] + sum(bar.points for bar in bars) == 62
    assert bars[-1].words == "the other 40 values together"


def test_a_stored_prediction_holds_nothing_finer_than_the_rounded_estimate() -> None:
    body = body_of(WORDS, prediction([1.234, -0.456], 0.62, 0.2), NOW_S)
    assert "log_odds" not in orjson.dumps(body).decode()
    assert all(isinstance(points, int) for _, _, points in body["bars"])


def test_a_prediction_says_that_the_model_did_not_learn_from_the_patients_site() -> None:
    assert stored_facts(prediction([], 0.62, 0.2))["likeness"].site == "new"
    for site in ("new", "unmeasured"):
        assert "did not learn from the site" in WORDS(f"prediction-site-{site}")
    earlier = body_of(WORDS, prediction([], 0.62, 0.2), NOW_S)
    del earlier["likeness"]["site"]
    assert values_of(WORDS, earlier)["likeness"].site == ""


def test_predictions_of_earlier_releases_are_shown_with_bars_that_add_up() -> None:
    body = body_of(WORDS, prediction([], 0.62, 0.2), NOW_S)
    del body["bars"], body["start"], body["warnings"], body["likeness"], body["places"]
    body["contributions"] = [
        {"words": "age", "value": "51 years", "log_odds": 1.2, "points": 20},
        {"words": "weight", "value": "80 kg", "log_odds": 0.6, "points": 11},
    ]
    facts = values_of(WORDS, body)
    assert facts["start"] + sum(bar.points for bar in facts["contributions"]) == 62
    assert facts["warnings"] is facts["likeness"] is None


def test_old_and_missing_values_are_counted_with_their_dates() -> None:
    values = [value("2018-12-31"), value("2026-11-01"), value(problem="missing")]
    warnings = warnings_of(values, NOW_S)
    assert (warnings.old, warnings.missing, warnings.total) == (1, 1, 3)
    assert (warnings.oldest_on, warnings.newest_on) == ("2018-12-31", "2026-11-01")
    assert not warnings.is_all_old
    assert warnings_of([value("2018-12-31"), value(problem="missing")], NOW_S).is_all_old


def test_values_of_the_last_year_are_no_reason_to_warn() -> None:
    warnings = warnings_of([value("2025-11-29")], NOW_S)
    assert (warnings.old, warnings.missing) == (0, 0)


def test_a_converted_value_is_beside_what_its_sender_wrote() -> None:
    glucose = InputValue(
        "glucose", "glucose", "91.9 mg/dL", "2020-01-01", "", "any", "5.1 mmol/L", "molar"
    )
    assert input_line(WORDS, glucose).value == (
        "91.9 mg/dL · the model read 5.1 mmol/L as 91.9 mg/dL: "
        "the molar mass that the question states"
    )


def test_every_problem_of_a_value_has_a_text() -> None:
    for problem in ("missing", "outside", "unit", "bound", "kind"):
        line = input_line(WORDS, InputValue("g", "g", "", "", problem, "0 to 9"))
        assert line.value
