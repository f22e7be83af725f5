"""The operator's commands about people: invite, list, disable, sign out, revoke a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.help import CommandGroup
from cli.output import Output, counted, with_services
from services.accounts import PATIENT
from services.custodian.identity_checks import IDENTITY_CHECKS
from services.custodian.invitations import InvitationRequest
from services.dates import iso_day
from services.operator import OPERATOR
from services.tokens import ROLES
from services.words import Words

if TYPE_CHECKING:
    from services.wiring import Services


@click.command()
@click.option("--role", type=click.Choice((PATIENT, *ROLES)), required=True, help="Their role.")
@click.option("--party", default="", help="The organisation of staff; this one by default.")
@click.option("--name", default="", help="The name of a member of staff; patients have none.")
@click.option("--number", default="", help="The hospital number of a patient.")
@click.option(
    "--identity",
    type=click.Choice(IDENTITY_CHECKS),
    help="How it was checked; needed for patients.",
)
@click.option(
    "--new-patient",
    is_flag=True,
    help="Confirm that the patient is new: no records are stored for the number.",
)
@with_services
def invite(services: Services, output: Output, **options: Any) -> None:
    """Make an invitation link, which works once, for seven days.

    An earlier link for the same person then stops working.
    """
    invitations, words = services.custodian.invitations, Words("en")
    issued = invitations.invite(words, InvitationRequest(**options), by=OPERATOR)
    result = {"link": issued.link, "days": issued.days, "has_key": issued.has_key}
    output.result(result, issued.link)
    if issued.has_key:
        output.note(words("invite-has-key"))
    output.note(f"It works once, for {counted(issued.days, 'day')}, and cannot be shown again.")


@click.group(cls=CommandGroup)
def person() -> None:
    """List staff accounts and open invitations, disable accounts, revoke invitations."""


@person.command("list")
@with_services
def list_people(services: Services, output: Output) -> None:
    """List staff accounts: id, name, role, organisation, last use, state."""
    rows = [
        {
            "id": account.id,
            "name": account.name,
            "role": account.role,
            "party": account.party,
            "last_used": iso_day(account.last_used_at_s) if account.last_used_at_s else "",
            "sessions": len(account.sessions),
            "state": "disabled" if account.is_disabled else "active",
        }
        for account in services.custodian.people.list_staff()
    ]
    _list(output, "people", rows)


@person.command()
@click.argument("account")
@with_services
def disable(services: Services, output: Output, account: str) -> None:
    """Lock a person out: sessions end, passkeys are refused, links they issued are revoked."""
    people = services.custodian.people
    disabled = people.disable(Words("en"), account, by=OPERATOR)
    output.result({"disabled": disabled.id}, f"{disabled.name} can no longer sign in.")


@person.command("sign-out")
@click.argument("account")
@with_services
def sign_out(services: Services, output: Output, account: str) -> None:
    """End every session of a person, who can sign in again."""
    ended = services.custodian.people.end_sessions(account, by=OPERATOR)
    output.result({"signed_out": ended.id}, f"{ended.name} is signed out everywhere.")


@person.command("invitations")
@with_services
def list_invitations(services: Services, output: Output) -> None:
    """List the links that still work: to join, and to recover a key."""
    rows = [
        {
            "id": invitation.id,
            "kind": invitation.kind,
            "role": invitation.role,
            "name": invitation.name,
            "until": iso_day(invitation.until_s),
            "issued_by": invitation.issued_by,
        }
        for invitation in services.custodian.people.list_invitations()
    ]
    _list(output, "invitations", rows)


@person.command("revoke")
@click.argument("invitation")
@with_services
def revoke_invitation(services: Services, output: Output, invitation: str) -> None:
    """End a link, so that nobody can use it."""
    left = services.custodian.people.revoke_invitation(invitation, by=OPERATOR)
    output.result({"revoked": invitation, "open": len(left)}, "The link no longer works.")


def _list(output: Output, name: str, rows: list[dict[str, Any]]) -> None:
    output.result({name: rows})
    if rows:
        output.table(tuple(rows[0]), [tuple(map(str, row.values())) for row in rows])
