"""Checks all parts of the record store; what one check meets hides nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

import sqlalchemy as sa

from consent import UNREADABLE, Finding, LedgerBroken, collect
from storage.block_store import BlockReader
from storage.car import text_cid
from storage.components import Components, Progress, no_progress
from storage.errors import StorageBroken
from storage.findings import StoreFinding
from storage.integrity import check_journal, check_records, check_uses
from storage.newest_versions import check_newest_versions
from storage.row_order import RowOrder

_UNREADABLE: Final = (*UNREADABLE, StorageBroken, LedgerBroken)


def check_store(
    engine: sa.Engine,
    components: Components,
    erased: Callable[[], Mapping[str, int]],
    progress: Progress = no_progress,
    blocks: BlockReader | None = None,
) -> list[Finding]:
    """Return what is wrong with records and journal; an empty list means no problems.

    Args:
        engine: the installation's database.
        components: what is checked.
        erased: see `check_uses`.
        progress: is called with the part and the number of records or rows checked.
        blocks: are checked instead of Kubo's; pins are then not checked.
    """
    catalogue, journal, ledger = components.catalogue, components.journal, components.ledger

    def of_records() -> Iterable[Finding]:
        anchored = {anchor.root for anchor in ledger.anchors("records")}
        source = blocks or components.blocks
        return check_records(catalogue, components.keys, source, anchored, progress)

    def of_uses() -> Iterable[Finding]:
        anchors = ledger.anchors("journal")
        permits, entries = ledger.past_permits(), catalogue.current()
        order = RowOrder(anchors, ledger.deployment.finality, ledger.block_times)
        return check_uses(journal, permits, entries, order, cache(erased))

    def of_rows() -> Iterable[Finding]:
        anchors = ledger.anchors("journal")  # before the rows: none of them can be later
        return check_journal(journal, anchors, lambda done, total: progress("journal", done, total))

    checks: list[tuple[str, str, Callable[[], Iterable[Finding]]]] = [
        ("catalogue", "records", of_records),
        (
            "catalogue",
            "newest versions",
            lambda: check_newest_versions(engine, components.keys, journal),
        ),
        ("pins", "pins", lambda: _check_pins(components) if blocks is None else []),
        ("journal", "uses", of_uses),
        ("journal", "rows", of_rows),
    ]
    return [
        finding
        for part, where, check in checks
        for finding in collect(part, where, check, _UNREADABLE)
    ]


def _check_pins(components: Components) -> Iterable[Finding]:
    pinned = components.blocks.list_pins()
    batches = [batch for batch in components.catalogue.batches() if batch.pin]
    damaged = components.blocks.find_damaged({batch.pin for batch in batches} & pinned)
    for batch in batches:
        if batch.pin not in pinned:
            yield Finding(part="pins", code=StoreFinding.BATCH_NOT_PINNED, where=batch.name)
        if batch.pin in damaged:
            where = f"{batch.name}, block {text_cid(batch.pin)}"
            yield Finding(part="pins", code=StoreFinding.BLOCK_MISSING, where=where)
