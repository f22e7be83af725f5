"""Describes a model card as plain text, under the headings of TRIPOD+AI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from models.card_notes import (
    ATTACK_NOTE,
    BEFORE_NOTE,
    FIRST_ATTACK_NOTE,
    FIRST_INTERVAL_NOTE,
    INTERVAL_NOTE,
    ITEMS_NOTE,
    NO_COUNTS,
    NO_EFFECT,
    describe_earlier_runs,
    describe_final_fit,
    describe_measured,
)
from models.question_parts import spell_value
from models.training_range import describe_bounds
from models.tripod import number_heading

THRESHOLDS: Final = "Decisions at thresholds"
SPLITS: Final = "Split by place or time"
_MEMBERS: Final = MappingProxyType(
    {
        "Intended use": "intended_use",
        "Limits": "limits",
        "Outcome": "outcome",
        "Patients": "data",
        "Performance out of fold": "evaluation",
        "Performance on held-out patients": "evaluation",
        "Performance on other patients": "evaluation",
        "Comparison with the model before": "before",
        "Subgroups": "evaluation.groups",
        "Inputs": "predictors",
        "Interval of a prediction": "interval",
        "Patients by outcome": "patients_by_outcome",
        THRESHOLDS: "thresholds",
        "Development": "tuning",
        "Sample size": "sample_size",
        SPLITS: "splits",
        "Provenance": "provenance",
    }
)
"""The member of the card that each section describes."""
THRESHOLD_FIGURES: Final = MappingProxyType(
    {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
)
"""What a card states of acting at each threshold, in this order."""
_LEARNERS: Final = MappingProxyType(
    {"xgboost": "boosted trees (XGBoost)", "logistic": "logistic regression (ridge)"}
)
_YEAR_DIGITS: Final = 4
"""Cards of earlier releases name the first and the last day."""
HIDDEN: Final = "hidden"
"""In place of a figure that would tell of few people."""


def describe_card(content: Mapping[str, Any]) -> list[str]:
    """Return a card of either format as lines without control characters."""
    lines = [
        ITEMS_NOTE,
        *describe_measured(content),
        *make_section("Intended use", [content["intended_use"]]),
        *make_section("Limits", content["limits"]),
        *make_section("Outcome", [content["outcome"]["definition"]]),
        *make_section("Patients", describe_flow(content)),
        *make_section(_performance_title(content), describe_performance(content)),
        *make_section("Comparison with the model before", _before_lines(content)),
        *make_section("Subgroups", describe_groups(content)),
        *make_section("Membership attack", _attack_lines(content)),
        *make_section("Interval of a prediction", _interval_lines(content)),
        *make_section("Inputs", _input_lines(content)),
        *(_second_format(content) if "tuning" in content else []),
        *make_section("Provenance", _provenance_lines(content)),
    ]
    return make_printable(lines)


def make_printable(lines: Sequence[str]) -> list[str]:
    """Return the lines without control characters."""
    return ["".join(char if char.isprintable() else " " for char in line) for line in lines]


def _performance_title(content: Mapping[str, Any]) -> str:
    return f"Performance {'out of fold' if 'tuning' in content else 'on held-out patients'}"


def _second_format(content: Mapping[str, Any]) -> list[str]:
    return [
        *make_section("Patients by outcome", _table_lines(content)),
        *make_section(THRESHOLDS, describe_thresholds(content)),
        *make_section("Development", _development_lines(content)),
        *make_section("Sample size", _size_lines(content["sample_size"])),
        *(make_section(SPLITS, _split_lines(content)) if content["splits"] else []),
    ]


def make_section(title: str, lines: Sequence[str]) -> list[str]:
    """Return a title, with the items that it answers, and its lines with an indent."""
    return [number_heading(title, _MEMBERS.get(title, "")), *(f"  {line}" for line in lines)]


def format_estimate(estimate: Mapping[str, float] | float | None, digits: int = 3) -> str:
    """Return a figure with its interval, or that it is hidden; zero never has a sign.

    Cards of earlier releases have some figures without an interval.
    """
    if estimate is None:
        return HIDDEN
    if not isinstance(estimate, Mapping):
        return f"{estimate:z.{digits}f}"
    value, low, high = (f"{estimate[name]:z.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _spell(code: str) -> str:
    return code.replace("-", " ")


def describe_flow(content: Mapping[str, Any]) -> list[str]:
    """Return who was permitted, left out and analysed, as lines."""
    data = content["data"]
    parts = []
    if "held_out" in data:
        parts.append(f"training: {data['training']}, held out for testing: {data['held_out']}")
    return [
        *([f"patients who permit it: {data['permitted']}"] if "permitted" in data else []),
        f"patients: {data['patients']}, {data['events']} with the label",
        *parts,
        f"records from {data['from']}"
        + (f" to {data['to']}" if data["to"] != data["from"] else "")
        + (
            " (at most 10 patients have earlier records, at most 10 later)"
            if len(data["from"]) == _YEAR_DIGITS
            else ""
        ),
        *[f"patients left out, {_spell(why)}: {n}" for why, n in data["left_out"].items()],
        *[f"records refused, {_spell(why)}: {n}" for why, n in data["refused"].items()],
        *([data["not_listed"]] if "not_listed" in data else []),
    ]


def describe_performance(content: Mapping[str, Any]) -> list[str]:
    """Return the figures of an evaluation as lines."""
    figures = content["evaluation"]
    slope, intercept = (add_interval(figures, name) for name in ("slope", "intercept"))
    return [
        f"AUROC (95 % interval, DeLong): {format_estimate(figures['auroc'])}",
        *_repeat_lines(content),
        f"area under the precision-recall curve: {format_estimate(figures['auprc'])}"
        f" (chance: the prevalence, {figures['prevalence']:z.2f})",
        f"calibration slope (ideal: 1): {format_estimate(slope, 2)}",
        f"calibration intercept (ideal: 0): {format_estimate(intercept, 2)}",
        f"observed to expected (ideal: 1): {format_estimate(figures['observed_to_expected'], 2)}",
        f"Brier score: {format_estimate(figures['brier'])},"
        f" scaled: {format_estimate(figures['scaled_brier'])}"
        " (1 is perfect, 0 is knowing only the prevalence)",
    ]


def add_interval(figures: Mapping[str, Any], name: str) -> dict[str, float]:
    """Return the slope or the intercept with its 95 % interval."""
    value, margin = figures[name], 1.96 * figures[f"{name}_error"]
    return {"value": value, "low": value - margin, "high": value + margin}


def _before_lines(content: Mapping[str, Any]) -> list[str]:
    before = content.get("before")
    if before is None or "auroc" not in before:
        named = before["id"] if before else content["model"].get("predecessor")
        return [f"{named}; its figures are on its own card" if named else "none"]
    now = content["evaluation"]
    calibration = (
        f"calibration {name}: {format_estimate(add_interval(now, name), 2)},"
        f" before {format_estimate(add_interval(before, name), 2)}"
        for name in ("slope", "intercept")
    )
    return [
        f"{before['id']}: {before['patients']} patients",
        f"AUROC: {format_estimate(now['auroc'])}, before {format_estimate(before['auroc'])}",
        *calibration,
        f"Brier score: {format_estimate(now['brier'])}, before {format_estimate(before['brier'])}",
        BEFORE_NOTE,
    ]


def _repeat_lines(content: Mapping[str, Any]) -> list[str]:
    repeated = content.get("repeated")
    if repeated is None:
        return []
    between, within = repeated["sd_repeats"], repeated["sd_folds"]
    parts = [f"{within:z.3f} between folds"] if within is not None else []
    parts += [f"{between:z.3f} between repeats"] if between is not None else []
    single = repeated.get("sd_estimates")
    stability = "not known" if single is None else f"{single:z.3f} between draws of the folds"
    return [
        f"standard deviation of the AUROC: {', '.join(parts) or 'not known'}",
        f"standard deviation of the estimate about one patient, mean: {stability}",
    ]


def describe_groups(content: Mapping[str, Any]) -> list[str]:
    """Return the figures of each subgroup as lines."""
    return [
        f"{group['words']}: too few patients to report"
        if group["n"] is None
        else f"{group['words']}: {group['n']} patients, {group['events']} with the label,"
        f" AUROC {format_estimate(group['auroc'])},"
        f" observed to expected {format_estimate(group['observed_to_expected'], 2)}"
        + (f", calibration slope {format_estimate(group['slope'], 2)}" if "slope" in group else "")
        for group in content["evaluation"]["groups"]
    ]


def _attack_lines(content: Mapping[str, Any]) -> list[str]:
    attack = content["attack"]
    area = f"AUROC: {attack['auroc']:z.3f}"
    share = f"training patients found at 1 % false positives: {attack['tpr_at_1_percent_fpr']:z.3f}"
    if "auroc_high" not in attack:
        return [f"{area} (chance: 0.5)", f"{share} (chance: 0.01)", FIRST_ATTACK_NOTE]
    # No route lets a model leave the platform; the bound is stricter than that of answering here.
    leaving = "meets" if content["release"]["may_leave"] else "does not meet"
    return [
        f"{area}, upper bound {attack['auroc_high']:z.3f} (chance: 0.5)",
        f"{share}, upper bound {attack['tpr_high']:z.3f} (chance: 0.01)",
        f"shadow models: {attack['shadows']}",
        f"the model {leaving} the stricter bound for leaving a platform",
        ATTACK_NOTE,
    ]


def _interval_lines(content: Mapping[str, Any]) -> list[str]:
    if "interval" not in content:
        return [FIRST_INTERVAL_NOTE]
    interval = content["interval"]
    factor = f"half width: {interval['factor']:z.2f} standard errors of the calibration curve"
    lines = [INTERVAL_NOTE, f"{factor}, learned from {interval['groups']} groups of patients"]
    return lines + _site_lines(content.get("sites"))


def _site_lines(sites: Mapping[str, Any] | None) -> list[str]:
    """Return what the interval is for a patient of a site that the model did not learn from."""
    if sites is None:
        return []
    variation = sites["variation"]
    known = f"sites that the model learned from: {', '.join(sites['names']) or 'none'}"
    if variation is None:
        return [known, "at another site: how far sites differ is not known, so the range is 0 to 1"]
    return [
        known,
        f"at another site the interval is wider, by Student's 95 % prediction interval over the"
        f" {variation['sites']} sites that were each held out: calibration in the large"
        f" {variation['mean']:z.2f} ± {variation['margin']:z.2f}, standard deviation"
        f" {variation['spread']:z.2f} (log-odds)",
    ]


def describe_frequency(content: Mapping[str, Any]) -> list[str]:
    """Return which inputs count tests, and the AUROC with and without them, as lines."""
    frequency = content.get("frequency")
    if frequency is None:
        return [NO_COUNTS] if "frequency" in content else []
    return [
        f"how often tested: {', '.join(frequency['features'])}",
        f"AUROC with these inputs {format_estimate(frequency['having'])},"
        f" without them {format_estimate(frequency['without'])}",
    ]


def _moves_text(moves: float | None) -> str:
    return f"; {NO_EFFECT}" if moves is None else f"; moves the log-odds by {moves:z.3f} on average"


def format_share(share: float | None) -> str:
    """Return a share in percent, or that it is hidden."""
    return HIDDEN if share is None else f"{share:z.0%}"


def _spell_choices(accepts: str) -> str:
    # A range has no comma; its units may have a hyphen.
    return ", ".join(map(spell_value, accepts.split(", "))) if ", " in accepts else accepts


def _input_lines(content: Mapping[str, Any]) -> list[str]:
    without = list_importance_without(content)
    inputs = [
        f"{row['words']} ({row['code']}): {_spell_choices(row['accepts'])};"
        f" missing {format_share(row['missing_share'])}"
        + describe_bounds(row.get("range"))
        + (f"; AUROC alone {row['auroc_alone']:z.2f}" if row.get("auroc_alone") else "")
        + _moves_text(row["mean_log_odds"])
        + (f" ({other:z.3f} without how often tested)" if other is not None else "")
        + (f"; reviewed: {row['reviewed']}" if row.get("reviewed") else "")
        for row, other in zip(content["predictors"], without, strict=True)
    ]
    return inputs + describe_frequency(content)


def list_importance_without(content: Mapping[str, Any]) -> list[float | None]:
    """Return how far each input moves the log-odds in a model without those that count tests.

    None where there is no such model, or the input is not in it.
    """
    importance = (content.get("frequency") or {}).get("importance")
    return importance or [None] * len(content["predictors"])


def _table_lines(content: Mapping[str, Any]) -> list[str]:
    return [
        f"{row['words']}: without {_format_cells(row['without'], row['is_share'])},"
        f" with {_format_cells(row['having'], row['is_share'])};"
        f" missing {format_share(row['missing'])}"
        for row in content["patients_by_outcome"]
    ]


def _format_cells(cells: list[float] | None, is_share: bool) -> str:
    if cells is None:
        return HIDDEN
    if is_share:
        return f"{cells[0]:z.0%}"
    return f"{cells[1]:g} ({cells[0]:g} to {cells[2]:g})"


def describe_thresholds(content: Mapping[str, Any]) -> list[str]:
    """Return what acting at each threshold would mean, as lines."""
    return [
        f"at {row['threshold']:g}: "
        + ", ".join(
            f"{words} {format_estimate(row[name], 2)}" for name, words in THRESHOLD_FIGURES.items()
        )
        + f", flagged per 100: {format_estimate(row['flagged_per_100'], 0)}"
        for row in content["thresholds"]
    ]


def _development_lines(content: Mapping[str, Any]) -> list[str]:
    tuning, comparison = content["tuning"], content["comparison"]
    return [
        f"learner: {_LEARNERS[tuning['learner']]};"
        f" recalibration: {tuning['recalibration']['method']}",
        f"settings tried: {tuning['tried']}, within the bound of the attack: {tuning['within']}",
        *describe_final_fit(content),
        *(
            f"{_LEARNERS[row['kind']]}: AUROC {format_estimate(row['auroc'])},"
            f" Brier {row['brier']:z.3f}"
            for row in content["learners"]
        ),
        f"log-loss of the regression above XGBoost's: {comparison['difference']:z.4f}"
        f" (standard error {comparison['error']:z.4f})",
        f"AUROC of which values are missing, alone: {content['absence']:z.2f}",
        describe_earlier_runs(content),
    ]


def _size_lines(size: Mapping[str, Any]) -> list[str]:
    shrinkage = size["for_shrinkage"]
    return [
        f"for the overall risk to ± 0.05: {size['for_risk']} patients",
        "for a shrinkage of at most 10 % without a penalty: "
        + (f"{shrinkage} patients" if shrinkage else "not known")
        + f" ({size['parameters']} parameters)",
    ]


def _split_lines(content: Mapping[str, Any]) -> list[str]:
    return [
        f"{row['part']}: too few patients to report"
        if row["n"] is None
        else f"{row['part']}: {row['n']} patients, AUROC {format_estimate(row['auroc'])},"
        f" calibration slope {format_estimate(row['slope'])}"
        + (f", in the large {row['intercept']:z.2f}" if row.get("intercept") is not None else "")
        for row in content["splits"]
    ]


def _provenance_lines(content: Mapping[str, Any]) -> list[str]:
    origin = content["provenance"]
    libraries = ", ".join(f"{name} {version}" for name, version in origin["libraries"].items())
    parameters = ", ".join(f"{name} {value:g}" for name, value in origin["parameters"].items())
    return [
        f"model: {content['model']['id']} (sha-256 {content['model']['sha256']})",
        f"study: {content['study']}",
        f"question: {content['question']['id']} (sha-256 {content['question']['sha256']})",
        f"manifest: {origin['lines']} lines, root {origin['manifest_root']}",
        f"consents: {origin['consents']}",
        f"ledger: block {origin['view']['block_number']}, change {origin['view']['count']}",
        f"code: {origin['code']}",
        f"libraries: {libraries}",
        f"parameters: {parameters}",
        f"seed: {origin['seed']}",
    ]
