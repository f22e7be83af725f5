"""Reads blocks from a Kubo repository's folder, without Kubo: for checking a copy."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path

from storage.car import raw_cid, text_cid
from storage.errors import NameMismatch, StorageNotFound, StoreUnavailable

_MULTIHASH_AT = 2


class BlockFolder:
    """The `blocks` folder of a repository (flatfs, sharded by next-to-last/2); it is only read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def version(self) -> str:
        """See `BlockReader.version`.

        Raises:
            StoreUnavailable: not such a folder.
        """
        try:
            kind = (self._folder / "SHARDING").read_text(encoding="ascii").strip()
        except OSError as exc:
            raise StoreUnavailable(f"{self._folder} is no folder of blocks") from exc
        if kind != "/repo/flatfs/shard/v1/next-to-last/2":
            raise StoreUnavailable(f"{self._folder} is sharded in a way that is not known: {kind}")
        return kind

    def path(self, cid: bytes) -> Path:
        """Return the file that a block is in, or would be."""
        name = base64.b32encode(cid[_MULTIHASH_AT:]).decode().rstrip("=")
        return self._folder / name[-3:-1] / f"{name}.data"

    def get(self, cid: bytes, size: int) -> bytes:
        """See `BlockReader.get`."""
        try:
            block = self.path(cid).read_bytes()
        except FileNotFoundError as exc:
            raise StorageNotFound("no such block") from exc
        if len(block) != size or raw_cid(block) != cid:
            raise NameMismatch(f"the bytes of {text_cid(cid)} are not what its name says")
        return block

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `BlockReader.get_many`."""
        for cid in cids:
            try:
                block = self.path(cid).read_bytes()
            except FileNotFoundError as exc:
                raise StorageNotFound("a block is not kept here") from exc
            if raw_cid(block) != cid:
                raise NameMismatch(f"the bytes of {text_cid(cid)} are not what its name says")
            yield cid, block
