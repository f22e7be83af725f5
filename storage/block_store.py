"""Define the port to a store of blocks under their own hash; its answers are always verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol


class BlockReader(Protocol):
    """Reads blocks by CID (36 bytes, binary); every block returned matches its CID.

    Every call may raise StoreUnavailable (unreachable, or no answer in time; try again later) and
    NameMismatch (the store returned other bytes).
    """

    def version(self) -> str:
        """Return the store's version, after checking that it is supported."""
        ...

    def get(self, cid: bytes, size: int) -> bytes:
        """Return a block of `size` bytes.

        Raises:
            StorageNotFound: the store does not have it.
        """
        ...

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield (cid, block) of each of these blocks once, in any order.

        Raises:
            StorageNotFound: one of them is missing; those already yielded are valid.
        """
        ...


class BlockStore(BlockReader, Protocol):
    """Stores blocks durably; every call that writes may also raise DiskFull."""

    def import_car(self, car: Path, root: bytes) -> None:
        """Store the blocks of a CAR file and pin its root recursively; durable on return."""
        ...

    def pin(self, cids: Sequence[bytes]) -> bytes:
        """Pin stored blocks under one root, durably; return the root.

        Raises:
            StorageNotFound: one of them is missing; nothing is pinned.
        """
        ...

    def list_pins(self) -> set[bytes]:
        """Return the roots that are pinned recursively."""
        ...

    def unpin(self, roots: Sequence[bytes]) -> None:
        """Unpin these roots; those that are not pinned are skipped."""
        ...

    def find_damaged(self, roots: Iterable[bytes]) -> set[bytes]:
        """Return those of these roots whose own block is missing or does not match its CID."""
        ...

    def collect_garbage(self) -> None:
        """Delete permanently every block that no pin keeps.

        Raises:
            NameMismatch: the block of a pinned root is damaged; nothing was deleted.
        """
        ...
