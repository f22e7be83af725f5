from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from models.errors import ModelsBroken, ModelsNotFound
from models.model_files import MODEL, ModelFiles


def test_a_file_is_stored_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path / "models")
    files.write("m-1", MODEL, b"one")
    files.write("m-1", MODEL, b"two")
    assert files.read("m-1", MODEL) == b"two"
    path = files.path("m-1", MODEL)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [entry.name for entry in path.parent.iterdir()] == [MODEL]


def test_a_file_that_two_write_at_the_same_moment_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, sync = ModelFiles(tmp_path), os.fsync

    def write_another(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        files.write("m-1", "roc.svg", b"<svg>another</svg>")
        assert files.read("m-1", "roc.svg") == b"<svg>another</svg>"
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", write_another)
    files.write("m-1", "roc.svg", b"<svg/>")
    assert files.read("m-1", "roc.svg") == b"<svg/>"
    assert [path.name for path in (tmp_path / "m-1").iterdir()] == ["roc.svg"]


def test_a_file_that_many_ask_for_at_once_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, made, read = ModelFiles(tmp_path), list[int](), ModelFiles.read
    has_missed, has_answer = threading.Event(), threading.Event()

    def make() -> bytes:
        made.append(1)
        second.start()
        assert has_missed.wait(30)  # the second one has found no file, while this one is made
        return b"<svg/>"

    def find(store: ModelFiles, model_id: str, name: str) -> bytes:
        try:
            return read(store, model_id, name)
        finally:
            if threading.current_thread() is second:
                has_missed.set()

    def ask() -> None:
        assert files.read_or_make("m-1", "roc.svg", make) == b"<svg/>"
        has_answer.set()

    second = threading.Thread(target=ask, daemon=True)
    monkeypatch.setattr(ModelFiles, "read", find)
    assert files.read_or_make("m-1", "roc.svg", make) == b"<svg/>"
    assert has_answer.wait(30)
    assert made == [1]


def test_a_file_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        ModelFiles(tmp_path).write("m-1", "roc.svg", b"<svg/>")
    assert list((tmp_path / "m-1").iterdir()) == []


@pytest.mark.parametrize(
    ("model_id", "name"),
    [("..", MODEL), ("m/../..", MODEL), ("", MODEL), ("m", "../x"), ("m", ""), ("m", ".model.ubj")],
)
def test_no_name_leaves_the_folder(tmp_path: Path, model_id: str, name: str) -> None:
    with pytest.raises(ModelsNotFound):
        ModelFiles(tmp_path).path(model_id, name)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelsNotFound):
        ModelFiles(tmp_path).read("m-1", MODEL)


def test_the_model_can_be_destroyed_alone_or_with_everything(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path)
    files.destroy_model("m-1")
    files.destroy_all("m-1")
    for name in (MODEL, "card.json"):
        files.write("m-1", name, b"x")
    files.destroy_model("m-1")
    assert files.read("m-1", "card.json") == b"x"
    files.destroy_all("m-1")
    with pytest.raises(ModelsNotFound):
        files.read("m-1", "card.json")


def test_a_file_that_cannot_be_deleted_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m-1" / MODEL / "inside").mkdir(parents=True)
    with pytest.raises(ModelsBroken, match="cannot be deleted"):
        ModelFiles(tmp_path).destroy_model("m-1")
