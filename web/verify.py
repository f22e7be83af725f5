"""Checks the whole store: ledger, mirror, catalogue, blocks, journal, manifests and cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from consent import Finding
from storage import Blocks
from web.platform import Platform

Progress = Callable[[str, int, int], None]


def verify(platform: Platform, progress: Progress, blocks: Blocks | None = None) -> list[Finding]:
    """Return everything that does not agree with everything else; nothing is good.

    Each package checks its own part. With `blocks`, those are checked in place of the IPFS node's.

    Raises:
        LedgerUnavailable, StoreUnavailable, VaultSealed: what is away cannot be checked.
    """
    findings = platform.law.check(lambda step: progress(step, 0, 1))
    findings += platform.safe.check(progress, blocks)
    findings += platform.diagnostics.check(lambda step: progress(step, 0, 1))
    return findings


def evidence(platform: Platform) -> Iterator[dict[str, Any]]:
    """Yield everything that a stranger needs to check all of it: docs/spec/evidence.md."""
    yield from platform.law.evidence()
    yield from platform.safe.evidence()
    yield from platform.diagnostics.evidence()
