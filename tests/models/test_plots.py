from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from models import plots
from models.card import Card
from models.plots import draw_card_plot, draw_contributions


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


CARD = Card(
    {
        "outcome": {"words": "it"},
        "curves": {
            "roc": [[1.0, 1.0], [0.2, 0.7], [0.0, 0.0]],
            "precision_recall": [[0.9, 0.3], [0.2, 0.8]],
            "smooth": [[0.1, 0.1, 0.05, 0.2], [0.5, 0.6, 0.5, 0.7]],
        },
        "predictors": [
            {"words": "age", "mean_log_odds": 0.4},
            {"words": "sex", "mean_log_odds": 0.1},
            {"words": "few patients have it", "mean_log_odds": None},
        ],
        "evaluation": {
            "n": 200,
            "auroc": estimate(0.8),
            "slope": 1.0,
            "intercept": -0.1,
            "prevalence": 0.2,
            "bins": [
                {"until": 0.3, "n": 100, "mean": 0.1, "observed": estimate(0.1)},
                {"until": 1.0, "n": 100, "mean": 0.5, "observed": estimate(0.6)},
            ],
            "spread": [[0.4, 0.1, 0.0, 0.0], [0.1, 0.2, 0.2, 0.0]],
            "net_benefit": [[0.05, 0.15, 0.16], [0.2, 0.1, 0.0], [0.4, 0.05, -0.3]],
            "auprc": estimate(0.5),
            "groups": [
                {"words": "a", "n": 100, "auroc": estimate(0.7)},
                {"words": "b", "n": None, "auroc": None},
            ],
        },
    }
)


NAMES = ("roc", "precision", "calibration", "decision", "contributions", "distributions", "groups")


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_is_the_same_each_time_and_has_no_script(name: str) -> None:
    plot = draw_card_plot(CARD.content, f"{name}.svg") or b""
    assert plot.startswith(b"<?xml")
    assert b"<script" not in plot
    assert draw_card_plot(CARD.content, f"{name}.svg") == plot
    assert (draw_card_plot(CARD.content, f"{name}.png") or b"").startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["decision", "distributions"])
def test_a_plot_of_which_every_part_tells_of_few_patients_is_drawn_without_them(name: str) -> None:
    hidden = {"net_benefit": [], "spread": [[0.0] * 4, [0.0] * 4]}
    content = {**CARD.content, "evaluation": {**CARD.content["evaluation"], **hidden}}
    assert (draw_card_plot(content, f"{name}.svg") or b"").startswith(b"<?xml")


@pytest.mark.parametrize("name", ["other.svg", "calibration.exe", "calibration", ""])
def test_an_unknown_plot_is_none(name: str) -> None:
    assert draw_card_plot(CARD.content, name) is None


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_contributions_to_a_prediction_are_drawn(kind: str) -> None:
    assert draw_contributions([("age: 55 years", 0.4), ("sex: male", -0.2)], kind)
    assert draw_contributions([], kind)


@pytest.fixture
def axes():
    return Figure().add_subplot()


def test_a_group_that_does_worse_than_chance_is_shown_whole(axes) -> None:
    worse = {"words": "c", "n": 100, "auroc": {"value": 0.45, "low": 0.3, "high": 0.6}}
    plots._draw_groups(axes, {"evaluation": {**CARD.content["evaluation"], "groups": [worse]}})
    assert axes.get_xlim() == (0.3, 1)


def test_the_only_group_may_be_all_patients(axes) -> None:
    plots._draw_groups(axes, {"evaluation": {**CARD.content["evaluation"], "groups": []}})
    assert axes.get_xlim() == (0.5, 1)


def test_the_calibration_plot_names_its_marks_and_writes_zero_without_a_sign(axes) -> None:
    evaluation = {**CARD.content["evaluation"], "intercept": -0.001}
    plots._draw_calibration(axes, {**CARD.content, "evaluation": evaluation})
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["groups of patients", "smooth curve"]
    assert "slope 1.00   intercept 0.00" in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("peak", range(4))
def test_words_in_the_distributions_lie_over_no_bar(peak: int) -> None:
    shares = [[float(place == peak) for place in range(4)]] * 2
    content = {"outcome": {"words": "a long outcome"}, "evaluation": {"spread": shares}}
    figure = Figure(figsize=plots._SIZE, layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.add_subplot()
    plots._draw_distributions(axes, content)
    canvas.draw()
    bars = [bar.get_window_extent() for bar in axes.patches]
    words = [text.get_window_extent() for text in axes.texts]
    assert (len(bars), len(words)) == (8, 3)
    assert not [bar for bar in bars for text in words if bar.overlaps(text) and bar.height]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [plots._INK, plots._BLUE, plots._GREY])
def test_words_in_a_plot_can_be_read(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5  # WCAG, on white
