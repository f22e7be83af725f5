"""The command that watches models in service: drift by month, and known outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from cli.output import Output, with_services
from services.model_monitoring import ModelMonth
from services.words import Words

if TYPE_CHECKING:
    from services.wiring import Services

_HEADS: Final = (
    *("model", "month", "answers", "shift of the estimates", "largest shift of an input"),
    *("outcomes known", "observed to expected", "AUROC", "state"),
)


@click.command()
@click.argument("model", required=False)
@click.option("--measure", is_flag=True, help="First make the reports of last month that are due.")
@with_services
def monitor(services: Services, output: Output, model: str | None, measure: bool) -> None:
    """Show how models in service do: the newest month of each, or every month of MODEL.

    The worker makes the report of a month once, soon after its end. Shifts are population
    stability indexes against the training data. Outcomes count for patients who permit the study
    to train, as training does; counts of people are in tens.
    """
    monitoring = services.model_monitoring
    if measure:
        monitoring.measure_due()
    if model is None:
        print_months(output, monitoring.list_newest())
    else:
        print_months(output, monitoring.list_months(services.cards.get(model).model.id))


def print_months(output: Output, months: Sequence[ModelMonth]) -> None:
    """Write monthly reports to stdout."""
    lines = () if months else ("No monthly report has been made yet.",)
    output.result({"months": [asdict(month) for month in months]}, *lines)
    output.table(_HEADS, [_row(month, Words("en")) for month in months], every=True)


def _row(month: ModelMonth, words: Words) -> tuple[str, ...]:
    few = words("months-few")
    known = words("months-known", answers=month.outcomes, events=month.events)
    worst = f" ({month.worst_input})" if month.worst_input else ""
    return (
        *(month.model, month.month, month.answers),
        _figure(month.estimate_psi, few),
        _figure(month.worst_psi, few) + worst,
        known if month.outcomes else few,
        _figure(month.observed_to_expected, few)
        + _interval(month.observed_to_expected_low, month.observed_to_expected_high),
        _figure(month.auroc, few) + _interval(month.auroc_low, month.auroc_high),
        words(f"months-{month.state}"),
    )


def _figure(figure: float | None, few: str) -> str:
    return few if figure is None else f"{figure:z.2f}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:z.2f} to {high:z.2f})"
