from __future__ import annotations

from pathlib import Path

import pytest

from consent import RelayerAccount
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
