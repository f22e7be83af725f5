"""Draws a card's pictures, calmly, as SVG and PNG; the only file that knows matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

from models.card import Card

_INK: Final = "#22313f"
_BLUE: Final = "#1f6f8b"
_RUST: Final = "#c0562f"
_GREY: Final = "#9aa5ad"
_PALE: Final = "#e6ebee"
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _GREY,
    "axes.titlecolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.hashsalt": "vouchsafe",
    "svg.fonttype": "path",
}
_SIZE: Final = (6.4, 4.6)
_MOST_BARS: Final = 12
_DRAWING: Final = Lock()

Axes = Any


def draw(card: Card, name: str) -> bytes | None:
    """Return a picture of a card by its file name, e.g. ``calibration.svg``, or None.

    There are calibration, decision, contributions, distributions and groups, each as svg and png;
    one card gives one set of bytes.
    """
    subject, _, kind = name.partition(".")
    if subject not in _PICTURES or kind not in ("svg", "png"):
        return None
    return _drawn(lambda axes: _PICTURES[subject](axes, card.content), kind)


def draw_contributions(contributions: Sequence[tuple[str, float]], kind: str) -> bytes:
    """Return a picture of what raised and what lowered one answer, the greatest first.

    Args:
        contributions: words and log-odds, the greatest first.
        kind: svg or png.
    """
    return _drawn(lambda axes: _bars(axes, list(contributions)), kind)


def _drawn(draw: Callable[[Axes], None], kind: str) -> bytes:
    # Imported here: only drawing pays for it. Not pyplot, whose state all threads would share.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # The style is one for the whole process while it lasts.
    with _DRAWING, rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes)
        axes.tick_params(length=0)
        out = io.BytesIO()
        undated: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, dpi=144, metadata=undated)
    return out.getvalue()


def _titled(axes: Axes, title: str, across: str, upwards: str) -> None:
    axes.set_title(title, loc="left", fontsize=12, pad=14, fontweight="bold")
    axes.set_xlabel(across)
    axes.set_ylabel(upwards)


def _calibration(axes: Axes, held: Mapping[str, Any]) -> None:
    evaluation, words = held["evaluation"], held["outcome"]["words"]
    bins = evaluation["bins"]
    told = [one["mean"] for one in bins]
    came = [one["observed"]["value"] for one in bins]
    below = [one["observed"]["value"] - one["observed"]["low"] for one in bins]
    above = [one["observed"]["high"] - one["observed"]["value"] for one in bins]
    top = min(1.0, max([*told, *(one["observed"]["high"] for one in bins)]) * 1.06)
    axes.plot([0, top], [0, top], color=_GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(top * 0.99, top * 1.01, "perfect", color=_GREY, ha="right", va="bottom", rotation=0)
    axes.errorbar(told, came, [below, above], fmt="none", ecolor=_BLUE, elinewidth=1.4, alpha=0.6)
    axes.plot(told, came, "o", color=_BLUE, markersize=6)
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    slope, large = evaluation["slope"], evaluation["intercept"]
    axes.text(
        0.03, 0.94, f"slope {slope:.2f}   in the large {large:+.2f}", transform=axes.transAxes
    )
    _titled(axes, "Calibration", "estimated probability", f"share with {words}, 95 % interval")


def _decision_curve(axes: Axes, held: Mapping[str, Any]) -> None:
    evaluation = held["evaluation"]
    thresholds, model, everybody = zip(*evaluation["net_benefit"], strict=True)
    prevalence = evaluation["prevalence"]
    axes.axhline(0, color=_GREY, linewidth=1)
    axes.plot(thresholds, everybody, color=_RUST, linewidth=1.6, linestyle=(0, (4, 3)))
    axes.plot(thresholds, model, color=_BLUE, linewidth=2.2)
    axes.set_ylim(-0.15 * prevalence, max(model) * 1.12)
    axes.set_xlim(thresholds[0], thresholds[-1])
    middle = len(thresholds) // 3
    axes.annotate(
        "act on the model",
        (thresholds[middle], model[middle]),
        (6, 8),
        textcoords="offset points",
        color=_BLUE,
    )
    low = next((n for n, one in enumerate(everybody) if one < 0.35 * prevalence), 0)
    axes.annotate(
        "act on all",
        (thresholds[low], everybody[low]),
        (-6, -2),
        textcoords="offset points",
        color=_RUST,
        ha="right",
        va="top",
    )
    axes.text(thresholds[-1], 0, "act on nobody", color=_INK, ha="right", va="bottom")
    _titled(axes, "Decision curve", "threshold for acting", "net benefit per patient")


def _distributions(axes: Axes, held: Mapping[str, Any]) -> None:
    evaluation, words = held["evaluation"], held["outcome"]["words"]
    without, having = evaluation["spread"]
    places = [(n + 0.5) / len(without) for n in range(len(without))]
    width = 0.9 / len(without)
    axes.bar(places, without, width, color=_GREY)
    axes.bar(places, [-one for one in having], width, color=_BLUE)
    axes.axhline(0, color=_INK, linewidth=0.8)
    most = max([*without, *having]) * 1.1
    axes.set_xlim(0, 1)
    axes.set_ylim(-most, most)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0%}")
    small = {"transform": axes.transAxes, "ha": "right", "color": _GREY, "fontsize": 9}
    axes.text(0.98, 0.95, f"without {words}", transform=axes.transAxes, ha="right", color=_INK)
    axes.text(0.98, 0.03, f"with {words}", transform=axes.transAxes, ha="right", color=_BLUE)
    axes.text(0.98, 0.9, "bars of 1 to 10 patients are not shown", **small)
    _titled(axes, "Estimates by outcome", "estimated probability", "share of patients")


def _groups(axes: Axes, held: Mapping[str, Any]) -> None:
    evaluation = held["evaluation"]
    told = [one for one in evaluation["groups"] if one["auroc"] is not None]
    rows = [("all", evaluation["auroc"], evaluation["n"])]
    rows += [(one["words"], one["auroc"], one["n"]) for one in told]
    for place, (_, area, n) in enumerate(reversed(rows)):
        color = _INK if place == len(rows) - 1 else _BLUE
        axes.plot([area["low"], area["high"]], [place, place], color=color, linewidth=1.6)
        axes.plot(area["value"], place, "o", color=color, markersize=6)
        axes.text(1.005, place, f"n {n}", va="center", color=_INK, fontsize=9)
    axes.axvline(evaluation["auroc"]["value"], color=_PALE, linewidth=6, zorder=0)
    axes.set_yticks(range(len(rows)), [words for words, _, _ in reversed(rows)])
    axes.set_xlim(0.5, 1)
    axes.spines["left"].set_visible(False)
    _titled(axes, "Subgroups", "AUROC, 95 % interval (0.5 is chance)", "")


def _bars(axes: Axes, contributions: list[tuple[str, float]]) -> None:
    places = range(len(contributions))
    values = [value for _, value in reversed(contributions)]
    colors = [_RUST if value > 0 else _BLUE for value in values]
    axes.barh(places, values, 0.62, color=colors)
    axes.axvline(0, color=_INK, linewidth=0.8)
    axes.set_yticks(places, [words for words, _ in reversed(contributions)])
    reach = max([abs(value) for value in values] or [1]) * 1.15
    axes.set_xlim(-reach, reach)
    axes.spines["left"].set_visible(False)
    _titled(axes, "Why this estimate", "lowers it  ←  log-odds  →  raises it", "")


def _importance(axes: Axes, held: Mapping[str, Any]) -> None:
    told = sorted(held["predictors"], key=lambda one: -one["mean_log_odds"])[:_MOST_BARS]
    axes.barh(range(len(told)), [one["mean_log_odds"] for one in reversed(told)], 0.62, color=_BLUE)
    axes.set_yticks(range(len(told)), [one["words"] for one in reversed(told)])
    axes.spines["left"].set_visible(False)
    _titled(axes, "What it looks at", "mean change of the log-odds, either way", "")


_PICTURES: Final[Mapping[str, Callable[[Axes, Mapping[str, Any]], None]]] = MappingProxyType(
    {
        "calibration": _calibration,
        "decision": _decision_curve,
        "contributions": _importance,
        "distributions": _distributions,
        "groups": _groups,
    }
)
