from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.nodes import KuboNode
from storage import Kubo
from storage.block_folder import BlockFolder
from storage.car import links_block, raw_cid, root_cid, write_car
from storage.errors import NameMismatch, StorageNotFound, StoreUnavailable


@pytest.fixture
def blocks(kubo: Kubo, tmp_path: Path) -> list[bytes]:
    blocks = [os.urandom(200 + extra) for extra in range(20)]
    cids = list(map(raw_cid, blocks))
    links = links_block(cids)
    path = tmp_path / "batch.car"
    with path.open("wb") as file:
        listed = [*zip(cids, blocks, strict=True), (root_cid(links), links)]
        write_car(file, root_cid(links), listed)
    kubo.import_car(path, root_cid(links))
    return blocks


@pytest.fixture
def folder(kubo_node: KuboNode) -> BlockFolder:
    return BlockFolder(kubo_node.folder / "repo" / "blocks")


@pytest.mark.node
def test_blocks_of_a_kubo_repository_are_read_without_kubo(
    folder: BlockFolder, blocks: list[bytes]
) -> None:
    assert folder.version() == "/repo/flatfs/shard/v1/next-to-last/2"
    cids = list(map(raw_cid, blocks))
    assert dict(folder.get_many(cids)) == dict(zip(cids, blocks, strict=True))
    assert folder.get(cids[3], len(blocks[3])) == blocks[3]


@pytest.mark.node
def test_a_copy_has_the_files_that_kubo_has(
    folder: BlockFolder, kubo: Kubo, blocks: list[bytes], tmp_path: Path
) -> None:
    cids = list(map(raw_cid, blocks))
    copy = BlockFolder(tmp_path / "copy")
    assert copy.write(kubo.get_many(cids)) == len(blocks)
    assert copy.version() == folder.version()
    assert dict(copy.get_many(cids)) == dict(zip(cids, blocks, strict=True))
    for cid in cids:
        place = copy.path(cid).relative_to(tmp_path / "copy")
        theirs = folder.path(cid)
        assert theirs.parts[-2:] == place.parts
        assert theirs.read_bytes() == copy.path(cid).read_bytes()


def test_a_copy_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        BlockFolder(tmp_path / "file").write([])


@pytest.mark.node
def test_missing_longer_and_altered_blocks_are_detected(
    folder: BlockFolder, blocks: list[bytes]
) -> None:
    cids = list(map(raw_cid, blocks))
    with pytest.raises(StorageNotFound):
        folder.get(raw_cid(b"never"), 5)
    with pytest.raises(StorageNotFound):
        dict(folder.get_many([cids[0], raw_cid(b"never")]))
    with pytest.raises(NameMismatch):
        folder.get(cids[0], len(blocks[0]) + 1)
    path = folder.path(cids[0])
    path.chmod(0o600)
    path.write_bytes(blocks[1][: len(blocks[0])])
    with pytest.raises(NameMismatch):
        folder.get(cids[0], len(blocks[0]))
    with pytest.raises(NameMismatch):
        dict(folder.get_many(cids))


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        BlockFolder(tmp_path).version()
    (tmp_path / "SHARDING").write_text("/repo/flatfs/shard/v1/prefix/3")
    with pytest.raises(StoreUnavailable):
        BlockFolder(tmp_path).version()
