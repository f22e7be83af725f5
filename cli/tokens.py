"""The operator's commands: make, list and revoke the tokens of people and programs."""

from __future__ import annotations

import datetime
from typing import Final

import click

from cli.output import Say, platform_command
from services.platform import Platform
from services.tokens import CLINICIAN, CUSTODIAN, RESEARCHER, ROLES, Tokens

SPEAKS_FOR: Final = {CUSTODIAN: "organisation:", CLINICIAN: "organisation:", RESEARCHER: "study:"}


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of the API."""


@token.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What it may do.")
@click.option("--party", required=True, help="For whom: study:NAME, organisation:NAME, ….")
@click.option("--days", type=click.IntRange(1, 3_650), default=90, help="How long it counts.")
@platform_command
def create(platform: Platform, say: Say, role: str, party: str, days: int) -> None:
    """Make a token and show it, this once."""
    kind = SPEAKS_FOR.get(role, "")
    if not party.startswith(kind) or party == kind:
        raise click.UsageError(f"a {role} speaks for one party: {kind}NAME")
    made, secret = Tokens(platform.engine, platform.clock).create(role, party, days)
    say.result({"id": made.id, "token": secret, "expires_at_s": made.expires_at_s}, secret)
    say.line(f"Its id is {made.id}. It is not shown again: only its hash is kept.")


@token.command()
@click.argument("identity")
@platform_command
def revoke(platform: Platform, say: Say, identity: str) -> None:
    """Let the token of this id count no more."""
    if not Tokens(platform.engine, platform.clock).revoke(identity):
        raise click.UsageError(f"there is no token {identity}")
    say.result({"revoked": identity}, f"{identity} counts no more.")


@token.command("list")
@platform_command
def listing(platform: Platform, say: Say) -> None:
    """List the tokens; none of them shows its secret."""
    known = Tokens(platform.engine, platform.clock).all()
    rows = [
        {
            "id": one.id,
            "role": one.role,
            "party": one.party,
            "expires_at_s": one.expires_at_s,
            "revoked": one.is_revoked,
        }
        for one in known
    ]
    say.result({"tokens": rows})
    say.table(
        ("id", "role", "party", "counts until"),
        [(x.id, x.role, x.party, _until(x.expires_at_s, x.is_revoked)) for x in known],
    )


def _until(expires_at_s: int, is_revoked: bool) -> str:
    day = datetime.datetime.fromtimestamp(expires_at_s, datetime.UTC).date().isoformat()
    return "revoked" if is_revoked else day
