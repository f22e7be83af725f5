from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.car import raw_cid, read_car
from storage.car_folder import CarFolder, block_offsets
from storage.entry import Entry
from storage.errors import DiskFull, StoreUnavailable

blocks_of = st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=20, unique=True)


def entries_of(blocks: list[bytes]) -> list[Entry]:
    offsets = block_offsets([len(block) for block in blocks])
    return [
        Entry(b"", 1, b"", "", "", "", raw_cid(block), len(block), offset, b"", None)
        for block, offset in zip(blocks, offsets, strict=True)
    ]


def write(car_folder: CarFolder, name: str, blocks: list[bytes]) -> bytes:
    with car_folder.write(name, list(map(raw_cid, blocks)), blocks) as root:
        return root


@given(blocks_of)
def test_every_block_is_at_its_offset(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[bytes]
) -> None:
    car_folder = CarFolder(tmp_path_factory.mktemp("staging"))
    root = write(car_folder, "a", blocks)
    assert car_folder.read("a", entries_of(blocks)) == blocks
    with car_folder.path("a").open("rb") as file:
        pairs = list(read_car(file))
    assert [block for _, block in pairs[:-1]] == blocks
    assert pairs[-1][0] == root


def test_long_blocks_have_the_right_offset(tmp_path: Path) -> None:
    blocks = [os.urandom(size) for size in (1, 91, 92, 127, 128, 16_347, 16_348, 2**21)]
    car_folder = CarFolder(tmp_path)
    write(car_folder, "a", blocks)
    assert car_folder.read("a", entries_of(blocks)) == blocks


def test_missing_or_truncated_files_give_empty_blocks(tmp_path: Path) -> None:
    blocks = [b"one", b"two"]
    car_folder = CarFolder(tmp_path)
    assert car_folder.read("a", entries_of(blocks)) == [b"", b""]
    write(car_folder, "a", blocks)
    os.truncate(car_folder.path("a"), block_offsets([3, 3])[1])
    assert car_folder.read("a", entries_of(blocks)) == [b"one", b""]
    car_folder.delete("a")
    car_folder.delete("a")
    assert not car_folder.path("a").exists()


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EIO, StoreUnavailable)]
)
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def fails(_: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(error):
        write(CarFolder(tmp_path / "sealed"), "a", [b"one"])
    assert list((tmp_path / "sealed").iterdir()) == []


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable):
        write(CarFolder(tmp_path / "file" / "sealed"), "a", [b"one"])


def test_a_batch_is_locked_while_it_is_being_written(tmp_path: Path) -> None:
    car_folder, other = CarFolder(tmp_path), CarFolder(tmp_path)
    with car_folder.write("a", [raw_cid(b"one")], [b"one"]):
        with other.lock("a") as is_ours:
            assert not is_ours
        assert other.delete_orphans(lambda: set()) == 0
    with other.lock("a") as is_ours, car_folder.lock("a") as too:
        assert is_ours
        assert not too
    with other.lock("never") as is_ours:
        assert is_ours


def test_only_orphans_are_deleted(tmp_path: Path) -> None:
    car_folder = CarFolder(tmp_path)
    for name in ("known", "orphan"):
        write(car_folder, name, [secrets.token_bytes(9)])
    (tmp_path / "known.new").write_bytes(b"half")
    (tmp_path / "kept.txt").write_bytes(b"")
    assert car_folder.delete_orphans(lambda: {"known"}) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"known.car", "kept.txt"}
    assert CarFolder(tmp_path / "none").delete_orphans(lambda: set()) == 0


def test_a_file_deleted_meanwhile_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    car_folder = CarFolder(tmp_path, max_bytes=0)
    monkeypatch.setattr(Path, "glob", lambda *_: iter([tmp_path / "gone.car"]))
    assert car_folder.delete_orphans(lambda: set()) == 0
    assert car_folder.trim(set) == 0


def test_a_draft_deleted_before_it_was_locked_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    locks = fcntl.flock

    def flock(file: object, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", locks)
        (tmp_path / "a.new").unlink()
        locks(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", flock)
    car_folder = CarFolder(tmp_path)
    write(car_folder, "a", [b"one"])
    assert car_folder.read("a", entries_of([b"one"])) == [b"one"]


def test_the_oldest_unneeded_files_are_deleted_first(tmp_path: Path) -> None:
    car_folder = CarFolder(tmp_path)
    for age, name in enumerate(("oldest", "older", "newest")):
        write(car_folder, name, [bytes([age]) * 100])
        os.utime(car_folder.path(name), (age, age))
    size = car_folder.path("older").stat().st_size
    car_folder.max_bytes = 3 * size
    assert car_folder.trim(set) == 0
    car_folder.max_bytes = 2 * size
    assert car_folder.trim(lambda: {"oldest"}) == 1
    assert not car_folder.path("older").exists()
    car_folder.max_bytes = 0
    assert car_folder.trim(lambda: {"oldest"}) == 1
    assert car_folder.path("oldest").exists()


def test_a_file_that_a_process_works_on_is_not_trimmed(tmp_path: Path) -> None:
    car_folder, other = CarFolder(tmp_path), CarFolder(tmp_path, max_bytes=0)
    block = b"one"
    with car_folder.write("a", [raw_cid(block)], [block]):
        # Its batch is not in the catalogue yet, so that nothing says that it is needed.
        assert other.trim(set) == 0
        assert car_folder.path("a").exists()
    assert other.trim(set) == 1
    assert not car_folder.path("a").exists()


def test_which_files_are_needed_is_asked_while_the_file_is_locked(tmp_path: Path) -> None:
    car_folder, locked = CarFolder(tmp_path, max_bytes=0), list[bool]()

    def needed() -> set[str]:
        with CarFolder(tmp_path).lock("a") as is_ours:
            locked.append(not is_ours)
        return {"a"}

    write(car_folder, "a", [b"one"])
    assert car_folder.trim(needed) == 0
    assert locked == [True]


def test_one_process_at_a_time_collects_garbage(tmp_path: Path) -> None:
    first_folder, other = CarFolder(tmp_path), CarFolder(tmp_path)
    with (
        first_folder.lock_collection(wait=True) as first,
        other.lock_collection(wait=False) as second,
    ):
        assert first
        assert not second
    with other.lock_collection(wait=False) as again:
        assert again
