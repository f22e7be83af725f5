"""Writes the demo's report: one screen that says what was done and what it showed."""

from __future__ import annotations

from typing import Any

from deploy.demo.draw import shares
from deploy.demo.story import Story


def report(story: Story, took_s: float) -> str:
    """Return the report's text."""
    facts = story.facts
    lines = [
        *_people(story, facts),
        *_cohort(facts["cohort"]),
        *_learned(facts),
        "7. verify     everything agrees; in a copy with one byte changed it found:",
        f"              {facts['verify']['damaged']}",
        f"8. invited    {facts['invitations']['with_keys']:,} with keys in the demo's wallet, "
        f"{facts['invitations']['waiting']} wait for theirs",
        "",
        f"pictures      {', '.join(facts.get('pictures', ['none']))}",
        f"took          {took_s:.0f} s; seed {story.seed}",
        f"keys          {story.people.kept.folder} (the patients' side)",
    ]
    return "\n".join(lines) + "\n"


def _learned(facts: dict[str, Any]) -> list[str]:
    if "gate" in facts:
        return [
            f"4. model      {facts['gate']}: too few people; leave out --people",
            f"6. withdrawn  {facts['withdrawal']['people']} people: no record of theirs opens",
        ]
    return [
        *_model(facts["model"]["card"], facts["model"]["sha256"]),
        *_diagnoses(facts["diagnoses"]),
        *_withdrawal(facts["withdrawal"]),
    ]


def _people(story: Story, facts: dict[str, Any]) -> list[str]:
    deposit, grants = facts["deposit"], facts["grants"]
    drawn = [f"{count:,} {kind.says}" for kind, count in shares(story.people.kinds)]
    halves = (drawn[:4], drawn[4:])
    return [
        f"1. records    {deposit['records']:,} of {deposit['people']:,} people, sealed and "
        f"anchored{_rate(deposit['per_second'])}",
        f"2. consents   {grants['signed']:,} signed by the patients{_rate(grants['per_second'])}",
        *[f"              {'; '.join(half)}" for half in halves],
    ]


def _rate(per_second: int | None) -> str:
    return f", {per_second:,} a second" if per_second else " (before)"


def _cohort(cohort: dict[str, Any]) -> list[str]:
    refused = "; ".join(f"{count:,} {reason}" for reason, count in cohort["refused"].items())
    left_out = "; ".join(f"{count} {reason}" for reason, count in cohort["left_out"].items())
    return [
        f"3. cohort     {cohort['permitted']:,} of {cohort['records']:,} records permitted at "
        f"block {cohort['block']} ({cohort['count']:,} changes): exactly those of the draw",
        f"              refused: {refused or 'none'}",
        f"              {cohort['patients']:,} patients; left out: {left_out or 'none'}",
    ]


def _model(card: dict[str, Any], sha256: str) -> list[str]:
    found = card["evaluation"]
    auroc = found["auroc"]
    tried = f"membership attack AUC {card['attack']['auroc']:.3f}"
    return [
        f"4. model      AUROC {auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f}) on "
        f"held-out permitted patients; Brier {found['brier']:.3f}",
        f"              calibration slope {found['slope']:.2f}, intercept "
        f"{found['intercept']:.2f}; {tried}; sha-256 {sha256[:16]}…",
    ]


def _diagnoses(found: dict[str, Any]) -> list[str]:
    lines = [
        f"              {one['probability']:.2f} ({one['low']:.2f} to {one['high']:.2f}): "
        f"{'; '.join(one['reasons'])}"
        for one in found["answers"]
    ]
    head = f"5. diagnoses  one who does not permit it: “{found['refused']}”; {len(lines)} answered,"
    return [head, "              each with the estimate, its interval and what moved it:", *lines]


def _withdrawal(found: dict[str, Any]) -> list[str]:
    return [
        f"6. withdrawn  {found['people'] - 1} people withdrew, 1 stopped everything: no record of "
        "theirs opens; the model was listed",
        f"              retrained on {found['patients']:,} patients: sha-256 "
        f"{found['sha256'][:16]}…; trained by someone who never had them: "
        f"{found['stranger'][:16]}… — the same bytes",
    ]
