"""Writes the demo's report: one screen with what was done and the results."""

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
        "7. verified   no findings; in a copy with one byte changed, this was found:",
        f"              {facts['verify']['damaged']}",
        f"8. invited    {facts['invitations']['waiting']} patients without a key, and one person "
        "of each other role; requests wait for these patients",
        f"              the keys of the other {facts['invitations']['with_keys']:,} patients "
        "are in the demo's wallet",
        "",
        f"pictures      {', '.join(facts.get('pictures', ['none']))}",
        f"took          {took_s:z.0f} s; seed {story.seed}",
        f"keys          {story.people.files.folder} (on the patients' side)",
    ]
    return "\n".join(lines) + "\n"


def _learned(facts: dict[str, Any]) -> list[str]:
    if "gate" in facts:
        return [
            f"4. model      {facts['gate']}: too few people; run without --people",
            f"6. withdrawn  {facts['withdrawal']['people']} people; none of their records "
            "can be opened",
        ]
    return [
        *_model(facts["model"]["card"], facts["model"]["sha256"]),
        *_predictions(facts["predictions"]),
        *_withdrawal(facts["withdrawal"]),
    ]


def _people(story: Story, facts: dict[str, Any]) -> list[str]:
    deposit, grants = facts["deposit"], facts["grants"]
    drawn = [f"{count:,} {kind.description}" for kind, count in shares(story.people.kinds)]
    pairs = [drawn[start : start + 2] for start in range(0, len(drawn), 2)]
    return [
        f"1. records    {deposit['records']:,} of {deposit['people']:,} people, sealed and "
        f"anchored{_rate(deposit['per_second'])}",
        f"2. consents   {grants['signed']:,} signed by the patients{_rate(grants['per_second'])}",
        *[f"              {'; '.join(pair)}" for pair in pairs],
    ]


def _rate(per_second: int | None) -> str:
    return f", {per_second:,} a second" if per_second else " (in an earlier run)"


def _cohort(cohort: dict[str, Any]) -> list[str]:
    refused = "; ".join(f"{count:,} {reason}" for reason, count in cohort["refused"].items())
    excluded = "; ".join(f"{count} {reason}" for reason, count in cohort["excluded"].items())
    return [
        f"3. cohort     {cohort['permitted']:,} of {cohort['records']:,} records permitted at "
        f"block {cohort['block']} ({cohort['count']:,} changes): exactly those drawn",
        f"              refused: {refused or 'none'}",
        f"              {cohort['patients']:,} patients; excluded: {excluded or 'none'}",
    ]


def _model(card: dict[str, Any], sha256: str) -> list[str]:
    evaluation = card["evaluation"]
    auroc = evaluation["auroc"]
    attack = f"LiRA AUC {card['attack']['auroc']:z.3f}"
    return [
        f"4. model      AUROC {auroc['value']:z.3f} ({auroc['low']:z.3f} to {auroc['high']:z.3f}), "
        f"out of fold; Brier {evaluation['brier']['value']:z.3f}",
        f"              calibration slope {evaluation['slope']:z.2f}, intercept "
        f"{evaluation['intercept']:z.2f}; {attack}; sha-256 {sha256[:16]}…",
    ]


def _predictions(facts: dict[str, Any]) -> list[str]:
    lines = [
        f"              {answer['probability']:z.2f} "
        f"({answer['low']:z.2f} to {answer['high']:z.2f}): {'; '.join(answer['reasons'])}"
        for answer in facts["answers"]
    ]
    head = f"5. predicted  without consent: “{facts['refused']}”; {len(lines)} with consent, each"
    return [
        head,
        "              with the estimate, its interval and the main contributions:",
        *lines,
    ]


def _withdrawal(facts: dict[str, Any]) -> list[str]:
    return [
        f"6. withdrawn  {facts['people']} people whose records trained the model: "
        f"{facts['people'] - 1} withdrew, 1 stopped everything",
        "              none of their records can be opened; the model was listed as affected",
        f"              retrained on the {facts['patients']:,} patients who are left: sha-256 "
        f"{facts['sha256'][:16]}…",
        "              trained by another process that never had the records: "
        f"{facts['stranger'][:16]}…, the same bytes",
    ]
