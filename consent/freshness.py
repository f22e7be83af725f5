"""Refuses a view of the ledger that is stale, behind its mark, or in the future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent.chain import Finality, Tip
from consent.errors import ViewRefused
from consent.terms import View

MAX_AGE_S: Final = 60
MAX_SKEW_S: Final = 120
"""As SKEW in the contract: the difference of clocks that is tolerated."""
MAX_AHEAD_S: Final = 3600
"""With finality ``single`` every transaction may be a block, and each block's time is at least a
second after the last one's, so a chain that is fed quickly runs ahead of every clock. Up to this
bound that is safe, since consents end by the later clock and start by the earlier one."""


@dataclass(frozen=True, slots=True)
class FreshnessRules:
    """How old a view may be, and how far the chain's clock may be ahead of the host's, in seconds.

    With finality ``single`` the chain mines only when something is sent, so its age is the age of
    the node's answer; with ``bft`` and ``pos`` it is the age of the newest block. Where one of
    several nodes shows blocks that no second node confirms, the answer is as old as these.
    """

    finality: Finality
    max_age_s: int
    max_skew_s: int

    @classmethod
    def of(cls, finality: Finality) -> FreshnessRules:
        """Return the rules of a kind of chain."""
        return cls(finality, MAX_AGE_S, MAX_AHEAD_S if finality == "single" else MAX_SKEW_S)


def require_fresh(view: View, mark: Tip, now_s: float, rules: FreshnessRules) -> None:
    """Refuse a view that is not fresh; `mark` is the highest state ever used.

    Raises:
        ViewRefused: behind the mark, another history at the mark, too old, or from the future.
    """
    if view.count < mark.count:
        raise ViewRefused(f"the ledger is behind its mark: {view.count} of {mark.count} changes")
    if view.count == mark.count and view.head != mark.head:
        raise ViewRefused("the ledger shows another history than the one used before")
    seen_from = view.seen_at_s
    if rules.finality != "single":
        seen_from = min(seen_from, view.block_time_s)
    if now_s - seen_from > rules.max_age_s:
        raise ViewRefused(
            f"the ledger view is {now_s - seen_from:.0f} s old, older than {rules.max_age_s} s: "
            "check the node and this host's clock"
        )
    if view.block_time_s - now_s > rules.max_skew_s or view.seen_at_s - now_s > MAX_SKEW_S:
        raise ViewRefused(
            "the ledger view is from the future: the chain's clock or this host's is wrong"
        )
