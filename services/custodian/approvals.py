"""Says what a study plans, whom it reaches and what patients would read; keeps the answer."""

from __future__ import annotations

from typing import Any, Final

from services.platform import Platform
from services.requests import PROPOSED, Proposal
from services.words import Words

DAY_S: Final = 86_400
MOST_REASON: Final = 2_000


def reach(platform: Platform, study: Proposal) -> int:
    """Return how many patients have records of every kind that a study asks for."""
    return len(platform.store.list_subjects_with(study.categories))


def approve(platform: Platform, study: Proposal, by: str) -> None:
    """Let a study ask; the first answer to it stays."""
    if study.state == PROPOSED:
        platform.asking.proposals.approve(study.study, by)


def refuse(platform: Platform, study: Proposal, by: str, why: str) -> None:
    """Refuse a study, and keep why; the first answer to it stays."""
    if study.state == PROPOSED:
        platform.asking.proposals.refuse(study.study, by, why[:MOST_REASON])


def sentences(platform: Platform, words: Words, study: Proposal) -> list[str]:
    """Return what patients will read, in their words and order."""
    say, asking = words, platform.asking
    keeper = asking.party_name(platform.organisation)
    days = {"from": study.data_from, "to": study.data_to}
    always = not (study.data_from and study.data_to)
    told: dict[str, Any] = {
        "study": study.title,
        "organisation": asking.party_name(study.owner),
        "board": study.board,
        "categories": say.listed(say(f"category-{code}") for code in study.categories),
        "condition": study.condition,
        "operator": keeper,
        "custodian": keeper,
        "date": say.day(platform.clock() + study.days * DAY_S),
        "n": round(platform.diagnostics.grace_s / DAY_S),
    }
    keys = ["who", "free", "what-always" if always else "what", "why", "access", "end", "means"]
    keys += ["not", "risk", "withdraw", "limits", *(["copy"] if study.wants_copy else [])]
    return [say(f"grant-{key}", **told, **days) for key in keys]
