"""The accounts commands: which key they open, and what they report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import make_cli
from consent import (
    ANCHORER,
    EVERYDAY,
    RELAYER,
    AdminRotation,
    ConsentInvalid,
    KeyFiles,
    LedgerAccount,
    RelayerAccount,
    Rotation,
)
from deploy.account_keys import AccountFiles, admin_path, make_admin
from deploy.accounts_command import accounts
from deploy.settings import read_settings

OLD, NEW = "0x" + "11" * 20, "0x" + "22" * 20

pytestmark = pytest.mark.usefixtures("fast_root_key")


@dataclass
class Exchange:
    """The accounts of a ledger that records what it was asked to do."""

    is_separate: bool = True
    calls: list[tuple[str, str, bool]] = field(default_factory=list)

    def has_admin(self) -> bool:
        return self.is_separate

    def list(self) -> list[LedgerAccount]:
        roles = ("custodian", "anchor")
        return [LedgerAccount(address=OLD, use="custodian", roles=roles, wei=10**40)]

    def rotate(
        self, admin: RelayerAccount | None, keys: KeyFiles, *, is_revoked: bool, purpose: str
    ) -> Rotation:
        name = "rotate" if purpose == EVERYDAY else f"rotate {purpose}"
        self.calls.append((name, admin.address if admin else "", is_revoked))
        use = "revoked" if is_revoked else "retired"
        return rotation_of(use, waiting=2 * is_revoked)

    def separate(self, admin: RelayerAccount, *, relayer: KeyFiles, anchor: KeyFiles) -> None:
        for keys in (anchor, relayer):
            keys.make_next()
            keys.switch()
        self.calls.append(("separate", admin.address, False))

    def rotate_admin(self, admin: RelayerAccount, keys: KeyFiles) -> AdminRotation:
        new = keys.make_next()
        keys.switch()
        self.calls.append(("rotate admin", admin.address, False))
        return AdminRotation(former=admin.address, admin=new.address)

    def revoke(self, admin: RelayerAccount, address: str) -> Rotation:
        if address != OLD:
            raise ConsentInvalid(f"{address} is no former account of this installation")
        self.calls.append(("revoke", admin.address, True))
        return rotation_of("revoked", waiting=0)


def rotation_of(use: str, waiting: int) -> Rotation:
    return Rotation(former=OLD, use=use, relayer=NEW, custodian=NEW, anchor=NEW, waiting=waiting)


Run = Callable[..., Result]


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def run(tmp_path: Path, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("VOUCHSAFE_HOME", str(tmp_path))
    monkeypatch.setenv("VOUCHSAFE_PASSPHRASE", "a passphrase")

    @contextmanager
    def opener(settings: None = None, report: Callable[[str], None] = print) -> Iterator[Any]:
        yield SimpleNamespace(ledger=SimpleNamespace(accounts=exchange))

    group = make_cli(opener)
    group.add_command(accounts)
    return lambda *words: CliRunner().invoke(group, ["accounts", *words])


def test_the_accounts_are_listed_with_their_roles(run: Run) -> None:
    assert OLD in run().stdout
    assert json.loads(run("list", "--json").stdout) == {
        "accounts": [
            {
                "address": OLD,
                "use": "custodian",
                "roles": ["custodian", "anchor"],
                "wei": str(10**40),
            }
        ]
    }


def test_an_installation_of_one_account_gets_an_admin_with_the_first_exchange(
    run: Run, exchange: Exchange, tmp_path: Path
) -> None:
    exchange.is_separate = False
    done = run("rotate")
    assert done.exit_code == 0
    assert "is retired" in done.stdout
    assert "Restart" in done.stderr and "offline medium" in done.stderr
    admin = make_admin(read_settings({"VOUCHSAFE_HOME": str(tmp_path), **PASSPHRASE}))
    assert exchange.calls == [("rotate", admin.address, False)]


PASSPHRASE = {"VOUCHSAFE_PASSPHRASE": "a passphrase"}


def test_the_admins_key_is_opened_where_it_was_moved_and_never_replaced(
    run: Run, exchange: Exchange, tmp_path: Path
) -> None:
    admin = make_admin(read_settings({"VOUCHSAFE_HOME": str(tmp_path), **PASSPHRASE}))
    medium = admin_path(tmp_path).rename(tmp_path / "medium.key")
    missing = run("rotate")
    assert missing.exit_code == 1
    assert "--admin-key" in missing.stderr
    assert not admin_path(tmp_path).exists()
    done = run("rotate", "--revoke", "--admin-key", str(medium))
    assert "No new key can be proposed" in done.stdout
    assert "2 transactions of it are not on the chain" in done.stdout
    assert run("revoke", OLD, "--admin-key", str(medium)).exit_code == 0
    assert run("revoke", NEW, "--admin-key", str(medium)).exit_code == 2
    assert exchange.calls == [("rotate", admin.address, True), ("revoke", admin.address, True)]


def test_the_admin_is_exchanged_by_its_key_and_refused_clearly_without_it(
    run: Run, exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.rootkey.SCRYPT_N", 2**10)  # its strength is tested elsewhere
    settings = read_settings({"VOUCHSAFE_HOME": str(tmp_path), **PASSPHRASE})
    admin = make_admin(settings)
    medium = admin_path(tmp_path).rename(tmp_path / "medium.key")
    missing = run("rotate", "admin")
    assert (missing.exit_code, exchange.calls) == (1, [])
    assert "--admin-key" in missing.stderr
    assert run("rotate", "admin", "--revoke", "--admin-key", str(medium)).exit_code == 2
    done = run("rotate", "admin", "--json", "--admin-key", str(medium))
    assert exchange.calls == [("rotate admin", admin.address, False)]
    new = make_admin(settings)
    assert json.loads(done.stdout) == {"former": admin.address, "admin": new.address}
    exchange.is_separate = False
    refused = run("rotate", "admin")
    assert refused.exit_code == 2
    assert "accounts rotate" in refused.stderr


def test_the_relayer_is_exchanged_without_the_admins_key_and_the_anchor_with_it(
    run: Run, exchange: Exchange, tmp_path: Path
) -> None:
    admin = make_admin(read_settings({"VOUCHSAFE_HOME": str(tmp_path), **PASSPHRASE}))
    assert run("rotate", "anchor").exit_code == 0
    admin_path(tmp_path).rename(tmp_path / "medium.key")
    done = run("rotate", "relayer", "--revoke")
    assert (done.exit_code, run("rotate", "anchor").exit_code) == (0, 1)
    assert f"{NEW} relays, {NEW} enrols and {NEW} anchors." in done.stdout
    assert "offline medium" not in done.stderr
    assert exchange.calls == [
        ("rotate anchor", admin.address, False),
        ("rotate relayer", "", True),
    ]


def test_the_next_account_of_an_exchange_is_not_revoked(
    run: Run, exchange: Exchange, tmp_path: Path
) -> None:
    make_admin(read_settings({"VOUCHSAFE_HOME": str(tmp_path), **PASSPHRASE}))
    for name, purpose in (("custodian", EVERYDAY), ("relayer", RELAYER), ("anchor", ANCHORER)):
        address = AccountFiles(tmp_path, purpose).make_next().address
        refused = run("revoke", address.upper().replace("X", "x"))
        assert refused.exit_code == 2
        assert f"accounts rotate {name}" in refused.stderr
    assert exchange.calls == []


def test_separating_reports_the_account_of_each_task(
    run: Run, exchange: Exchange, tmp_path: Path
) -> None:
    admin = make_admin(read_settings({"VOUCHSAFE_HOME": str(tmp_path), **PASSPHRASE}))
    done = run("separate", "--json")
    assert exchange.calls == [("separate", admin.address, False)]
    assert "Restart" in done.stderr
    addresses = json.loads(done.stdout)
    assert list(addresses) == ["relayer", "custodian", "anchor"]
    assert len(set(addresses.values())) == 3
