"""Copies the sealed documents that have a key into a folder, for who checks them elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from storage.block_folder import BlockFolder
from storage.block_store import BlockReader
from storage.catalogue import Catalogue
from storage.components import Progress, no_progress
from storage.integrity import read_intact

_AT_ONCE: Final = 1_000


def copy_held(
    catalogue: Catalogue,
    blocks: BlockReader,
    folder: Path,
    progress: Progress = no_progress,
    *,
    only_missing: bool = False,
) -> int:
    """Copy every envelope that has a key, a file for each; return how many were copied.

    A block that is missing or altered is left out, so that who checks the copy finds it. With
    `only_missing`, those of which the folder has a file are not copied again.
    `progress` is called with the number of documents that were looked at.

    Raises:
        StoreUnavailable, DiskFull, DatabaseUnavailable: what was copied is left.
    """
    copy, copied, seen, total = BlockFolder(folder), 0, 0, catalogue.count_held()
    for batch in catalogue.batches():
        entries = [
            entry
            for entry in catalogue.entries(batch.id)
            if entry.any_key is not None and not (only_missing and copy.path(entry.cid).exists())
        ]
        for start in range(0, len(entries), _AT_ONCE):
            progress("copying documents", seen, total)
            part = entries[start : start + _AT_ONCE]
            copied += copy.write(read_intact(blocks, part).items())
            seen += len(part)
    copy.write(())  # a copy of nothing is a folder of this kind too
    progress("copying documents", seen, total)
    return copied
