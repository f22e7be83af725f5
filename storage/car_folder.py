"""Writes a batch's sealed envelopes to a CAR file on disk, and reads them back from there."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from storage.car import CID_BYTES, links_block, root_cid, write_car
from storage.entry import Entry
from storage.errors import DiskFull, StoreUnavailable

DRAFT: Final = ".new"
SEALED_CACHE_BYTES: Final = 2**33
"""How many bytes of finished batches are kept on disk unless another bound is given."""
HEADER_BYTES: Final = 59
"""The size of the CAR header that write_car makes: one root of 36 bytes, version 1."""


@contextmanager
def room_needed() -> Iterator[None]:
    """Turn what a disk refuses into the errors that say so.

    Raises:
        DiskFull: there is no room.
        StoreUnavailable: it cannot be written for another reason.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the disk is full; make room, then try again") from exc
        raise StoreUnavailable("the folder of sealed batches cannot be written") from exc


class CarFolder:
    """The folder of batches' CAR files: made before a deposit, kept after it as a cache.

    It holds nothing but sealed envelopes, and what is read from it is checked against its name.
    Whoever works on a batch holds the lock of its file, which the kernel frees when they die.
    """

    def __init__(self, folder: Path, most_bytes: int = SEALED_CACHE_BYTES) -> None:
        self._folder = folder
        self.most_bytes = most_bytes

    def path(self, name: str) -> Path:
        """Return where the CAR file of a batch is, or would be."""
        return self._folder / f"{name}.car"

    @contextmanager
    def written(self, name: str, cids: Sequence[bytes], blocks: Sequence[bytes]) -> Iterator[bytes]:
        """Write a batch durably, whole or not at all; yield its IPFS root, holding its lock.

        Raises:
            DiskFull, StoreUnavailable: nothing is left behind.
        """
        links = links_block(cids)
        root = root_cid(links)
        draft = self.path(name).with_suffix(DRAFT)
        with room_needed():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = _own(draft)
        with file:
            try:
                with room_needed():
                    write_car(file, root, [*zip(cids, blocks, strict=True), (root, links)])
                    file.flush()
                    os.fsync(file.fileno())
                    draft.replace(self.path(name))
                    _sync_folder(self._folder)
            except (DiskFull, StoreUnavailable):
                draft.unlink(missing_ok=True)
                raise
            yield root

    @contextmanager
    def held(self, name: str, *, waits: bool = False) -> Iterator[bool]:
        """Yield whether nobody works on this batch; if so, its lock is ours meanwhile.

        If it `waits`, it does so until nobody does.
        """
        try:
            file = self.path(name).open("rb")
        except FileNotFoundError:
            yield True
            return
        with file:
            if waits:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield waits or _locks(file)

    @contextmanager
    def turn(self, *, waits: bool) -> Iterator[bool]:
        """Yield whether we alone collect on this machine; wait for our turn if `waits`."""
        with room_needed():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = (self._folder / "collecting.lock").open("wb")
        with file:
            if waits:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield waits or _locks(file)

    def drop(self, name: str) -> None:
        """Delete a batch's file, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def drop_orphans(self, known: Callable[[], set[str]]) -> int:
        """Delete what nobody works on and no batch is named after; return how many those were."""
        dropped = 0
        for path in [*self._folder.glob(f"*{DRAFT}"), *self._folder.glob("*.car")]:
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            # Locked first and asked then: whoever held it has made its batch known by now.
            with file:
                if _locks(file) and (path.suffix == DRAFT or path.stem not in known()):
                    path.unlink(missing_ok=True)
                    dropped += 1
        return dropped

    def trim(self, needed: set[str]) -> int:
        """Delete the oldest files over the bound, but none of those; return how many."""
        listed = []
        for path in self._folder.glob("*.car"):
            try:
                told = path.stat()
            except FileNotFoundError:
                continue
            listed.append((told.st_mtime_ns, told.st_size, path))
        total, dropped = sum(size for _, size, _ in listed), 0
        for _, size, path in sorted(listed):
            if total <= self.most_bytes:
                break
            if path.stem not in needed:
                path.unlink(missing_ok=True)
                total, dropped = total - size, dropped + 1
        return dropped

    def read(self, name: str, entries: Sequence[Entry]) -> list[bytes]:
        """Return the block of each of these entries, or what stands in its place.

        The caller checks each block against its name, as with any other store; where there is no
        file to be read, every block is empty.
        """
        try:
            with self.path(name).open("rb") as file:
                at = file.fileno()
                return [os.pread(at, entry.size, entry.place) for entry in entries]
        except OSError:
            return [b""] * len(entries)


def places(sizes: Sequence[int], header_bytes: int = HEADER_BYTES) -> list[int]:
    """Return where each block will stand in a CAR file with a header of this size."""
    found, at = [], header_bytes
    for size in sizes:
        section = CID_BYTES + size
        prefix = max(1, (section.bit_length() + 6) // 7)
        found.append(at + prefix + CID_BYTES)
        at += prefix + section
    return found


def _own(draft: Path) -> BinaryIO:
    """Open a file that is ours alone; whoever swept it away before we had its lock is outrun."""
    while True:
        file = draft.open("wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _locks(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
