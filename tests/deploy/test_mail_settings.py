"""The mail server of the settings: complete, with a password that its owner alone reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.secrets import mail_server
from deploy.settings import SettingsInvalid, read_settings


def settings(home: Path, **values: str):
    return read_settings({"VOUCHSAFE_HOME": str(home)} | values)


def test_without_a_host_no_mails_are_sent(tmp_path: Path) -> None:
    assert mail_server(settings(tmp_path)) is None


def test_the_password_is_read_from_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "mail"
    path.write_text("secret\n")
    path.chmod(0o600)
    values = {
        "VOUCHSAFE_MAIL_HOST": "mail.example.org",
        "VOUCHSAFE_EMAIL": "records@example.org",
        "VOUCHSAFE_MAIL_USER": "records",
        "VOUCHSAFE_MAIL_PASSWORD_FILE": str(path),
    }
    server = mail_server(settings(tmp_path, **values))
    assert (server.port, server.sender, server.password) == (587, "records@example.org", "secret")
    path.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="other users can read"):
        mail_server(settings(tmp_path, **values))
    path.unlink()
    with pytest.raises(SettingsInvalid, match="does not exist"):
        mail_server(settings(tmp_path, **values))


def test_a_mail_server_needs_an_address_that_mails_come_from(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="VOUCHSAFE_MAIL_FROM"):
        mail_server(settings(tmp_path, VOUCHSAFE_MAIL_HOST="mail.example.org"))
