"""The operator's command that invites people to the pages."""

from __future__ import annotations

from typing import Any

import click

from cli.output import Output, with_services
from services.accounts import PATIENT
from services.custodian.identity_checks import IDENTITY_CHECKS
from services.custodian.invitations import InvitationRequest
from services.tokens import ROLES
from services.wiring import Services
from services.words import Words

OPERATOR = "operator"


@click.command()
@click.option("--role", type=click.Choice((PATIENT, *ROLES)), required=True, help="Their role.")
@click.option("--party", default="", help="The organisation of staff; this one by default.")
@click.option("--name", default="", help="The name of a member of staff; patients have none.")
@click.option("--number", default="", help="The hospital number of a patient.")
@click.option("--identity", type=click.Choice(IDENTITY_CHECKS), help="How it was checked.")
@with_services
def invite(services: Services, output: Output, **options: Any) -> None:
    """Make an invitation link, which works once, for seven days."""
    invitations = services.custodian.invitations
    issued = invitations.invite(Words("en"), InvitationRequest(**options), by=OPERATOR)
    output.result({"link": issued.link, "days": issued.days}, issued.link)
    output.note(f"It works once, for {issued.days} days, and cannot be shown again.")
