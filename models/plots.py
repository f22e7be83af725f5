"""Draws the plots of model cards and predictions; the only file that imports matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

_INK: Final = "#22313f"
_BLUE: Final = "#1f6f8b"
_RUST: Final = "#c0562f"
_GREY: Final = "#66717b"
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
SUFFIXES: Final = (".svg", ".png")
_SIZE: Final = (6.4, 4.6)
_MAX_BARS: Final = 12
_LOCK: Final = Lock()
_NO_THRESHOLD: Final = "Each threshold would tell of 1 to 10 patients."

Axes = Any


def draw_card_plot(content: Mapping[str, Any], name: str) -> bytes | None:
    """Return a plot of a card's content by its file name, e.g. ``roc.svg``; None if there is none.

    There are those of `list_plots`, each as svg and png; the same card always gives the same bytes.
    """
    subject, _, kind = name.partition(".")
    if subject not in list_plots(content) or f".{kind}" not in SUFFIXES:
        return None
    return _render(lambda axes: _PLOTS[subject](axes, content), kind)


def list_plots(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the plots that can be drawn of what the content has.

    Cards of the first format have no curves, external validations no inputs, and the report of a
    run whose data were refused has no figures.
    """
    if not {"evaluation", "outcome"} <= set(content):
        return ()
    return tuple(name for name in _PLOTS if _NEEDED.get(name, "outcome") in content)


def draw_contributions(contributions: Sequence[tuple[str, float]], kind: str) -> bytes:
    """Return a plot of what raised and what lowered one prediction.

    Args:
        contributions: words and points of 100, the largest effect first.
        kind: svg or png.
    """
    return _render(lambda axes: _draw_bars(axes, list(contributions)), kind)


def _render(draw: Callable[[Axes], None], kind: str) -> bytes:
    # Imported here because it is slow. Not pyplot, whose state all threads would share.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # rc_context changes the style of the whole process, so only one thread may draw.
    with _LOCK, rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes)
        axes.tick_params(length=0)
        buffer = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=144, metadata=metadata)
    return buffer.getvalue()


def _label(axes: Axes, title: str, x_label: str, y_label: str) -> None:
    axes.set_title(title, loc="left", fontsize=12, pad=14, fontweight="bold")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)


def _draw_calibration(axes: Axes, content: Mapping[str, Any]) -> None:
    evaluation, words = content["evaluation"], content["outcome"]["words"]
    bins = evaluation["bins"]
    predicted = [row["mean"] for row in bins]
    observed = [row["observed"]["value"] for row in bins]
    below = [row["observed"]["value"] - row["observed"]["low"] for row in bins]
    above = [row["observed"]["high"] - row["observed"]["value"] for row in bins]
    top = min(1.0, max([*predicted, *(row["observed"]["high"] for row in bins)]) * 1.06)
    axes.plot([0, top], [0, top], color=_GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(top * 0.99, top * 1.01, "perfect", color=_GREY, ha="right", va="bottom", rotation=0)
    errors = [below, above]
    axes.errorbar(predicted, observed, errors, fmt="none", ecolor=_BLUE, elinewidth=1.4, alpha=0.6)
    axes.plot(predicted, observed, "o", color=_BLUE, markersize=6, label="groups of patients")
    if "curves" in content:
        places, middle, low, high = zip(*content["curves"]["smooth"], strict=True)
        axes.fill_between(places, low, high, color=_RUST, alpha=0.15, linewidth=0)
        axes.plot(places, middle, color=_RUST, linewidth=1.4, label="smooth curve")
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    slope, intercept = evaluation["slope"], evaluation["intercept"]
    axes.text(
        0.03, 0.94, f"slope {slope:z.2f}   intercept {intercept:z.2f}", transform=axes.transAxes
    )
    axes.legend(loc="lower right", frameon=False)
    _label(axes, "Calibration", "estimated probability", f"share with {words}, 95 % interval")


def _draw_roc(axes: Axes, content: Mapping[str, Any]) -> None:
    alarms, hits = zip(*sorted(content["curves"]["roc"]), strict=True)
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(alarms, hits, color=_BLUE, linewidth=2)
    area = content["evaluation"]["auroc"]
    text = f"AUROC {area['value']:z.3f} ({area['low']:z.3f} to {area['high']:z.3f})"
    axes.text(0.97, 0.05, text, transform=axes.transAxes, ha="right")
    _frame_unit_square(axes)
    _label(axes, "ROC curve", "1 - specificity", "sensitivity")


def _draw_precision(axes: Axes, content: Mapping[str, Any]) -> None:
    prevalence = content["evaluation"]["prevalence"]
    axes.axhline(prevalence, color=_GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(0.01, prevalence + 0.01, "prevalence", color=_GREY, ha="left", va="bottom")
    if content["curves"]["precision_recall"]:
        recall, precision = zip(*content["curves"]["precision_recall"], strict=True)
        axes.plot(recall, precision, color=_BLUE, linewidth=2)
    auprc = content["evaluation"]["auprc"]  # a number on cards of earlier releases
    text = f"area {auprc['value'] if isinstance(auprc, Mapping) else auprc:z.3f}"
    axes.text(0.97, 0.95, text, transform=axes.transAxes, ha="right")
    _frame_unit_square(axes)
    _label(axes, "Precision and recall", "recall (sensitivity)", "precision (PPV)")


def _frame_unit_square(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)


def _draw_decision_curve(axes: Axes, content: Mapping[str, Any]) -> None:
    evaluation = content["evaluation"]
    _label(axes, "Decision curve", "threshold for acting", "net benefit per patient")
    if not evaluation["net_benefit"]:
        axes.text(0.5, 0.5, _NO_THRESHOLD, transform=axes.transAxes, ha="center", color=_GREY)
        return
    thresholds, model, treat_all = zip(*evaluation["net_benefit"], strict=True)
    prevalence = evaluation["prevalence"]
    axes.axhline(0, color=_GREY, linewidth=1)
    axes.plot(thresholds, treat_all, color=_RUST, linewidth=1.6, linestyle=(0, (4, 3)))
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
    low = next((n for n, benefit in enumerate(treat_all) if benefit < 0.35 * prevalence), 0)
    axes.annotate(
        "act on all",
        (thresholds[low], treat_all[low]),
        (-6, -2),
        textcoords="offset points",
        color=_RUST,
        ha="right",
        va="top",
    )
    axes.text(thresholds[-1], 0, "act on nobody", color=_INK, ha="right", va="bottom")


def _draw_distributions(axes: Axes, content: Mapping[str, Any]) -> None:
    evaluation, words = content["evaluation"], content["outcome"]["words"]
    without, with_label = evaluation["spread"]
    centres = [(n + 0.5) / len(without) for n in range(len(without))]
    width = 0.9 / len(without)
    axes.bar(centres, without, width, color=_GREY)
    axes.bar(centres, [-share for share in with_label], width, color=_BLUE)
    axes.axhline(0, color=_INK, linewidth=0.8)
    top = max([*without, *with_label]) * 1.4 or 1  # room for the words; 1 where no bar is shown
    axes.set_xlim(0, 1)
    axes.set_ylim(-top, top)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):z.0%}")
    small = {"transform": axes.transAxes, "ha": "right", "color": _GREY, "fontsize": 9}
    axes.text(0.98, 0.95, f"without {words}", transform=axes.transAxes, ha="right", color=_INK)
    axes.text(0.98, 0.03, f"with {words}", transform=axes.transAxes, ha="right", color=_BLUE)
    axes.text(0.98, 0.9, "bars of 1 to 10 patients are not shown", **small)
    _label(axes, "Estimates by outcome", "estimated probability", "share of patients")


def _draw_groups(axes: Axes, content: Mapping[str, Any]) -> None:
    evaluation = content["evaluation"]
    groups = [group for group in evaluation["groups"] if group["auroc"] is not None]
    rows = [("all", evaluation["auroc"], evaluation["n"])]
    rows += [(group["words"], group["auroc"], group["n"]) for group in groups]
    for y, (_, area, n) in enumerate(reversed(rows)):
        color = _INK if y == len(rows) - 1 else _BLUE
        axes.plot([area["low"], area["high"]], [y, y], color=color, linewidth=1.6)
        axes.plot(area["value"], y, "o", color=color, markersize=6)
        axes.text(1.005, y, f"n {n}", va="center", color=_INK, fontsize=9)
    axes.axvline(evaluation["auroc"]["value"], color=_PALE, linewidth=6, zorder=0)
    axes.set_yticks(range(len(rows)), [words for words, _, _ in reversed(rows)])
    # A group for which the model does worse than chance is shown whole.
    axes.set_xlim(min(0.5, *(area["low"] for _, area, _ in rows)), 1)
    axes.spines["left"].set_visible(False)
    _label(axes, "Subgroups", "AUROC, 95 % interval (0.5 is chance)", "")


def _draw_bars(axes: Axes, contributions: list[tuple[str, float]]) -> None:
    positions = range(len(contributions))
    values = [value for _, value in reversed(contributions)]
    colors = [_RUST if value > 0 else _BLUE for value in values]
    axes.barh(positions, values, 0.62, color=colors)
    axes.axvline(0, color=_INK, linewidth=0.8)
    axes.set_yticks(positions, [words for words, _ in reversed(contributions)])
    reach = (max((abs(value) for value in values), default=0) or 1) * 1.15
    axes.set_xlim(-reach, reach)
    axes.spines["left"].set_visible(False)
    _label(axes, "Why this estimate", "lowers it  ←  points of 100  →  raises it", "")


def _draw_importance(axes: Axes, content: Mapping[str, Any]) -> None:
    rows = [row for row in content["predictors"] if row["mean_log_odds"] is not None]
    ranked = sorted(rows, key=lambda row: -row["mean_log_odds"])[:_MAX_BARS]
    values = [row["mean_log_odds"] for row in reversed(ranked)]
    axes.barh(range(len(ranked)), values, 0.62, color=_BLUE)
    axes.set_yticks(range(len(ranked)), [row["words"] for row in reversed(ranked)])
    axes.spines["left"].set_visible(False)
    _label(axes, "Most important inputs", "mean change of the log-odds, in either direction", "")


_PLOTS: Final[Mapping[str, Callable[[Axes, Mapping[str, Any]], None]]] = MappingProxyType(
    {
        "roc": _draw_roc,
        "precision": _draw_precision,
        "calibration": _draw_calibration,
        "decision": _draw_decision_curve,
        "contributions": _draw_importance,
        "distributions": _draw_distributions,
        "groups": _draw_groups,
    }
)
_NEEDED: Final = MappingProxyType(
    {"roc": "curves", "precision": "curves", "contributions": "predictors"}
)
