"""Refuses to start a node where there is no disk space for its data."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.nodes.errors import DiskFull

# geth shuts itself down below 512 MiB of free space, to keep its database whole.
MIN_FREE_BYTES = 600 * 2**20


def require_space(folder: Path, name: str) -> None:
    """Return if there is disk space in `folder`.

    Raises:
        DiskFull: there is too little.
    """
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise DiskFull(
            f"{name} cannot start: {folder} has {free // 2**20} MiB of free space and needs "
            f"{MIN_FREE_BYTES // 2**20}. Make room and start again"
        )
