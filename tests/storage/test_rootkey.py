import hashlib
import json
import os
import stat
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage import rootkey
from storage.errors import StorageBroken, StorageInvalid, VaultSealed
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
def root_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SecretKey]:
    path = tmp_path_factory.mktemp("home") / "secrets" / "root.key"
    return path, make_root_key(path, PASSPHRASE)


def test_the_root_key_opens_with_its_passphrase(root_key: tuple[Path, SecretKey]) -> None:
    path, key = root_key
    assert open_root_key(path, PASSPHRASE).reveal() == key.reveal()
    assert key.reveal().hex() not in path.read_text()


def test_another_passphrase_does_not_open_it(root_key: tuple[Path, SecretKey]) -> None:
    with pytest.raises(VaultSealed, match="passphrase") as refused:
        open_root_key(root_key[0], PASSPHRASE + " ")
    assert refused.value.__suppress_context__


def test_only_the_owner_can_read_the_file_and_no_draft_is_left(
    root_key: tuple[Path, SecretKey],
) -> None:
    path, _ = root_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == [path.name]


def test_a_root_key_is_never_overwritten(root_key: tuple[Path, SecretKey]) -> None:
    path, key = root_key
    with pytest.raises(FileExistsError):
        make_root_key(path, "another")
    assert os.listdir(path.parent) == [path.name]
    assert open_root_key(path, PASSPHRASE).reveal() == key.reveal()


@pytest.mark.usefixtures("fast_root_key")
def test_unicode_forms_of_a_passphrase_are_equal(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    key = make_root_key(path, "zu\u0308rich")
    assert open_root_key(path, "z\u00fcrich").reveal() == key.reveal()


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageInvalid, match="passphrase"):
        make_root_key(tmp_path / "root.key", "")
    assert os.listdir(tmp_path) == []


def test_a_file_readable_by_other_users_is_refused(
    tmp_path: Path, root_key: tuple[Path, SecretKey]
) -> None:
    path = tmp_path / "root.key"
    path.write_text(root_key[0].read_text())
    path.chmod(0o604)
    with pytest.raises(StorageBroken, match="chmod 600"):
        open_root_key(path, PASSPHRASE)


KDF = {"name": "scrypt", "n": 2**17, "r": 8, "p": 1, "salt": "00" * 16}
GOOD = {"kdf": KDF, "sealed": "00" * 60}
DAMAGED: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "cut": json.dumps(GOOD)[:-1].encode(),
    "a list": b"[]",
    "a number": b"7",
    "nested beyond reason": b"[" * 100_000,
    "not UTF-8": b"\xff\xfe",
} | {
    name: json.dumps(content).encode()
    for name, content in {
        "no kdf": {"sealed": GOOD["sealed"]},
        "no sealed key": {"kdf": KDF},
        "kdf empty": GOOD | {"kdf": {}},
        "kdf another": GOOD | {"kdf": KDF | {"name": "argon2id"}},
        "kdf without a name": GOOD | {"kdf": {n: v for n, v in KDF.items() if n != "name"}},
        "kdf cheap": GOOD | {"kdf": KDF | {"n": 2}},
        "kdf dear": GOOD | {"kdf": KDF | {"n": 2**40}},
        "kdf of another width": GOOD | {"kdf": KDF | {"r": 9}},
        "kdf of another p": GOOD | {"kdf": KDF | {"p": 2}},
        "kdf with a field more": GOOD | {"kdf": KDF | {"x": 1}},
        "salt empty": GOOD | {"kdf": KDF | {"salt": ""}},
        "salt a number": GOOD | {"kdf": KDF | {"salt": 7}},
        "salt with a space": GOOD | {"kdf": KDF | {"salt": "00 " * 16}},
        "sealed key cut": GOOD | {"sealed": "00" * 59},
        "sealed key not in hex": GOOD | {"sealed": "not hex"},
        "sealed key in upper case": GOOD | {"sealed": "AA" * 60},
        "a field more": GOOD | {"x": 1},
    }.items()
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_must_be_restored_from_a_backup(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "root.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(StorageBroken, match="backup"):
        open_root_key(path, PASSPHRASE)


def test_the_file_has_the_format_of_the_spec(root_key: tuple[Path, SecretKey]) -> None:
    content = json.loads(root_key[0].read_text())
    assert content == {
        "kdf": KDF | {"salt": content["kdf"]["salt"]},
        "sealed": content["sealed"],
    }
    salt, sealed = bytes.fromhex(content["kdf"]["salt"]), bytes.fromhex(content["sealed"])
    # Opened with nothing of ours: hashlib's scrypt and the library's AES-256-GCM.
    wrapping = hashlib.scrypt(
        PASSPHRASE.encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**28, dklen=32
    )
    label = b"vouchsafe/v1/root-key"
    key = AESGCM(wrapping).decrypt(sealed[:12], sealed[12:], label)
    assert key == root_key[1].reveal()


@pytest.mark.parametrize("field", ["salt", "sealed"])
def test_a_file_with_a_flipped_bit_does_not_open(
    tmp_path: Path, root_key: tuple[Path, SecretKey], field: str
) -> None:
    content = json.loads(root_key[0].read_text())
    holder = content["kdf"] if field == "salt" else content
    first = int(holder[field][0], 16) ^ 1
    holder[field] = f"{first:x}{holder[field][1:]}"
    path = tmp_path / "root.key"
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    with pytest.raises(VaultSealed, match="or the root key file is damaged"):
        open_root_key(path, PASSPHRASE)


@pytest.mark.usefixtures("fast_root_key")
def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "root.key").mkdir()
    with pytest.raises(FileExistsError):
        make_root_key(tmp_path / "root.key", PASSPHRASE)
    assert os.listdir(tmp_path) == ["root.key"]


@pytest.mark.usefixtures("fast_root_key")
def test_only_one_of_two_concurrent_starts_creates_the_key(tmp_path: Path) -> None:
    path = tmp_path / "root.key"

    def make(passphrase: str) -> SecretKey | None:
        try:
            return make_root_key(path, passphrase)
        except FileExistsError:
            return None

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(make, ["one", "two"])
    root_key, passphrase = (first, "one") if first else (second, "two")
    assert root_key is not None
    assert first is None or second is None
    assert open_root_key(path, passphrase).reveal() == root_key.reveal()
    assert os.listdir(tmp_path) == ["root.key"]


def test_anyone_can_verify_a_receipt_and_only_the_install_can_sign_one() -> None:
    public, signature = receipt_key(ROOT), sign_receipt(ROOT, b"receipt")
    assert (len(public), len(signature)) == (32, 64)
    assert verifies_receipt(public, b"receipt", signature)
    assert not verifies_receipt(public, b"another receipt", signature)
    assert not verifies_receipt(public, b"receipt", signature[:63] + b"\0")
    assert not verifies_receipt(public, b"receipt", b"")
    assert not verifies_receipt(b"short", b"receipt", signature)
    assert not verifies_receipt(receipt_key(SecretKey(bytes(32))), b"receipt", signature)
    assert receipt_key(SecretKey(ROOT.reveal())) == public


@pytest.mark.usefixtures("fast_root_key")
def test_the_key_from_a_passphrase_is_that_of_the_standard_library_in_any_script() -> None:
    for passphrase in ("correct horse", "päss wörd", "\u0070a\u0308ss", "пароль", "\U0001f511"):
        salt = hashlib.sha256(passphrase.encode()).digest()[:16]
        expected = hashlib.scrypt(
            unicodedata.normalize("NFC", passphrase).encode(),
            salt=salt,
            n=rootkey.SCRYPT_N,
            r=8,
            p=1,
            maxmem=2**28,
            dklen=32,
        )
        assert rootkey._stretched(passphrase, salt) == expected
