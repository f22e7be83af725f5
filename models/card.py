"""Says what a model is and how good: the card as JSON, and as sections for a page."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import ModelsBroken
from models.evaluation import Bin, Estimate
from models.manifest import canonical

FORMAT = "vouchsafe-card-1"

INTERVAL = (
    "The interval of a single answer is Wilson's 95 % interval of the share that had the label"
    " among the held-out patients whom the model told a like probability (calibration bins below),"
    " widened to hold the answer itself. It speaks of patients like this one, not of this one."
)
ATTACK = (
    "Loss-threshold attack on the shipped model: training patients against held-out patients, by"
    " the probability given to what is true. It is the simplest attack, without shadow models; a"
    " stronger one could find more."
)
GATE_RULE = (
    "Size, leaks and the membership attack are held to their bounds as measured; a calibration"
    " bound counts as broken when the whole 95 % interval of the figure lies beyond it."
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card's content; its canonical JSON is what is hashed and anchored."""

    content: Mapping[str, Any]

    def to_json(self) -> bytes:
        """Return the one text of the card."""
        return canonical(dict(self.content))

    @property
    def sha256(self) -> str:
        """The hash of the text, lower-case hex."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @classmethod
    def from_json(cls, text: bytes) -> Card:
        """Return the card of a text that `to_json` wrote.

        Raises:
            Broken: it is no such text.
        """
        try:
            content = json.loads(text)
        except ValueError as exc:
            raise ModelsBroken("a card cannot be read") from exc
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ModelsBroken("a card is not one of ours")
        return cls(content)

    def bins(self) -> tuple[Bin, ...]:
        """Return the calibration bins, from which the interval of an answer is taken."""
        return tuple(
            Bin(one["until"], one["n"], one["mean"], Estimate(**one["observed"]))
            for one in self.content["evaluation"]["bins"]
        )

    def sections(self) -> list[tuple[str, str]]:
        """Return (heading, HTML fragment) pairs; every text of a file in them is escaped."""
        held = self.content
        return [
            ("What it is for", _paragraphs([held["intended_use"]])),
            ("What it is not for", _bullets(held["limits"])),
            ("What it estimates", _paragraphs([held["outcome"]["definition"]])),
            ("Who it was made from", _pairs(_people(held))),
            ("How good it is", _pairs(_figures(held["evaluation"]))),
            ("For whom how good", _groups(held["evaluation"]["groups"])),
            ("What it remembers", _pairs(_attack(held["attack"])) + _paragraphs([ATTACK])),
            ("How the interval is made", _paragraphs([INTERVAL])),
            ("What it looks at", _predictors(held["predictors"])),
            ("Where it comes from", _pairs(_provenance(held))),
        ]


def rounded(content: Any) -> Any:
    """Return the content with every float at four decimals: more would be false precision."""
    if isinstance(content, float):
        return round(content, 4)
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return content


def figures(evaluation: Any) -> dict[str, Any]:
    """Return a frozen evaluation or attack as plain, rounded content."""
    found: dict[str, Any] = rounded(asdict(evaluation))
    return found


def _text(value: Any) -> str:
    return html.escape(str(value))


def _paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{_text(one)}</p>" for one in texts)


def _bullets(texts: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{_text(one)}</li>" for one in texts) + "</ul>"


def _pairs(pairs: list[tuple[str, Any]]) -> str:
    inner = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in pairs)
    return f"<dl>{inner}</dl>"


def _table(heads: list[str], rows: list[list[Any]]) -> str:
    head = "".join(f'<th scope="col">{_text(one)}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _ranged(estimate: Mapping[str, float] | None) -> str:
    if estimate is None:
        return "not reportable"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _people(held: Mapping[str, Any]) -> list[tuple[str, Any]]:
    data = held["data"]
    return [
        ("Patients", data["patients"]),
        ("who trained it", data["training"]),
        ("who tried it, and never trained it", data["held_out"]),
        ("With the label", data["events"]),
        ("Recorded", f"{data['from']} to {data['to']}"),
        *((f"Left out: {key}", value) for key, value in data["left_out"].items()),
        *((f"Records refused: {key}", value) for key, value in data["refused"].items()),
    ]


def _figures(evaluation: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("AUROC (95 % interval, DeLong)", _ranged(evaluation["auroc"])),
        (
            "Area under the precision-recall curve (chance: the prevalence)",
            f"{evaluation['auprc']:.3f} ({evaluation['prevalence']:.3f})",
        ),
        ("Calibration slope (right: 1)", f"{evaluation['slope']:.2f}"),
        ("Calibration in the large (right: 0)", f"{evaluation['intercept']:.2f}"),
        ("Observed to expected (right: 1)", f"{evaluation['observed_to_expected']:.2f}"),
        (
            "Brier score (scaled: 1 is perfect, 0 is knowing only the prevalence)",
            f"{evaluation['brier']:.3f} ({evaluation['scaled_brier']:.3f})",
        ),
    ]


def _groups(groups: list[Mapping[str, Any]]) -> str:
    rows = [
        [
            one["words"],
            "not shown" if one["n"] is None else one["n"],
            "not shown" if one["events"] is None else one["events"],
            _ranged(one["auroc"]),
            one["observed_to_expected"] or "not reportable",
        ]
        for one in groups
    ]
    return _table(["Group", "Patients", "With the label", "AUROC", "Observed to expected"], rows)


def _attack(attack: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("AUROC of the attack (chance: 0.5)", f"{attack['auroc']:.3f}"),
        (
            "Members found at 1 % false alarms (chance: 0.01)",
            f"{attack['tpr_at_1_percent_fpr']:.3f}",
        ),
    ]


def _predictors(predictors: list[Mapping[str, Any]]) -> str:
    rows = [
        [one["words"], one["code"], one["accepts"], f"{one['missing_share']:.1%}"]
        for one in predictors
    ]
    return _table(["What", "Code", "Accepts", "Missing"], rows)


def _provenance(held: Mapping[str, Any]) -> list[tuple[str, Any]]:
    origin = held["provenance"]
    return [
        ("Model", f"{held['model']['id']} (sha-256 {held['model']['sha256']})"),
        ("Study", held["study"]),
        ("Question", f"{held['question']['id']} (sha-256 {held['question']['sha256']})"),
        ("Manifest", f"{origin['lines']} lines, root {origin['manifest_root']}"),
        ("Ledger", f"block {origin['view']['block_number']}, count {origin['view']['count']}"),
        ("Code", origin["code"]),
        ("Libraries", ", ".join(f"{k} {v}" for k, v in origin["libraries"].items())),
        ("Parameters", ", ".join(f"{k} {v:g}" for k, v in origin["parameters"].items())),
        ("Seed", origin["seed"]),
    ]
