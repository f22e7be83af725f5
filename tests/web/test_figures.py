from __future__ import annotations

import pytest

from models.card_text import format_estimate
from web.figures import write_estimate, write_figure


@pytest.mark.parametrize("value", [-0.001, -0.0, 0.004])
def test_a_figure_that_is_rounded_to_zero_has_no_sign(value: float) -> None:
    assert write_figure(value, 2) == "0.00"


@pytest.mark.parametrize("digits", [0, 2, 3])
@pytest.mark.parametrize("value", [0.0, -0.001, 0.835, 0.125, -0.5, 2.5, 12.3456])
def test_a_page_rounds_as_the_text_of_a_card(value: float, digits: int) -> None:
    estimate = {"value": value, "low": value - 0.1, "high": value + 0.1}
    page = write_estimate(estimate, digits).replace("\N{MINUS SIGN}", "-")
    assert page == format_estimate(estimate, digits)


def test_a_figure_without_an_interval_is_written_alone() -> None:
    assert write_estimate(1.005, 2) == format_estimate(1.005, 2)
