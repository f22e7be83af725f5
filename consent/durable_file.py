"""Writes a whole file so that a loss of power leaves the new content or the one before."""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file by a new one with this content; it is on the disk when this returns.

    Raises:
        OSError: it cannot be written; the file before is unchanged.
    """
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    # The name is in the folder, which is written apart from the file.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
