"""Make changes to a folder durable, and translate what the operating system raises."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import DiskFull, StoreUnavailable


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to disk, so that files created or renamed in it survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing_to(name: str) -> Iterator[None]:
    """Translate what the operating system raises while the folder with this name is written.

    Raises:
        DiskFull: there is no space left.
        StoreUnavailable: the folder cannot be written for another reason.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the disk is full; free some space, then try again") from exc
        raise StoreUnavailable(f"{name} cannot be written: {exc.strerror}") from exc
