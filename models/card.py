"""The model card: canonical JSON that is hashed and anchored, read in both of its formats."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from models.answer_interval import AnswerInterval
from models.card_text import describe_card
from models.errors import ModelsBroken
from models.evaluation import Bin, Estimate, find_bin, interval
from models.manifest import canonical_json
from models.site_variation import SiteVariation
from models.suppression import steady

FORMAT: Final = "vouchsafe-card-2"
FIRST_FORMAT: Final = "vouchsafe-card-1"
"""Cards of models that were tested on one held-out part."""
KNOWN_SITE: Final = ""
NEW_SITE: Final = "new"
UNMEASURED_SITE: Final = "unmeasured"


@dataclass(frozen=True)
class Card:
    """A model card; its canonical JSON is what is hashed and anchored.

    What answers need of it is read from the content once.
    """

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

    def interval(self, probability: float, site: str = KNOWN_SITE) -> tuple[float, float]:
        """Return the 95 % interval of an estimate, which lies inside it.

        Cards of earlier releases have none of their own: theirs is that of the calibration bin.

        Args:
            probability: the estimate.
            site: what `compare_sites` says of the patient; a new site makes the interval wider,
                and it is 0 to 1 where the card cannot say how far sites differ.
        """
        if site == UNMEASURED_SITE:
            return 0.0, 1.0
        if "interval" not in self.content:
            return interval(self.bins(), probability)
        variation = self._site_variation if site == NEW_SITE else None
        return self._answer_interval.around(probability, variation)

    def compare_sites(self, sites: Collection[str]) -> str:
        """Return whether the model learned from all these sites of a patient.

        `KNOWN_SITE` also if the question is not split by site, or the card is of an earlier
        release, which did not list sites; `UNMEASURED_SITE` for a new one if the card cannot say
        how far sites differ.
        """
        trained = self.content.get("sites")
        if trained is None or set(sites) <= set(trained["names"]):
            return KNOWN_SITE
        return NEW_SITE if self._site_variation else UNMEASURED_SITE

    @cached_property
    def _answer_interval(self) -> AnswerInterval:
        return AnswerInterval.of_content(self.content["interval"])

    @cached_property
    def _site_variation(self) -> SiteVariation | None:
        variation = (self.content.get("sites") or {}).get("variation")
        return SiteVariation(**variation) if variation else None

    def similar(self, probability: float) -> tuple[int | str, int | str]:
        """Return how many tested patients had an estimate like this, and how many the outcome.

        Both are in tens, as every count of a card.
        """
        nearest = find_bin(self.bins(), probability)
        return steady(nearest.n), steady(round(nearest.n * nearest.observed.value))

    def bins(self) -> tuple[Bin, ...]:
        """Return the calibration bins: tested patients with similar estimates."""
        return self._bins

    @cached_property
    def _bins(self) -> tuple[Bin, ...]:
        return tuple(
            Bin(row["until"], row["n"], row["mean"], Estimate(**row["observed"]))
            for row in self.content["evaluation"]["bins"]
        )

    def to_lines(self) -> list[str]:
        """Return the card as plain text without control characters, for a terminal."""
        return describe_card(self.content)


@lru_cache(maxsize=16)
def read_stored_card(text: bytes) -> tuple[Card, str]:
    """Return the card of a stored text and its hash; the same text is read and hashed once.

    Raises:
        ModelsBroken: the text is not a card.
    """
    card = Card.from_json(text)
    return card, card.sha256
