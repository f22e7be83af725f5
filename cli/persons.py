"""The operator's commands about whose records are whose: patients under two numbers."""

from __future__ import annotations

import click

from cli.output import Output, with_services
from services.custodian.links import LinkedPatients
from services.wiring import Services
from services.words import Words

OPERATOR = "operator"


@click.group()
def link() -> None:
    """Link two hospital numbers of one person, and undo a wrong link."""


@link.command("list")
@with_services
def list_links(services: Services, output: Output) -> None:
    """List links: id, numbers, state, who proposed it; those that wait come first."""
    rows = [_row(pair) for pair in services.custodian.links.list_all()]
    output.result({"links": rows})
    heads = ("id", "number", "other", "state", "source")
    output.table(heads, [tuple(str(row[head]) for head in heads) for row in rows])


@link.command()
@click.argument("number")
@click.argument("other")
@with_services
def propose(services: Services, output: Output, number: str, other: str) -> None:
    """Propose that two hospital numbers are one person's; nothing is linked yet."""
    pair = services.custodian.links.propose(Words("en"), number, other, by=OPERATOR)
    output.result(_row(pair), f"{pair.link.id}: {pair.link.state}")


@link.command()
@click.argument("identity", metavar="LINK")
@with_services
def confirm(services: Services, output: Output, identity: str) -> None:
    """Link two patients as one person; a refusal of either then counts for both."""
    _print(output, services.custodian.links.confirm(identity, by=OPERATOR))


@link.command()
@click.argument("identity", metavar="LINK")
@with_services
def dismiss(services: Services, output: Output, identity: str) -> None:
    """Keep two patients apart; files do not propose the link again."""
    _print(output, services.custodian.links.dismiss(identity, by=OPERATOR))


@link.command()
@click.argument("identity", metavar="LINK")
@with_services
def undo(services: Services, output: Output, identity: str) -> None:
    """End a link that was wrong."""
    _print(output, services.custodian.links.undo(identity, by=OPERATOR))


def _print(output: Output, pair: LinkedPatients) -> None:
    models = list(pair.affected_models)
    lines = [f"{pair.link.id}: {pair.link.state}"]
    lines += [f"model {model} is replaced" for model in models]
    output.result(_row(pair) | {"affected_models": models}, *lines)


def _row(pair: LinkedPatients) -> dict[str, object]:
    number, other = pair.numbers
    return {
        "id": pair.link.id,
        "number": number,
        "other": other,
        "records": list(pair.records),
        "state": pair.link.state,
        "source": pair.link.source,
    }
