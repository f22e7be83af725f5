"""What is written durably is whole after a loss of power: the file, then its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from consent.durable_file import write_durably
from consent.state_mark import StateMark


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_durably(path, b"new"),
        lambda path: StateMark(path, "0x" + "11" * 20).raise_journal(1),
    ],
    ids=["any file", "the mark"],
)
def test_the_folder_is_flushed_after_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    path, flush = tmp_path / "mark", os.fsync
    flushed: list[tuple[bool, bool]] = []

    def noted(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        flushed.append((is_folder, path.exists()))
        flush(handle)

    monkeypatch.setattr(os, "fsync", noted)
    write(path)
    assert flushed == [(False, False), (True, True)]


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    path.write_bytes(b"old")
    (tmp_path / "mark.new").mkdir()
    with pytest.raises(OSError, match="mark.new"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
