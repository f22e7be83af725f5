"""Copy blocks into a folder, a file for each, and read them there without Kubo."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from storage.car import raw_cid, text_cid
from storage.errors import NameMismatch, StorageNotFound, StoreUnavailable
from storage.files import writing_to

_MULTIHASH_AT = 2
_LAYOUT = "/repo/flatfs/shard/v1/next-to-last/2"


class BlockFolder:
    """A folder with a file for each block, as Kubo's flatfs has it (next-to-last/2 shards).

    It is the `blocks` folder of a repository that stores each block as a file, or a copy of the
    blocks of any node that `write` made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def version(self) -> str:
        """See `BlockReader.version`.

        Raises:
            StoreUnavailable: not a folder of this kind.
        """
        try:
            kind = (self._folder / "SHARDING").read_text(encoding="ascii").strip()
        except OSError as exc:
            raise StoreUnavailable(
                f"{self._folder} is not a Kubo blocks folder: it has no SHARDING file"
            ) from exc
        if kind != _LAYOUT:
            raise StoreUnavailable(f"{self._folder}: unsupported shard function {kind}")
        return kind

    def write(self, blocks: Iterable[tuple[bytes, bytes]]) -> int:
        """Write a file for each (cid, block); return how many there were.

        Raises:
            DiskFull, StoreUnavailable: the folder cannot be written; what was written is left.
        """
        count = 0
        with writing_to(f"the folder {self._folder}"):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._folder / "SHARDING").write_text(f"{_LAYOUT}\n", encoding="ascii")
            for cid, block in blocks:
                path = self.path(cid)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(block)
                count += 1
        return count

    def path(self, cid: bytes) -> Path:
        """Return the path of a block's file, whether or not it exists."""
        name = base64.b32encode(cid[_MULTIHASH_AT:]).decode().rstrip("=")
        return self._folder / name[-3:-1] / f"{name}.data"

    def get(self, cid: bytes, size: int) -> bytes:
        """See `BlockReader.get`."""
        block = self._read(cid)
        if len(block) != size:
            raise NameMismatch(f"block {text_cid(cid)} has {len(block)} bytes; expected {size}")
        return block

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `BlockReader.get_many`."""
        for cid in cids:
            yield cid, self._read(cid)

    def _read(self, cid: bytes) -> bytes:
        try:
            block = self.path(cid).read_bytes()
        except FileNotFoundError as exc:
            raise StorageNotFound(f"block {text_cid(cid)} not found") from exc
        if raw_cid(block) != cid:
            raise NameMismatch(f"block {text_cid(cid)} does not match its CID")
        return block
