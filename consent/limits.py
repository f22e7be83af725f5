"""Limits of one ledger object: how long it waits for the chain, and how many views it keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LedgerLimits:
    """May be lowered on the ledger that has it; times are seconds.

    Attributes:
        confirm_s: how long a call waits until its transactions are mined and final.
        recovery_s: how long a start waits for transactions that the chain lost.
        max_views: how many views, and the states behind them, are kept.
    """

    confirm_s: float = 60.0
    recovery_s: float = 60.0
    max_views: int = 512
