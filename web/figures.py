"""Writes the figures of models on pages, rounded as in the card's text and PDF."""

from __future__ import annotations

from collections.abc import Mapping


def write_figure(value: float, digits: int) -> str:
    """Return a figure with so many decimals and a true minus; zero never has a sign."""
    return f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}")


def write_estimate(estimate: Mapping[str, float] | float, digits: int) -> str:
    """Return a figure with its interval: "0.80 (0.75 to 0.85)".

    Cards of earlier releases have some figures without an interval.
    """
    if not isinstance(estimate, Mapping):
        return write_figure(estimate, digits)
    value, low, high = (write_figure(estimate[name], digits) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
