"""The operator's commands about the installation's accounts on the ledger."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.help import CommandGroup
from cli.output import Output, counted, with_services
from consent import ANCHORER, EVERYDAY, RELAYER, ConsentInvalid, RelayerAccount, Rotation
from deploy.account_keys import AccountFiles, AdminFiles, admin_path, make_admin, open_admin
from deploy.settings import Settings, read_settings
from deploy.wiring import ledger_settings

if TYPE_CHECKING:
    from services.wiring import Services

_PURPOSES: Final = {"custodian": EVERYDAY, "relayer": RELAYER, "anchor": ANCHORER}
_KEY = click.option(
    "--admin-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The admin's key file, where it is not in VOUCHSAFE_HOME/secrets.",
)


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.pass_context
def accounts(context: click.Context) -> None:
    """List, separate, rotate and revoke the installation's accounts on the ledger."""
    if context.invoked_subcommand is None:
        context.invoke(list_accounts)


@accounts.command("list")
@with_services
def list_accounts(services: Services, output: Output) -> None:
    """List each account with its use and the roles that the ledger proves."""
    listed = services.ledger.accounts.list()
    # Lines and no table, which would cut the addresses that `revoke` needs.
    lines = [
        f"{each.address}  {each.use:<9}  {', '.join(each.roles) or 'no role':<33}  {each.wei} wei"
        for each in listed
    ]
    # Amounts of wei are longer than the integers of JSON parsers.
    documents = [{**asdict(each), "wei": str(each.wei)} for each in listed]
    output.result({"accounts": documents}, *lines)


@accounts.command()
@click.argument("account", type=click.Choice([*_PURPOSES, "admin"]), default="custodian")
@click.option("--revoke", is_flag=True, help="Others may have the key: it may do nothing more.")
@_KEY
@with_services
def rotate(
    services: Services, output: Output, *, account: str, revoke: bool, admin_key: Path | None
) -> None:
    """Exchange an account for a new one; the one that enrols if none is named.

    The former custodian can still propose new keys for the patients whom it enrolled, unless it is
    revoked. Other former accounts have no role. The relayer is exchanged without the admin's key.
    An interrupted exchange is completed by running the command again.
    """
    settings = read_settings(os.environ)
    if account == "admin":
        if revoke:
            raise click.UsageError("--revoke is for other accounts; a former admin has no role")
        return _rotate_admin(services, output, settings, admin_key)
    ledger, purpose = services.ledger, _PURPOSES[account]
    admin = None if purpose == RELAYER else _open_admin(services, settings, admin_key)
    rotation = ledger.accounts.rotate(
        admin, AccountFiles(settings.home, purpose), is_revoked=revoke, purpose=purpose
    )
    _report(output, rotation)
    _say_what_is_next(output, settings)


@accounts.command()
@_KEY
@with_services
def separate(services: Services, output: Output, *, admin_key: Path | None) -> None:
    """Give relaying, enrolling and anchoring an account each; safe to repeat.

    The first start does this by itself, where finality is bft or pos. With a single validator it is
    refused. An interrupted run is completed by the next.
    """
    settings = read_settings(os.environ)
    files = {purpose: AccountFiles(settings.home, purpose) for purpose in (RELAYER, ANCHORER)}
    admin = _open_admin(services, settings, admin_key)
    services.ledger.accounts.separate(admin, relayer=files[RELAYER], anchor=files[ANCHORER])
    own = ledger_settings(settings).own_accounts()
    addresses = {
        "relayer": own.relayer.address,
        "custodian": own.custodian.address,
        "anchor": own.anchor.address,
    }
    output.result(addresses, *(f"{each}  {use}" for use, each in addresses.items()))
    _say_what_is_next(output, settings)


def _open_admin(services: Services, settings: Settings, admin_key: Path | None) -> RelayerAccount:
    """Return the admin's account; it is made where one account does everything."""
    if not services.ledger.accounts.has_admin():
        return make_admin(settings)
    return open_admin(settings, admin_key or admin_path(settings.home))


def _say_what_is_next(output: Output, settings: Settings) -> None:
    output.note("Restart the web and worker processes now, so that they use the new account.")
    path = admin_path(settings.home)
    if path.exists():
        output.note(f"Move {path} to an offline medium; only the accounts commands need it.")


def _rotate_admin(
    services: Services, output: Output, settings: Settings, admin_key: Path | None
) -> None:
    listed, path = services.ledger.accounts, admin_path(settings.home)
    if not listed.has_admin():
        raise ConsentInvalid(
            "the account that enrols administers the contract; run: vouchsafe accounts rotate"
        )
    rotation = listed.rotate_admin(open_admin(settings, admin_key or path), AdminFiles(settings))
    output.result(
        asdict(rotation),
        f"{rotation.admin} administers the contract; {rotation.former} has no role any more.",
    )
    output.note(f"Move {path} to an offline medium, in place of the former admin's key.")


@accounts.command()
@click.argument("address")
@_KEY
@with_services
def revoke(services: Services, output: Output, *, address: str, admin_key: Path | None) -> None:
    """Take every role from an account not in use; no new keys for patients whom it enrolled."""
    settings = read_settings(os.environ)
    for name, purpose in _PURPOSES.items():
        if AccountFiles(settings.home, purpose).is_next(address):
            raise ConsentInvalid(
                f"{address} takes the place of another account in an exchange that was begun; "
                f"complete it with: vouchsafe accounts rotate {name}"
            )
    admin = open_admin(settings, admin_key or admin_path(settings.home))
    _report(output, services.ledger.accounts.revoke(admin, address))


def _report(output: Output, rotation: Rotation) -> None:
    lines = [
        f"{rotation.former} is {rotation.use}.",
        f"{rotation.relayer} relays, {rotation.custodian} enrols and {rotation.anchor} anchors.",
    ]
    if rotation.use == "revoked":
        lines.append("No new key can be proposed for the patients whom it enrolled.")
    if rotation.waiting:
        waiting = counted(rotation.waiting, "transaction of it is", "transactions of it are")
        lines.append(
            f"{waiting} not on the chain yet. After the restart "
            "the new relayer sends what patients signed; vouchsafe verify names what is left."
        )
    output.result(asdict(rotation), "\n".join(lines))
