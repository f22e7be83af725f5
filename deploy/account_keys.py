"""Stores the keys of the installation's accounts on the ledger: present, next and former ones."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from consent import ANCHORER, EVERYDAY, RELAYER, RelayerAccount
from deploy.nodes.private_file import make_private_folder, write_private
from deploy.secrets import (
    account_key,
    custodian_key_path,
    is_custodian_key_missing,
    passphrase,
)
from deploy.settings import Settings, SettingsInvalid
from storage import StorageBroken, sync_folder
from storage.rootkey import open_sealed_key, write_sealed_key

_ADMIN_LABEL: Final = b"vouchsafe/v1/admin-key"
_KEY_BYTES: Final = 32
_NEXT: Final = {EVERYDAY: "next.key", RELAYER: "relayer-next.key", ANCHORER: "anchor-next.key"}
_FORMER_ENDINGS: Final = {EVERYDAY: "key", RELAYER: "relayer", ANCHORER: "anchor"}


def admin_path(home: Path) -> Path:
    """Return where the admin's key is until somebody moves it to another medium."""
    return home / "secrets" / "admin.key"


def make_admin(settings: Settings) -> RelayerAccount:
    """Return the admin's account; its key is made if missing, encrypted under the passphrase.

    Raises:
        SettingsInvalid: the passphrase cannot be read.
        StorageError: the file is damaged, or the passphrase is another one.
    """
    return _made_admin(settings, admin_path(settings.home))


def _made_admin(settings: Settings, path: Path) -> RelayerAccount:
    if not path.exists():
        make_private_folder(path.parent)
        key = secrets.token_bytes(_KEY_BYTES)
        write_sealed_key(path, passphrase(settings), key, _ADMIN_LABEL)
    return open_admin(settings, path)


def open_admin(settings: Settings, path: Path) -> RelayerAccount:
    """Return the admin's account from its key file, wherever that is now.

    Raises:
        StorageBroken: there is no such file; the message says what to do.
        StorageError, SettingsInvalid: it cannot be opened with the installation's passphrase.
    """
    if not path.exists():
        raise StorageBroken(
            f"the admin's key is not at {path}: name the file with --admin-key, on the medium to "
            "which it was moved"
        )
    return RelayerAccount(open_sealed_key(path, passphrase(settings), _ADMIN_LABEL))


def former_keys(home: Path) -> tuple[bytes, ...]:
    """Return the keys of the accounts that enrolled here and were replaced.

    Raises:
        SettingsInvalid: a file holds no key, or other users can read it.
    """
    return tuple(account_key(path) for path in sorted(_former(home).glob("*.key")))


class AccountFiles:
    """The key files in `secrets/` of the accounts for one purpose: present, next, and former/."""

    def __init__(self, home: Path, purpose: str = EVERYDAY) -> None:
        self._home = home
        self._purpose = purpose
        self._next = home / "secrets" / _NEXT[purpose]

    def make_next(self) -> RelayerAccount:
        """Return the account that comes next, with its key stored; the same until `switch`."""
        return RelayerAccount(account_key(self._next))

    def is_next(self, address: str) -> bool:
        """Return whether an exchange was begun that puts this account in another's place."""
        if not self._next.exists():
            return False
        return RelayerAccount(account_key(self._next)).address == address.lower()

    def switch(self) -> None:
        """Put the next account in the place of the present one, whose key is kept apart.

        Where one account did everything, its key becomes that of the account that enrols. A task
        that the present custodian still has beside its own goes to the next one as well.

        Raises:
            SettingsInvalid: there is no next account.
        """
        if not self._next.exists():
            raise SettingsInvalid(f"{self._next} is missing; run: vouchsafe accounts rotate")
        folder = self._home / "secrets"
        present = account_key(custodian_key_path(self._home))
        custodian, relayer = folder / "custodian.key", folder / "relayer.key"
        is_single = not custodian.exists() and not is_custodian_key_missing(self._home)
        path = folder / f"{self._purpose}.key"
        if self._purpose == EVERYDAY:
            path = relayer if is_single else custodian
            if custodian.exists() and account_key(relayer) == present:
                write_private(relayer, account_key(self._next).hex() + "\n")
        elif is_single:
            write_private(custodian, present.hex() + "\n")
        sync_folder(folder)
        if path.exists() and (self._purpose == EVERYDAY or account_key(path) != present):
            self._keep(account_key(path))
        self._next.replace(path)
        sync_folder(folder)

    def _keep(self, key: bytes) -> None:
        folder = make_private_folder(_former(self._home))
        name = f"{RelayerAccount(key).address}.{_FORMER_ENDINGS[self._purpose]}"
        write_private(folder / name, key.hex() + "\n")
        sync_folder(folder)


class AdminFiles:
    """The key files of admins in `secrets/`: admin.key, admin-next.key and former/."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._next = admin_path(settings.home).with_name("admin-next.key")

    def make_next(self) -> RelayerAccount:
        """Return the admin that comes next, as opened from its file; the same until `switch`.

        Raises:
            StorageError, SettingsInvalid: it cannot be opened with the installation's passphrase.
        """
        return _made_admin(self._settings, self._next)

    def switch(self) -> None:
        """Make the next account the admin, and keep the former key apart if it is here.

        Raises:
            SettingsInvalid: there is no next account.
        """
        if not self._next.exists():
            raise SettingsInvalid(f"{self._next} is missing; run: vouchsafe accounts rotate admin")
        path = admin_path(self._settings.home)
        if path.exists():
            folder = make_private_folder(_former(self._settings.home))
            former = folder / f"{open_admin(self._settings, path).address}.admin"
            if not former.exists():
                os.link(path, former)
            sync_folder(folder)
        self._next.replace(path)
        sync_folder(path.parent)


def _former(home: Path) -> Path:
    return home / "secrets" / "former"
