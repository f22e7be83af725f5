"""Writes a batch's sealed envelopes to a CAR file on disk, and reads them back from there."""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from storage.car import CID_BYTES, links_block, root_cid, write_car
from storage.entry import Entry
from storage.errors import DiskFull


@contextmanager
def room_needed() -> Iterator[None]:
    """Turn a full disk into the error that says so.

    Raises:
        DiskFull: there is no room.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the disk is full; make room, then try again") from exc
        raise


class Staging:
    """The folder of batches' CAR files: made before a deposit, kept after it as a cache.

    It holds nothing but sealed envelopes, and what is read from it is checked against its name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Return where the CAR file of a batch is, or would be."""
        return self._folder / f"{name}.car"

    def write(self, name: str, cids: Sequence[bytes], blocks: Sequence[bytes]) -> bytes:
        """Write a batch durably, whole or not at all; return its IPFS root.

        Raises:
            DiskFull: nothing is left behind.
        """
        links = links_block(cids)
        root = root_cid(links)
        path = self.path(name)
        draft = path.with_suffix(".new")
        try:
            with room_needed():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with draft.open("wb") as file:
                    write_car(file, root, [*zip(cids, blocks, strict=True), (root, links)])
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
                _sync_folder(self._folder)
        except DiskFull:
            draft.unlink(missing_ok=True)
            raise
        return root

    def drop(self, name: str) -> None:
        """Delete a batch's file, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """Return the batches whose files are here, half-written ones too."""
        return {path.stem for path in self._folder.glob("*.*")} if self._folder.exists() else set()

    def read(self, name: str, entries: Sequence[Entry]) -> dict[bytes, bytes]:
        """Return the blocks of these entries by their names, as far as they are here.

        The caller checks each block against its name, as with any other store.
        """
        try:
            file = self.path(name).open("rb")
        except FileNotFoundError:
            return {}
        with file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return {entry.cid: mapped[entry.place : entry.place + entry.size] for entry in entries}


def places(sizes: Sequence[int], header_bytes: int) -> list[int]:
    """Return where each block will stand in a CAR file with a header of this size."""
    found, at = [], header_bytes
    for size in sizes:
        section = CID_BYTES + size
        prefix = max(1, (section.bit_length() + 6) // 7)
        found.append(at + prefix + CID_BYTES)
        at += prefix + section
    return found


HEADER_BYTES = 59
"""The size of the CAR header that write_car makes: one root of 36 bytes, version 1."""


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
