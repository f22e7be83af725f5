"""The parts of the record store that its doors share, joined once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from consent import ConsentLedger
from storage.block_store import BlockStore
from storage.car_folder import CarFolder
from storage.catalogue import Catalogue
from storage.journal import Journal
from storage.keys import Keys

Progress = Callable[[str, int, int], None]
"""Told the step, and how many of how many are done."""


def no_progress(step: str, done: int, of: int) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True)
class Components:
    """What deposit, vault and erasure all work with; `clock` tells seconds UTC."""

    catalogue: Catalogue
    keys: Keys
    journal: Journal
    car_folder: CarFolder
    blocks: BlockStore
    ledger: ConsentLedger
    clock: Callable[[], float]
