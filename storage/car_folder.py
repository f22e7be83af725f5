"""Keep batches' envelopes as CAR files in a folder: before the deposit, and after it as a cache."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from storage.car import CID_BYTES, links_block, root_cid, write_car
from storage.entry import Entry
from storage.errors import DiskFull, StoreUnavailable
from storage.files import sync_folder, writing_to

DRAFT: Final = ".new"
MAX_CACHE_BYTES: Final = 2**33
"""Default limit for the CAR files of finished batches."""
HEADER_BYTES: Final = 59
"""Size of the CAR header that write_car writes: one root of 36 bytes, version 1."""
_NAME: Final = "the folder of sealed batches"


class CarFolder:
    """The folder of batches' CAR files.

    It holds only encrypted envelopes, and the caller checks what it reads against its CID. A
    process that works on a batch locks the batch's file; the kernel releases the lock if it dies.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def path(self, name: str) -> Path:
        """Return the path of a batch's CAR file, whether or not it exists."""
        return self._folder / f"{name}.car"

    @contextmanager
    def write(self, name: str, cids: Sequence[bytes], blocks: Sequence[bytes]) -> Iterator[bytes]:
        """Write a batch's file durably; yield its IPFS root while the file is locked.

        Raises:
            DiskFull, StoreUnavailable: nothing is left behind.
        """
        links = links_block(cids)
        root = root_cid(links)
        draft = self.path(name).with_suffix(DRAFT)
        with writing_to(_NAME):
            self._make_folder()
            file = _create_locked(draft)
        with file:
            try:
                with writing_to(_NAME):
                    write_car(file, root, [*zip(cids, blocks, strict=True), (root, links)])
                    file.flush()
                    os.fsync(file.fileno())
                    draft.replace(self.path(name))
                    sync_folder(self._folder)
            except (DiskFull, StoreUnavailable):
                draft.unlink(missing_ok=True)
                raise
            yield root

    @contextmanager
    def lock(self, name: str, *, wait: bool = False) -> Iterator[bool]:
        """Yield whether this process may work on a batch; its file is locked meanwhile.

        With `wait`, wait until no other process works on it. A batch without a file has no lock.
        """
        try:
            file = self.path(name).open("rb")
        except FileNotFoundError:
            yield True
            return
        with file:
            yield _lock(file, wait)

    @contextmanager
    def lock_collection(self, *, wait: bool) -> Iterator[bool]:
        """Yield whether this process alone may collect garbage; with `wait`, wait for that."""
        with writing_to(_NAME):
            self._make_folder()
            file = (self._folder / "collecting.lock").open("wb")
        with file:
            yield _lock(file, wait)

    def delete(self, name: str) -> None:
        """Delete a batch's file, if it exists."""
        self.path(name).unlink(missing_ok=True)

    def delete_orphans(self, known: Callable[[], set[str]]) -> int:
        """Delete unlocked drafts and files of unknown batches; return how many there were."""
        deleted = 0
        for path in [*self._folder.glob(f"*{DRAFT}"), *self._folder.glob("*.car")]:
            deleted += _delete_unless(path, known)
        return deleted

    def trim(self, needed: Callable[[], set[str]]) -> int:
        """Delete the oldest files above the limit, except those of batches that need theirs.

        A file that a process works on is left alone. Returns how many were deleted.
        """
        files = []
        for path in self._folder.glob("*.car"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            files.append((stat.st_mtime_ns, stat.st_size, path))
        total, deleted = sum(size for _, size, _ in files), 0
        for _, size, path in sorted(files):
            if total <= self.max_bytes:
                break
            if _delete_unless(path, needed):
                total, deleted = total - size, deleted + 1
        return deleted

    def read(self, name: str, entries: Sequence[Entry]) -> list[bytes]:
        """Return the bytes at each entry's offset; the caller checks them against the CID.

        All are empty if the file does not exist or cannot be read.
        """
        try:
            with self.path(name).open("rb") as file:
                descriptor = file.fileno()
                return [os.pread(descriptor, entry.size, entry.offset) for entry in entries]
        except OSError:
            return [b""] * len(entries)

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def block_offsets(sizes: Sequence[int], header_bytes: int = HEADER_BYTES) -> list[int]:
    """Return where blocks of these sizes start in a CAR file with a header of this size."""
    offsets, end = [], header_bytes
    for size in sizes:
        section = CID_BYTES + size
        prefix = max(1, (section.bit_length() + 6) // 7)
        offsets.append(end + prefix + CID_BYTES)
        end += prefix + section
    return offsets


def _delete_unless(path: Path, needed: Callable[[], set[str]]) -> bool:
    """Delete a draft, or the file of a batch that is not needed; return whether it was deleted."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        # `needed` is read after locking: the last holder has stored its batch by then.
        if not _lock(file) or (path.suffix != DRAFT and path.stem in needed()):
            return False
        path.unlink(missing_ok=True)
    return True


def _create_locked(draft: Path) -> BinaryIO:
    """Create a file that this process has locked."""
    while True:
        file = draft.open("wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        # Another process may have deleted it as an orphan before it was locked.
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _lock(file: BinaryIO, wait: bool = False) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
