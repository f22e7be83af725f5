"""Group the components of the record store that deposits, vault and erasure share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from consent import ConsentLedger
from storage.block_store import BlockStore
from storage.car_folder import CarFolder
from storage.catalogue import Catalogue
from storage.extracts import ExtractFolder
from storage.journal import Journal
from storage.keys import Keys
from storage.person_refusals import Persons

Progress = Callable[[str, int, int], None]
"""Is called with the name of a step, the number done, and the total."""


def no_progress(step: str, done: int, total: int) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What deposits, vault and erasure work with; `clock` returns UTC seconds."""

    catalogue: Catalogue
    keys: Keys
    journal: Journal
    car_folder: CarFolder
    extracts: ExtractFolder
    blocks: BlockStore
    ledger: ConsentLedger
    persons: Persons
    clock: Callable[[], float]
