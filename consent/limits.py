"""Limits of one ledger object: how long it waits for the chain, and how many views it keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LedgerLimits:
    """May be lowered on the ledger that has it; times are seconds.

    Attributes:
        confirm_s: how long a call waits until its transactions are mined and final.
        answer_s: the same for what patients decide (grants, withdrawals, stops); None: as long as
            `confirm_s`. A web process lowers it: by then the message is stored and will be sent
            again, and the patient reads that it is being recorded.
        recovery_s: how long a start waits for transactions that the chain lost.
        max_views: how many views, and the states behind them, are kept.
    """

    confirm_s: float = 60.0
    answer_s: float | None = None
    recovery_s: float = 60.0
    max_views: int = 512

    def wait_s(self, *, is_decision: bool) -> float:
        """Return how long a call waits for its transactions."""
        shorter = is_decision and self.answer_s is not None
        return min(self.answer_s or 0.0, self.confirm_s) if shorter else self.confirm_s
