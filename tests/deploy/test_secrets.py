from __future__ import annotations

from pathlib import Path

import pytest

from deploy.secrets import passphrase, relayer_key
from deploy.settings import Settings, SettingsInvalid, read_settings


def settings_of(home: Path, **more: str) -> Settings:
    return read_settings({"VOUCHSAFE_HOME": str(home), **more})


def test_the_relayers_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    key = relayer_key(tmp_path)
    assert len(key) == 32
    assert relayer_key(tmp_path) == key
    assert (tmp_path / "secrets" / "relayer.key").stat().st_mode & 0o077 == 0


def test_a_key_that_others_may_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    relayer_key(tmp_path)
    path = tmp_path / "secrets" / "relayer.key"
    path.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        relayer_key(tmp_path)


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: str) -> None:
    relayer_key(tmp_path)
    (tmp_path / "secrets" / "relayer.key").write_text(content)
    with pytest.raises(SettingsInvalid, match="32 bytes"):
        relayer_key(tmp_path)


def test_a_passphrase_is_made_once_unless_one_is_given(tmp_path: Path) -> None:
    made = passphrase(settings_of(tmp_path))
    assert len(made) >= 32
    assert passphrase(settings_of(tmp_path)) == made
    assert passphrase(settings_of(tmp_path, VOUCHSAFE_PASSPHRASE="given")) == "given"


@pytest.mark.parametrize("key", ["root.key", "admin.key"])
def test_no_passphrase_is_made_where_a_key_is_sealed_with_another(tmp_path: Path, key: str) -> None:
    settings = settings_of(tmp_path)
    passphrase(settings)
    settings.passphrase_file.unlink()
    (tmp_path / "secrets" / key).write_bytes(b"sealed")
    with pytest.raises(SettingsInvalid, match=f"{key} is sealed with its passphrase"):
        passphrase(settings)
    assert not settings.passphrase_file.exists()


def test_an_empty_or_unreadable_passphrase_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.write_text("")
    file.chmod(0o600)
    with pytest.raises(SettingsInvalid, match="is empty"):
        passphrase(settings_of(tmp_path, VOUCHSAFE_PASSPHRASE_FILE=str(file)))
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        passphrase(settings_of(tmp_path, VOUCHSAFE_PASSPHRASE_FILE=str(folder)))
