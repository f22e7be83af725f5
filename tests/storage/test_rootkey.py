import json
import os
import stat
from pathlib import Path

import pytest

from storage.errors import BadlyAsked, Broken, VaultSealed
from storage.keys import SecretKey
from storage.rootkey import (
    make_root_key,
    open_root_key,
    receipt_key,
    sign_receipt,
    verifies_receipt,
)

PASSPHRASE = "correct horse battery staple"
ROOT = SecretKey(bytes(range(32)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SecretKey]:
    path = tmp_path_factory.mktemp("home") / "secrets" / "root.key"
    return path, make_root_key(path, PASSPHRASE)


def test_the_root_key_comes_back_under_its_passphrase(made: tuple[Path, SecretKey]) -> None:
    path, key = made
    assert open_root_key(path, PASSPHRASE).reveal() == key.reveal()
    assert key.reveal().hex() not in path.read_text()


def test_another_passphrase_does_not_open_it(made: tuple[Path, SecretKey]) -> None:
    with pytest.raises(VaultSealed, match="passphrase") as refused:
        open_root_key(made[0], PASSPHRASE + " ")
    assert refused.value.__suppress_context__


def test_only_the_owner_may_read_it_and_no_draft_is_left(made: tuple[Path, SecretKey]) -> None:
    path, _ = made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == [path.name]


def test_it_is_never_overwritten(made: tuple[Path, SecretKey]) -> None:
    path, key = made
    with pytest.raises(FileExistsError):
        make_root_key(path, "another")
    assert os.listdir(path.parent) == [path.name]
    assert open_root_key(path, PASSPHRASE).reveal() == key.reveal()


def test_one_passphrase_has_one_spelling(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    key = make_root_key(path, "zu\u0308rich")
    assert open_root_key(path, "z\u00fcrich").reveal() == key.reveal()


def test_an_empty_passphrase_is_no_passphrase(tmp_path: Path) -> None:
    with pytest.raises(BadlyAsked, match="passphrase"):
        make_root_key(tmp_path / "root.key", "")
    assert os.listdir(tmp_path) == []


def test_a_file_that_everybody_can_read_is_refused(
    tmp_path: Path, made: tuple[Path, SecretKey]
) -> None:
    path = tmp_path / "root.key"
    path.write_text(made[0].read_text())
    path.chmod(0o604)
    with pytest.raises(Broken, match="chmod 600"):
        open_root_key(path, PASSPHRASE)


GOOD = {"kdf": {"n": 2**17, "r": 8, "p": 1, "salt": "00" * 16}, "sealed": "00" * 60}


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{",
        "[]",
        "7",
        b"\xff\xfe",
        json.dumps(GOOD | {"kdf": {}}),
        json.dumps(GOOD | {"kdf": GOOD["kdf"] | {"n": 2}}),  # type: ignore[operator]
        json.dumps(GOOD | {"kdf": GOOD["kdf"] | {"n": 2**40}}),  # type: ignore[operator]
        json.dumps(GOOD | {"kdf": GOOD["kdf"] | {"salt": ""}}),  # type: ignore[operator]
        json.dumps(GOOD | {"kdf": GOOD["kdf"] | {"salt": 7}}),  # type: ignore[operator]
        json.dumps(GOOD | {"sealed": "00" * 59}),
        json.dumps(GOOD | {"sealed": "not hex"}),
        json.dumps({"sealed": "00" * 60}),
    ],
)
def test_a_damaged_file_says_that_it_must_come_from_a_backup(
    tmp_path: Path, content: str | bytes | None
) -> None:
    path = tmp_path / "root.key"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o600)
    with pytest.raises(Broken, match="backup"):
        open_root_key(path, PASSPHRASE)


def test_a_receipt_is_verified_by_anyone_and_signed_by_the_install_alone() -> None:
    public, signature = receipt_key(ROOT), sign_receipt(ROOT, b"receipt")
    assert (len(public), len(signature)) == (32, 64)
    assert verifies_receipt(public, b"receipt", signature)
    assert not verifies_receipt(public, b"another receipt", signature)
    assert not verifies_receipt(public, b"receipt", signature[:63] + b"\0")
    assert not verifies_receipt(public, b"receipt", b"")
    assert not verifies_receipt(b"short", b"receipt", signature)
    assert not verifies_receipt(receipt_key(SecretKey(bytes(32))), b"receipt", signature)
    assert receipt_key(SecretKey(ROOT.reveal())) == public
