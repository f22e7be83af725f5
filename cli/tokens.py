"""The operator's commands for API tokens: create, list and revoke them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from cli.help import CommandGroup
from cli.output import Output, with_services
from services.dates import iso_day
from services.parties import ORGANISATION_PREFIX, STUDY_PREFIX
from services.tokens import CLINICIAN, CUSTODIAN, RESEARCHER, ROLES, Token

if TYPE_CHECKING:
    from services.wiring import Services

PARTY_PREFIXES: Final = {
    CUSTODIAN: ORGANISATION_PREFIX,
    CLINICIAN: ORGANISATION_PREFIX,
    RESEARCHER: STUDY_PREFIX,
}


@click.group(cls=CommandGroup)
def token() -> None:
    """Create, list and revoke tokens of the API."""


@token.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="The role of its holder.")
@click.option("--party", required=True, help="Its holder: study:NAME, organisation:NAME, ….")
@click.option("--days", type=click.IntRange(1, 3_650), default=90, help="Days until it expires.")
@with_services
def create(services: Services, output: Output, role: str, party: str, days: int) -> None:
    """Create a token and show it once."""
    prefix = PARTY_PREFIXES.get(role, "")
    if not party.startswith(prefix) or party == prefix:
        raise click.UsageError(f"party {party} is invalid: a {role} acts for {prefix}NAME")
    created, secret = services.tokens.create(role, party, days)
    facts = {"id": created.id, "token": secret, "expires_at_s": created.expires_at_s}
    output.result(facts, secret)
    output.note(f"Its id is {created.id}. The token is not shown again: only its hash is stored.")


@token.command()
@click.argument("identity")
@with_services
def revoke(services: Services, output: Output, identity: str) -> None:
    """Revoke the token of this id, and the open links that were issued with it."""
    if not services.identity.revoke_token(identity):
        raise click.UsageError(f"token {identity} does not exist; `token list` shows all ids")
    output.result({"revoked": identity}, f"Token {identity} revoked.")


@token.command("list")
@with_services
def list_tokens(services: Services, output: Output) -> None:
    """List the tokens without their secrets."""
    tokens = services.tokens.all()
    rows = [
        {
            "id": entry.id,
            "role": entry.role,
            "party": entry.party,
            "expires_at_s": entry.expires_at_s,
            "revoked": entry.is_revoked,
        }
        for entry in tokens
    ]
    output.result({"tokens": rows})
    output.table(
        ("id", "role", "party", "expires"),
        [(entry.id, entry.role, entry.party, _expiry(entry)) for entry in tokens],
    )


def _expiry(token: Token) -> str:
    return "revoked" if token.is_revoked else iso_day(token.expires_at_s)
