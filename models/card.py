"""The model card: canonical JSON that is hashed and anchored, read in both of its formats."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.answer_interval import AnswerInterval
from models.card_text import describe_card
from models.errors import ModelsBroken
from models.evaluation import Bin, Estimate, find_bin, interval
from models.manifest import canonical_json
from models.suppression import steady

FORMAT: Final = "vouchsafe-card-2"
FIRST_FORMAT: Final = "vouchsafe-card-1"
"""Cards of models that were tested on one held-out part."""


@dataclass(frozen=True, slots=True)
class Card:
    """A model card; its canonical JSON is what is hashed and anchored."""

    content: Mapping[str, Any]

    def to_json(self) -> bytes:
        """Return the canonical JSON of the card."""
        return canonical_json(dict(self.content))

    @property
    def sha256(self) -> str:
        """The hash of the canonical JSON, lower-case hex."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @classmethod
    def from_json(cls, text: bytes) -> Card:
        """Return the card of a text that `to_json` wrote.

        Raises:
            ModelsBroken: the text is not a card.
        """
        try:
            content = json.loads(text)
        except ValueError as exc:
            raise ModelsBroken("the model card cannot be read") from exc
        if not isinstance(content, dict) or content.get("format") not in (FORMAT, FIRST_FORMAT):
            raise ModelsBroken(f"unrecognised model card: expected the format {FORMAT}")
        return cls(content)

    def interval(self, probability: float) -> tuple[float, float]:
        """Return the 95 % interval of an estimate, which lies inside it.

        Cards of earlier releases have none of their own: theirs is that of the calibration bin.
        """
        if "interval" in self.content:
            return AnswerInterval.of_content(self.content["interval"]).around(probability)
        return interval(self.bins(), probability)

    def similar(self, probability: float) -> tuple[int | str, int | str]:
        """Return how many tested patients had an estimate like this, and how many the outcome.

        Both are in tens, as every count of a card.
        """
        nearest = find_bin(self.bins(), probability)
        return steady(nearest.n), steady(round(nearest.n * nearest.observed.value))

    def bins(self) -> tuple[Bin, ...]:
        """Return the calibration bins: tested patients with similar estimates."""
        return tuple(
            Bin(row["until"], row["n"], row["mean"], Estimate(**row["observed"]))
            for row in self.content["evaluation"]["bins"]
        )

    def to_lines(self) -> list[str]:
        """Return the card as plain text without control characters, for a terminal."""
        return describe_card(self.content)
