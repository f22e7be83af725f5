"""Makes and reads the secrets of an install: the keys of its accounts and the passphrase."""

from __future__ import annotations

import secrets
from pathlib import Path

from deploy.nodes.private_file import make_private_folder, write_private
from deploy.settings import Settings, SettingsInvalid
from services.custodian.people_lists import is_email
from services.mail import MailServer
from storage import sync_folder

RELAYER_KEY_BYTES = 32
PASSPHRASE_BYTES = 24
RESTORE = "Restore it from a backup, or mount the medium that has it"
_SEALED_KEYS = ("root.key", "admin.key")


def relayer_key(home: Path) -> bytes:
    """Return the key of the account that pays for what patients sign; made at the first start.

    Raises:
        SettingsInvalid: the file holds no key, or other users can read it.
    """
    return account_key(home / "secrets" / "relayer.key")


def custodian_key_path(home: Path) -> Path:
    """Return where the key of the account that enrols is: the relayer's until they are separate."""
    path = home / "secrets" / "custodian.key"
    return path if path.exists() else home / "secrets" / "relayer.key"


def is_custodian_key_missing(home: Path) -> bool:
    """Return whether the account that enrols had a key of its own, which is not here any more."""
    folder = home / "secrets"
    return (folder / "anchor.key").exists() and not (folder / "custodian.key").exists()


def anchor_key_path(home: Path) -> Path:
    """Return where the key of the account that anchors is: the custodian's if not separate."""
    path = home / "secrets" / "anchor.key"
    return path if path.exists() else custodian_key_path(home)


def account_key(path: Path) -> bytes:
    """Return the key of an account in this file; made if there is none.

    Raises:
        SettingsInvalid: the file holds no key, or other users can read it.
    """
    if not path.exists():
        make_private_folder(path.parent)
        write_private(path, secrets.token_hex(RELAYER_KEY_BYTES) + "\n")
        sync_folder(path.parent)
    try:
        key = bytes.fromhex(_read_private(path))
    except ValueError:
        key = b""
    if len(key) != RELAYER_KEY_BYTES:
        raise SettingsInvalid(
            f"{path} does not hold a key of {RELAYER_KEY_BYTES} bytes in hex. "
            "Restore it from a backup"
        )
    return key


def passphrase(settings: Settings) -> str:
    """Return what unseals the root key: from the setting, or from its file, made if missing.

    Raises:
        SettingsInvalid: the file is empty, cannot be read, or other users can read it; or it is
            missing, and keys are sealed with it.
    """
    if settings.passphrase:
        return settings.passphrase
    path = settings.passphrase_file
    if not path.exists():
        sealed = find_sealed_key(settings.home)
        if sealed is not None:  # another passphrase would not open it
            raise SettingsInvalid(
                f"{path} is missing, and {sealed} is sealed with its passphrase. {RESTORE}"
            )
        make_private_folder(path.parent)
        write_private(path, secrets.token_urlsafe(PASSPHRASE_BYTES) + "\n")
    content = _read_private(path)
    if not content:
        raise SettingsInvalid(
            f"{path} is empty; it must hold the passphrase of the root key. Restore it"
        )
    return content


def find_sealed_key(home: Path) -> Path | None:
    """Return a key that is sealed with the passphrase; None before there is one."""
    sealed = (home / "secrets" / name for name in _SEALED_KEYS)
    return next((path for path in sealed if path.exists()), None)


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server of the settings; None if none is set.

    Raises:
        SettingsInvalid: no address is set that mails come from, or the password's file is missing
            or can be read by other users.
    """
    if not settings.mail_host:
        return None
    if not is_email(settings.mail_from):
        raise SettingsInvalid(
            f"VOUCHSAFE_MAIL_FROM is {settings.mail_from!r}; "
            "it must be an e-mail address, since VOUCHSAFE_MAIL_HOST is set"
        )
    path = settings.mail_password_file
    if path is not None and not path.exists():
        raise SettingsInvalid(f"VOUCHSAFE_MAIL_PASSWORD_FILE is {path}, which does not exist")
    return MailServer(
        host=settings.mail_host,
        port=settings.mail_port,
        sender=settings.mail_from,
        user=settings.mail_user,
        password=_read_private(path) if path is not None else "",
    )


def _read_private(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsInvalid(f"other users can read {path}; run: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise SettingsInvalid(f"{path} cannot be read: {exc.strerror}") from exc
