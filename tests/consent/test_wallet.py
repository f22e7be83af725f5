from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import EthAccount

from consent import signatures, typed_data
from consent.errors import ConsentNotFound, TermsInvalid, WalletUnusable
from consent.terms import Grant, Stop, Terms, Withdrawal
from consent.typed_data import Domain
from consent.wallet import Wallet

DOMAIN = Domain(990001, "0x2C90044B2005791217Fa76B0B25e30429C308E9F")
TERMS = Terms(
    "permit",
    "study:a",
    ("HRESCH",),
    ("*",),
    ("*",),
    "",
    "",
    (),
    "I agree.",
    "",
    bytes(32),
    bytes(32),
)


@pytest.fixture
def wallet(tmp_path: Path) -> Wallet:
    return Wallet.create(tmp_path / "wallet")


def new_subject(wallet: Wallet, label: str) -> bytes:
    return wallet.new_subjects([label])[label]


def test_a_signature_is_by_the_key_of_the_messages_subject(wallet: Wallet) -> None:
    subject = new_subject(wallet, "one")
    for message in (Grant(subject, TERMS, 1, 2), Stop(subject, 3), Withdrawal(subject, bytes(32))):
        signed = wallet.sign(DOMAIN, message)
        digest = typed_data.digest(DOMAIN, message)
        assert signed.signer == wallet.address(subject)
        assert signatures.recover(digest, signed.signature) == signed.signer
        by_another_library = EthAccount._recover_hash(digest, signature=signed.signature)
        assert bytes.fromhex(by_another_library[2:]) == signed.signer


def test_an_opened_wallet_has_the_keys_and_the_subjects_of_the_one_created(
    wallet: Wallet, tmp_path: Path
) -> None:
    subject = new_subject(wallet, "one")
    again = Wallet.open(tmp_path / "wallet")
    assert again.get_subject("one") == subject
    assert again.address(subject) == wallet.address(subject)
    assert dict(again.subjects()) == {"one": subject}


def test_subjects_and_wallets_have_keys_of_their_own(wallet: Wallet, tmp_path: Path) -> None:
    other = Wallet.create(tmp_path / "other")
    item, two = new_subject(wallet, "one"), new_subject(wallet, "two")
    assert item != two
    assert len({wallet.address(item), wallet.address(two), other.address(item)}) == 3


def test_a_label_keeps_its_subject(wallet: Wallet) -> None:
    first = wallet.new_subjects(["a", "b", "a"])
    assert wallet.new_subjects(["b", "c"])["b"] == first["b"]
    assert wallet.new_subjects(["a"]) == {"a": first["a"]}
    assert list(wallet.subjects()) == ["a", "b", "c"]


def test_an_unknown_label_is_not_there(wallet: Wallet) -> None:
    with pytest.raises(ConsentNotFound, match="no person 'nobody': enrol"):
        wallet.get_subject("nobody")


def test_two_wallets_on_one_folder_lose_no_subject(wallet: Wallet, tmp_path: Path) -> None:
    def add(mark: str) -> None:
        mine = Wallet.open(tmp_path / "wallet")
        for number in range(10):
            new_subject(mine, f"{mark}{number}")

    threads = [threading.Thread(target=add, args=(mark,)) for mark in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Wallet.open(tmp_path / "wallet").subjects()) == 20


def test_a_wallet_is_never_overwritten(wallet: Wallet, tmp_path: Path) -> None:
    before = (tmp_path / "wallet" / "seed.json").read_bytes()
    with pytest.raises(WalletUnusable, match="already"):
        Wallet.create(tmp_path / "wallet")
    assert (tmp_path / "wallet" / "seed.json").read_bytes() == before


def test_only_its_user_may_read_a_wallet(wallet: Wallet, tmp_path: Path) -> None:
    new_subject(wallet, "one")
    for name in ("seed.json", "subjects.json"):
        file = tmp_path / "wallet" / name
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o640)
        with pytest.raises(WalletUnusable, match="other users"):
            Wallet.open(tmp_path / "wallet")
        file.chmod(0o600)


def test_nothing_but_the_two_files_is_left_in_the_folder(wallet: Wallet, tmp_path: Path) -> None:
    new_subject(wallet, "one")
    names = {path.name for path in (tmp_path / "wallet").iterdir()}
    assert names == {"seed.json", "subjects.json"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"version": 1, "seed": "zz"}',
        '{"version": 1, "seed": "00"}',
        json.dumps({"version": 2, "seed": "00" * 32}),
        '{"version": 1, "seed": 7}',
    ],
)
def test_a_damaged_seed_is_refused(wallet: Wallet, tmp_path: Path, content: str) -> None:
    (tmp_path / "wallet" / "seed.json").write_text(content)
    with pytest.raises(WalletUnusable, match="damaged"):
        Wallet.open(tmp_path / "wallet")


@pytest.mark.parametrize("content", ["", "[]", '{"one": "zz"}', '{"one": "00"}', '{"one": 1}'])
def test_damaged_subjects_are_refused(wallet: Wallet, tmp_path: Path, content: str) -> None:
    new_subject(wallet, "one")
    (tmp_path / "wallet" / "subjects.json").write_text(content)
    with pytest.raises(WalletUnusable, match="damaged"):
        Wallet.open(tmp_path / "wallet")


def test_a_folder_without_a_wallet_or_that_is_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WalletUnusable, match="no wallet"):
        Wallet.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(WalletUnusable, match="cannot be written"):
        Wallet.create(tmp_path / "file" / "wallet")
    with pytest.raises(WalletUnusable, match="cannot be read"):
        Wallet.open(tmp_path / "file")


def test_a_wallet_with_a_deleted_folder_adds_no_subject(wallet: Wallet, tmp_path: Path) -> None:
    (tmp_path / "wallet").rename(tmp_path / "elsewhere")
    with pytest.raises(WalletUnusable, match="cannot be written"):
        new_subject(wallet, "one")


def test_a_wallet_shows_nothing_of_its_seed(wallet: Wallet, tmp_path: Path) -> None:
    seed = json.loads((tmp_path / "wallet" / "seed.json").read_text())["seed"]
    assert seed not in repr(wallet)


def test_what_the_contract_could_not_hold_is_not_signed(wallet: Wallet) -> None:
    with pytest.raises(TermsInvalid):
        wallet.sign(DOMAIN, Stop(bytes(31), 1))


@given(st.binary(min_size=32, max_size=32))
def test_every_subject_has_a_key(subject: bytes) -> None:
    assert len(Wallet(Path("nowhere"), bytes(32)).address(subject)) == 20


def test_five_thousand_patients_sign_within_two_seconds(wallet: Wallet) -> None:
    subjects = wallet.new_subjects(str(number) for number in range(5000))
    start = time.process_time()
    for subject in subjects.values():
        wallet.sign(DOMAIN, Grant(subject, TERMS, 1, 2))
    assert time.process_time() - start < 2
