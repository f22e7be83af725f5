"""Draws, from a seed, which consents the demo's patients sign."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

DAY_S = 86_400
YEAR_S = 365 * DAY_S
RESEARCH_CATEGORIES = ("*",)
NARROWED = ("demographics", "vital-signs", "laboratory", "condition")


@dataclass(frozen=True, slots=True)
class Choice:
    """One consent that a person signs; its times are seconds from now."""

    decision: str
    recipient: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    signed_s: int
    ends_s: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of patient: its share of the draw in percent, and its description in the report."""

    name: str
    share: int
    description: str


KINDS = (
    Kind("training and care", 50, "permit training by the study, and decision support"),
    Kind("training only", 14, "permit training by the study"),
    Kind("narrowed", 5, "permit training on some categories only"),
    Kind("care only", 9, "permit treatment and decision support only"),
    Kind("another study", 7, "permit training by another study"),
    Kind("expired", 5, "permitted it until yesterday"),
    Kind("denied", 5, "permit it for some, and deny this study"),
    Kind("nothing", 5, "have signed nothing"),
)


def draw(people: int, seed: int) -> list[Kind]:
    """Return a kind for each person; the same seed gives the same draw on every machine."""
    chance = random.Random(seed)  # noqa: S311 - a draw to be repeated, not a secret
    return chance.choices(KINDS, weights=[kind.share for kind in KINDS], k=people)


def choices(kind: Kind, study: str, other_study: str, clinic: str) -> tuple[Choice, ...]:
    """Return the consents that a person of this kind signs, each for one purpose."""
    train = Choice("permit", study, ("MLTRAINING",), RESEARCH_CATEGORIES, -60, YEAR_S)
    care = Choice("permit", clinic, ("TREATDS",), ("*",), -60, YEAR_S)
    narrowed = Choice("permit", study, ("MLTRAINING",), NARROWED, -60, YEAR_S)
    elsewhere = Choice("permit", other_study, ("MLTRAINING",), ("*",), -60, YEAR_S)
    expired = Choice("permit", study, ("MLTRAINING",), ("*",), -30 * DAY_S, -DAY_S)
    treat = Choice("permit", clinic, ("TREAT",), ("*",), -60, YEAR_S)
    deny = Choice("deny", study, ("MLTRAINING",), ("*",), -60, YEAR_S)
    return {
        "training and care": (train, care),
        "training only": (train,),
        "narrowed": (narrowed,),
        "care only": (treat, care),
        "another study": (elsewhere,),
        "expired": (expired,),
        "denied": (elsewhere, deny),
        "nothing": (),
    }[kind.name]


def shares(drawn: Sequence[Kind]) -> list[tuple[Kind, int]]:
    """Return how many people drew each kind, in the order of `KINDS`."""
    counted = Counter(kind.name for kind in drawn)
    return [(kind, counted[kind.name]) for kind in KINDS]
