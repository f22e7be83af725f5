"""The port to wherever sealed bytes are kept under their own hash; nothing it says is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol


class BlockReader(Protocol):
    """Reads blocks by their CID (36 bytes, binary). Every block handed out fits its name.

    Every call may raise StoreUnavailable (away, or no answer in time: ask again later) and
    NameMismatch (other bytes than were asked for).
    """

    def version(self) -> str:
        """Return what the store is, after checking that it is one we know to work with."""
        ...

    def get(self, cid: bytes, size: int) -> bytes:
        """Return the block of this name, which is `size` bytes long.

        Raises:
            NotFound: it is not kept here.
        """
        ...

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield (cid, block) of each of these, in any order, each once.

        Raises:
            NotFound: one of them is not kept here; what was yielded before stands.
        """
        ...


class BlockStore(BlockReader, Protocol):
    """Keeps blocks; what it confirms is durable. Every writing call may raise DiskFull too."""

    def put_many(self, car: Path, root: bytes) -> None:
        """Store the blocks of a CAR file and pin its root with all below; durable on return."""
        ...

    def hold(self, cids: Sequence[bytes]) -> bytes:
        """Pin blocks that are kept already under one root, durably; return the root.

        Raises:
            NotFound: one of them is not kept here; nothing is pinned.
        """
        ...

    def pinned(self) -> set[bytes]:
        """Return the roots that are pinned with all below them."""
        ...

    def unpin(self, roots: Sequence[bytes]) -> None:
        """Let go of these roots; those that are not pinned are passed over."""
        ...

    def collect(self) -> None:
        """Delete for good every block that no pin holds."""
        ...
