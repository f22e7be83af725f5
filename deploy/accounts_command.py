"""The operator's commands about the installation's accounts on the ledger: list, rotate, revoke."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.help import CommandGroup
from cli.output import Output, with_services
from consent import ConsentInvalid, Rotation
from deploy.account_keys import AccountFiles, AdminFiles, admin_path, make_admin, open_admin
from deploy.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.wiring import Services

_KEY = click.option(
    "--admin-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The admin's key file, where it is not in VOUCHSAFE_HOME/secrets.",
)


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.pass_context
def accounts(context: click.Context) -> None:
    """List, rotate and revoke the installation's accounts on the ledger."""
    if context.invoked_subcommand is None:
        context.invoke(list_accounts)


@accounts.command("list")
@with_services
def list_accounts(services: Services, output: Output) -> None:
    """List each account with its use and the roles that the ledger proves."""
    listed = services.ledger.accounts.list()
    # Lines and no table, which would cut the addresses that `revoke` needs.
    lines = [
        f"{each.address}  {each.use:<8}  {', '.join(each.roles) or 'no role':<33}  {each.wei} wei"
        for each in listed
    ]
    # Amounts of wei are longer than the integers of JSON parsers.
    documents = [{**asdict(each), "wei": str(each.wei)} for each in listed]
    output.result({"accounts": documents}, *lines)


@accounts.command()
@click.argument("account", type=click.Choice(["everyday", "admin"]), default="everyday")
@click.option("--revoke", is_flag=True, help="Others may have the key: it may do nothing more.")
@_KEY
@with_services
def rotate(
    services: Services, output: Output, *, account: str, revoke: bool, admin_key: Path | None
) -> None:
    """Exchange the everyday account, or the admin account, for a new one.

    The everyday account pays, enrols and anchors; the former one can still propose new keys for the
    patients whom it enrolled, unless it is revoked. The admin account gives and takes roles; the
    former one has none. An interrupted exchange is completed by running the command again.
    """
    settings = read_settings(os.environ)
    if account == "admin":
        if revoke:
            raise click.UsageError(
                "--revoke is for the everyday account; a former admin has no role"
            )
        return _rotate_admin(services, output, settings, admin_key)
    ledger, path = services.ledger, admin_key or admin_path(settings.home)
    admin = open_admin(settings, path) if ledger.accounts.has_admin() else make_admin(settings)
    rotation = ledger.accounts.rotate(admin, AccountFiles(settings.home), is_revoked=revoke)
    _report(output, rotation)
    output.note("Restart the web and worker processes now, so that they use the new account.")
    if path.exists() and path == admin_path(settings.home):
        output.note(f"Move {path} to an offline medium; only the accounts commands need it.")


def _rotate_admin(
    services: Services, output: Output, settings: Settings, admin_key: Path | None
) -> None:
    listed, path = services.ledger.accounts, admin_path(settings.home)
    if not listed.has_admin():
        raise ConsentInvalid(
            "the everyday account administers the contract itself; run: vouchsafe accounts rotate"
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
    """Take every role from a former account; no new keys for the patients whom it enrolled."""
    settings = read_settings(os.environ)
    admin = open_admin(settings, admin_key or admin_path(settings.home))
    _report(output, services.ledger.accounts.revoke(admin, address))


def _report(output: Output, rotation: Rotation) -> None:
    lines = [f"{rotation.former} is {rotation.use}; {rotation.everyday} enrols and anchors."]
    if rotation.use == "revoked":
        lines.append("No new key can be proposed for the patients whom it enrolled.")
    if rotation.waiting:
        lines.append(
            f"{rotation.waiting} of its transactions are not on the chain yet; "
            "vouchsafe verify names them."
        )
    output.result(asdict(rotation), "\n".join(lines))
