from __future__ import annotations

from pathlib import Path

import pytest

from consent import ANCHORER, EVERYDAY, RELAYER, RelayerAccount
from deploy.account_keys import (
    AccountFiles,
    AdminFiles,
    admin_path,
    former_keys,
    make_admin,
    open_admin,
)
from deploy.secrets import relayer_key
from deploy.settings import Settings, SettingsInvalid, read_settings
from deploy.wiring import ledger_settings
from storage import StorageBroken, VaultSealed

pytestmark = pytest.mark.usefixtures("fast_root_key")


def settings_of(home: Path, phrase: str = "a phrase") -> Settings:
    return read_settings({"VOUCHSAFE_HOME": str(home), "VOUCHSAFE_PASSPHRASE": phrase})


def test_the_admins_key_is_made_once_and_opens_wherever_it_was_moved(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    admin = make_admin(settings)
    path = admin_path(tmp_path)
    assert make_admin(settings).address == admin.address
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(VaultSealed, match="passphrase"):
        open_admin(settings_of(tmp_path, "another"), path)
    medium = tmp_path / "medium.key"
    path.rename(medium)
    assert open_admin(settings, medium).address == admin.address
    with pytest.raises(StorageBroken, match="--admin-key"):
        open_admin(settings, path)


def test_a_switch_keeps_the_former_key_and_can_be_repeated_until_it_is_done(
    tmp_path: Path,
) -> None:
    old = relayer_key(tmp_path)
    files = AccountFiles(tmp_path)
    with pytest.raises(SettingsInvalid, match="accounts rotate"):
        files.switch()
    new = files.make_next()
    assert AccountFiles(tmp_path).make_next().address == new.address
    assert relayer_key(tmp_path) == old
    assert former_keys(tmp_path) == ()
    files.switch()
    assert RelayerAccount(relayer_key(tmp_path)).address == new.address
    assert former_keys(tmp_path) == (old,)
    assert files.make_next().address not in (new.address, RelayerAccount(old).address)


def test_the_next_admins_key_replaces_the_present_one_wherever_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.rootkey.SCRYPT_N", 2**10)  # its strength is tested elsewhere
    settings = settings_of(tmp_path)
    files, first = AdminFiles(settings), make_admin(settings)
    with pytest.raises(SettingsInvalid, match="accounts rotate admin"):
        files.switch()
    second = files.make_next()
    assert AdminFiles(settings).make_next().address == second.address
    assert make_admin(settings).address == first.address
    files.switch()
    assert make_admin(settings).address == second.address
    former = tmp_path / "secrets" / "former" / f"{first.address}.admin"
    assert open_admin(settings, former).address == first.address
    assert former_keys(tmp_path) == ()  # those of everyday accounts
    admin_path(tmp_path).unlink()  # moved to an offline medium
    third = files.make_next()
    files.switch()
    assert make_admin(settings).address == third.address != second.address


def test_separating_leaves_the_present_key_to_the_account_that_enrols(tmp_path: Path) -> None:
    old = relayer_key(tmp_path)
    anchor, relayer = (AccountFiles(tmp_path, purpose) for purpose in (ANCHORER, RELAYER))
    new_anchor, new_relayer = anchor.make_next().address, relayer.make_next().address
    anchor.switch()
    # Killed here, the relayer's key is still the present one.
    assert own_addresses(tmp_path) == [RelayerAccount(old).address] * 2 + [new_anchor]
    relayer.switch()
    assert own_addresses(tmp_path) == [RelayerAccount(old).address, new_relayer, new_anchor]
    assert not (tmp_path / "secrets" / "former").exists()
    for path in (tmp_path / "secrets").glob("*.key"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("purpose", [EVERYDAY, RELAYER, ANCHORER])
def test_each_key_is_exchanged_alone_and_only_former_custodians_propose(
    tmp_path: Path, purpose: str
) -> None:
    relayer_key(tmp_path)
    for each in (ANCHORER, RELAYER):
        AccountFiles(tmp_path, each).make_next()
        AccountFiles(tmp_path, each).switch()
    at = [EVERYDAY, RELAYER, ANCHORER].index(purpose)
    before = own_addresses(tmp_path)
    new = AccountFiles(tmp_path, purpose).make_next().address
    AccountFiles(tmp_path, purpose).switch()
    assert own_addresses(tmp_path) == [*before[:at], new, *before[at + 1 :]]
    former = [path.stem for path in (tmp_path / "secrets" / "former").iterdir()]
    assert former == [before[at]]
    proposing = [RelayerAccount(key).address for key in former_keys(tmp_path)]
    assert proposing == ([before[at]] if purpose == EVERYDAY else [])


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_custodian_that_still_relays_is_replaced_in_both_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    old = relayer_key(tmp_path)
    AccountFiles(tmp_path, ANCHORER).make_next()
    AccountFiles(tmp_path, ANCHORER).switch()  # and there was too little money for a relayer
    files = AccountFiles(tmp_path)
    new, anchor = files.make_next().address, own_addresses(tmp_path)[2]
    if is_killed:
        with monkeypatch.context() as patch:
            patch.setattr(AccountFiles, "_keep", lambda *_: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                files.switch()
    files.switch()
    assert own_addresses(tmp_path) == [new, new, anchor]
    assert former_keys(tmp_path) == (old,)


def test_a_missing_custodian_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    relayer_key(tmp_path)
    for each in (ANCHORER, RELAYER):
        AccountFiles(tmp_path, each).make_next()
        AccountFiles(tmp_path, each).switch()
    path = tmp_path / "secrets" / "custodian.key"
    path.unlink()
    AccountFiles(tmp_path, ANCHORER).make_next()
    AccountFiles(tmp_path, ANCHORER).switch()
    assert not path.exists()  # else the relayer's key would pass for the custodian's
    _, relayer, anchor = own_addresses(tmp_path)
    new = AccountFiles(tmp_path).make_next().address
    AccountFiles(tmp_path).switch()
    assert own_addresses(tmp_path) == [new, relayer, anchor]
    assert former_keys(tmp_path) == ()


def own_addresses(home: Path) -> list[str]:
    own = ledger_settings(settings_of(home)).own_accounts()
    return [each.address for each in (own.custodian, own.relayer, own.anchor)]
