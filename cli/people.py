"""The operator's command that invites people to the pages."""

from __future__ import annotations

from typing import Any

import click

from cli.output import Say, platform_command
from services.accounts import PATIENT
from services.custodian.invitations import IDENTITY_CHECKS, InvitationRequest
from services.platform import Platform
from services.tokens import ROLES
from services.wiring import build_services
from services.words import Words


@click.command()
@click.option("--role", type=click.Choice((PATIENT, *ROLES)), required=True, help="The role.")
@click.option("--party", default="", help="The organisation of staff; this one by default.")
@click.option("--name", default="", help="The name of a member of staff; patients have none.")
@click.option("--number", default="", help="The hospital number of a patient.")
@click.option("--identity", type=click.Choice(IDENTITY_CHECKS), help="How it was checked.")
@platform_command
def invite(platform: Platform, say: Say, **options: Any) -> None:
    """Make an invitation link, which works once, for seven days."""
    invitations = build_services(platform).custodian.invitations
    issued = invitations.invite(Words("en"), InvitationRequest(**options), by="operator")
    say.result({"link": issued.link, "days": issued.days}, issued.link)
    say.line(f"It works once, for {issued.days} days, and cannot be shown again.")
