"""The operator's command that invites people to the pages."""

from __future__ import annotations

import click

from cli.output import Say, platform_command
from services.accounts import PATIENT
from services.accounts.invitations import VALID_DAYS
from services.custodian.invitations import NotInvited
from services.custodian.invitations import invite as make_invitation
from services.platform import Platform
from services.tokens import ROLES


@click.command()
@click.option("--role", type=click.Choice((PATIENT, *ROLES)), required=True, help="As what.")
@click.option("--party", default="", help="For whom they speak: organisation:NAME (this one).")
@click.option("--name", default="", help="What the pages call them; a patient gets no name.")
@click.option("--number", default="", help="A patient's hospital number.")
@platform_command
def invite(platform: Platform, say: Say, role: str, party: str, **how: str) -> None:
    """Invite somebody to the pages: a link that works once, for seven days."""
    try:
        link = make_invitation(platform, role, party, how["name"], how["number"])
    except NotInvited as exc:
        raise click.UsageError(str(exc)) from exc
    say.result({"link": link, "days": VALID_DAYS}, link)
    say.line(f"It works once, for {VALID_DAYS} days. It is not shown again: only its hash is kept.")
