"""The parts of the record store that its doors share, joined once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from consent import ConsentLedger
from storage.blobs import Blobs
from storage.catalogue import Catalogue
from storage.journal import Journal
from storage.keys import Keys
from storage.staging import Staging

Progress = Callable[[str, int, int], None]
"""Told the step, and how many of how many are done."""


def silent(step: str, done: int, of: int) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What deposit, vault and erasure all work with; `clock` tells seconds UTC."""

    catalogue: Catalogue
    keys: Keys
    journal: Journal
    staging: Staging
    blobs: Blobs
    ledger: ConsentLedger
    clock: Callable[[], float]
