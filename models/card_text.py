"""Describes a model card as plain text, under the headings of TRIPOD+AI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

THRESHOLD_FIGURES: Final = ("sensitivity", "specificity", "ppv", "npv")
"""What a card states of acting at each threshold, in this order."""
_YEAR_DIGITS: Final = 4
"""Cards of earlier releases name the first and the last day."""
HIDDEN: Final = "hidden"
"""In place of a figure that would tell of few people."""
INTERVAL_NOTE: Final = (
    "The interval of a prediction is a 95 % conformal interval around it, learned out of fold: it"
    " is made so that of 100 groups of new patients with similar estimates, about 95 have an"
    " observed share inside, apart from the chance variation of a group of that size. It describes"
    " patients like this one, not this patient. At places or times that the model was not tested"
    " on, fewer groups can lie inside."
)
FIRST_INTERVAL_NOTE: Final = (
    "The interval of a prediction is Wilson's 95 % interval of the share that had the label among"
    " the patients with a similar prediction (see the calibration bins), widened to include the"
    " prediction itself. It describes patients like this one, not this patient."
)
ATTACK_NOTE: Final = (
    "LiRA with shadow models: the attacker knows a patient's values and outcome, trains models with"
    " and without the patient, and compares the exact log-odds. Each shadow learns from three"
    " quarters of the patients, so the published model remembers less. The gate compares the upper"
    " confidence bounds."
)
FIRST_ATTACK_NOTE: Final = (
    "Loss-threshold attack on the published model: training patients against held-out patients, by"
    " the predicted probability of the true outcome. It is the simplest attack, without shadow"
    " models; a stronger one could find more."
)


def describe_card(content: Mapping[str, Any]) -> list[str]:
    """Return a card of either format as lines without control characters."""
    is_first = "tuning" not in content
    lines = [
        *_section("Intended use", [content["intended_use"]]),
        *_section("Limits", content["limits"]),
        *_section("Outcome", [content["outcome"]["definition"]]),
        *_section("Patients", _patient_lines(content)),
        *_section(_performance_title(content), describe_performance(content)),
        *_section("Subgroups", _subgroup_lines(content)),
        *_section("Membership attack", _attack_lines(content)),
        *_section("Interval of a prediction", _interval_lines(content)),
        *_section("Inputs", _input_lines(content)),
        *([] if is_first else _second_format(content)),
        *_section("Provenance", _provenance_lines(content)),
    ]
    return ["".join(char if char.isprintable() else " " for char in line) for line in lines]


def _performance_title(content: Mapping[str, Any]) -> str:
    if "tuning" in content:
        return "Performance out of fold"
    return "Performance on held-out patients"


def _second_format(content: Mapping[str, Any]) -> list[str]:
    return [
        *_section("Patients by outcome", _table_lines(content)),
        *_section("Decisions at thresholds", describe_thresholds(content)),
        *_section("Development", _development_lines(content)),
        *_section("Sample size", _size_lines(content["sample_size"])),
        *(_section("Split by place or time", _split_lines(content)) if content["splits"] else []),
    ]


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  {line}" for line in lines)]


def _format_estimate(estimate: Mapping[str, float] | None) -> str:
    if estimate is None:
        return HIDDEN
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _patient_lines(content: Mapping[str, Any]) -> list[str]:
    data = content["data"]
    parts = (
        [f"training: {data['training']}, held out for testing: {data['held_out']}"]
        if "held_out" in data
        else []
    )
    return [
        f"patients: {data['patients']}, {data['events']} with the label",
        *parts,
        f"records from {data['from']} to {data['to']}"
        + (
            " (at most 10 patients have earlier records, at most 10 later)"
            if len(data["from"]) == _YEAR_DIGITS
            else ""
        ),
        *(f"patients left out, {reason}: {count}" for reason, count in data["left_out"].items()),
        *(f"records refused, {reason}: {count}" for reason, count in data["refused"].items()),
    ]


def describe_performance(content: Mapping[str, Any]) -> list[str]:
    """Return the figures of an evaluation as lines."""
    figures = content["evaluation"]
    slope, error = figures["slope"], 1.96 * figures["slope_error"]
    return [
        f"AUROC (95 % interval, DeLong): {_format_estimate(figures['auroc'])}",
        *_repeat_lines(content),
        f"area under the precision-recall curve: {figures['auprc']:.3f}"
        f" (chance: the prevalence, {figures['prevalence']:.2f})",
        f"calibration slope: {slope:.2f} ({slope - error:.2f} to {slope + error:.2f}; ideal: 1)",
        f"calibration in the large: {figures['intercept']:.2f}"
        f" ± {1.96 * figures['intercept_error']:.2f} (ideal: 0)",
        f"observed to expected: {figures['observed_to_expected']:.2f} (ideal: 1)",
        f"Brier score: {figures['brier']:.3f}, scaled: {figures['scaled_brier']:.3f}"
        " (1 is perfect, 0 is knowing only the prevalence)",
    ]


def _repeat_lines(content: Mapping[str, Any]) -> list[str]:
    repeated = content.get("repeated")
    if repeated is None:
        return []
    between, within = repeated["sd_repeats"], repeated["sd_folds"]
    parts = [f"{within:.3f} between folds"] if within is not None else []
    parts += [f"{between:.3f} between repeats"] if between is not None else []
    return [f"standard deviation of the AUROC: {', '.join(parts) or 'not known'}"]


def _subgroup_lines(content: Mapping[str, Any]) -> list[str]:
    return [
        f"{group['words']}: too few patients to report"
        if group["n"] is None
        else f"{group['words']}: {group['n']} patients, {group['events']} with the label,"
        f" AUROC {_format_estimate(group['auroc'])},"
        f" observed to expected {group['observed_to_expected']:.2f}"
        for group in content["evaluation"]["groups"]
    ]


def _attack_lines(content: Mapping[str, Any]) -> list[str]:
    attack = content["attack"]
    area = f"AUROC: {attack['auroc']:.3f}"
    share = f"training patients found at 1 % false positives: {attack['tpr_at_1_percent_fpr']:.3f}"
    if "auroc_high" not in attack:
        return [f"{area} (chance: 0.5)", f"{share} (chance: 0.01)", FIRST_ATTACK_NOTE]
    # No route lets a model leave the platform; the bound is stricter than that of answering here.
    leaving = "meets" if content["release"]["may_leave"] else "does not meet"
    return [
        f"{area}, upper bound {attack['auroc_high']:.3f} (chance: 0.5)",
        f"{share}, upper bound {attack['tpr_high']:.3f} (chance: 0.01)",
        f"shadow models: {attack['shadows']}",
        f"the model {leaving} the stricter bound for leaving a platform",
        ATTACK_NOTE,
    ]


def _interval_lines(content: Mapping[str, Any]) -> list[str]:
    if "interval" not in content:
        return [FIRST_INTERVAL_NOTE]
    interval = content["interval"]
    factor = f"half width: {interval['factor']:.2f} standard errors of the calibration curve"
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
        f" {variation['mean']:.2f} ± {variation['margin']:.2f}, standard deviation"
        f" {variation['spread']:.2f} (log-odds)",
    ]


def describe_frequency(content: Mapping[str, Any]) -> list[str]:
    """Return which inputs count tests, and the AUROC with and without them, as lines."""
    frequency = content.get("frequency")
    if frequency is None:
        return []
    return [
        f"how often tested: {', '.join(frequency['features'])}",
        f"AUROC with these inputs {_format_estimate(frequency['having'])},"
        f" without them {_format_estimate(frequency['without'])}",
    ]


def _range_text(row: Mapping[str, Any]) -> str:
    bounds = row.get("range")
    if bounds is None or "low" not in bounds:
        return ""
    return f"; almost all patients had {bounds['low']:g} to {bounds['high']:g}"


def _input_lines(content: Mapping[str, Any]) -> list[str]:
    inputs = [
        f"{row['words']} ({row['code']}): {row['accepts']}; missing {row['missing_share']:.1%}"
        + _range_text(row)
        + (f"; AUROC alone {row['auroc_alone']:.2f}" if row.get("auroc_alone") else "")
        + (f"; reviewed: {row['reviewed']}" if row.get("reviewed") else "")
        for row in content["predictors"]
    ]
    return inputs + describe_frequency(content)


def _table_lines(content: Mapping[str, Any]) -> list[str]:
    return [
        f"{row['words']}: without {_format_cells(row['without'], row['is_share'])},"
        f" with {_format_cells(row['having'], row['is_share'])}; missing {row['missing']:.0%}"
        for row in content["patients_by_outcome"]
    ]


def _format_cells(cells: list[float] | None, is_share: bool) -> str:
    if cells is None:
        return HIDDEN
    if is_share:
        return f"{cells[0]:.0%}"
    return f"{cells[1]:g} ({cells[0]:g} to {cells[2]:g})"


def describe_thresholds(content: Mapping[str, Any]) -> list[str]:
    """Return what acting at each threshold would mean, as lines."""
    return [
        f"at {row['threshold']:g}: "
        + ", ".join(f"{name} {_format_estimate(row[name])}" for name in THRESHOLD_FIGURES)
        + f", flagged per 100: {row['flagged_per_100']['value']:.0f}"
        for row in content["thresholds"]
    ]


def _development_lines(content: Mapping[str, Any]) -> list[str]:
    tuning, runs = content["tuning"], content["runs_before"]
    comparison = content["comparison"]
    return [
        f"learner: {tuning['learner']}; recalibration: {tuning['recalibration']['method']}",
        f"settings tried: {tuning['tried']}, within the bound of the attack: {tuning['within']}",
        *(
            f"{row['kind']}: AUROC {_format_estimate(row['auroc'])}, Brier {row['brier']:.3f}"
            for row in content["learners"]
        ),
        f"log-loss of the regression above XGBoost's: {comparison['difference']:.4f}"
        f" (standard error {comparison['error']:.4f})",
        f"AUROC of which values are missing, alone: {content['absence']:.2f}",
        f"earlier runs of this study on this label: {runs['all']}, refused: {runs['refused']}",
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
        else f"{row['part']}: {row['n']} patients, AUROC {_format_estimate(row['auroc'])},"
        f" calibration slope {_format_estimate(row['slope'])}"
        + (f", in the large {row['intercept']:.2f}" if row.get("intercept") is not None else "")
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
        f"ledger: block {origin['view']['block_number']}, change {origin['view']['count']}",
        f"code: {origin['code']}",
        f"libraries: {libraries}",
        f"parameters: {parameters}",
        f"seed: {origin['seed']}",
    ]
