"""The operator's commands about whose records are whose, and their earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.help import CommandGroup
from cli.output import Output, with_services
from services.custodian.links import LinkedPatients
from services.operator import OPERATOR
from services.words import Words

if TYPE_CHECKING:
    from services.wiring import Services


@click.group(cls=CommandGroup)
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


@click.group(cls=CommandGroup)
def record() -> None:
    """List a patient's records, and move one that was filed under the wrong patient."""


@record.command("list")
@click.argument("number")
@with_services
def list_records(services: Services, output: Output, number: str) -> None:
    """List the records of a hospital number: id, day, category; none is opened."""
    records = services.custodian.moves.list_records(Words("en"), number)
    heads = ("record_id", "recorded_on", "category")
    rows = [{head: getattr(each, head) for head in heads} for each in records]
    output.result({"records": rows})
    output.table(heads, [tuple(row.values()) for row in rows])


@record.command()
@click.argument("identity", metavar="RECORD")
@click.argument("number")
@with_services
def move(services: Services, output: Output, identity: str, number: str) -> None:
    """Move RECORD to the patient of NUMBER; both see it in their history."""
    moved = services.custodian.moves.move(Words("en"), identity, number, by=OPERATOR)
    models = list(moved.affected_models)
    lines = [f"moved: it is record {moved.record_id} now"]
    lines += [f"model {model} will be replaced" for model in models]
    output.result({"record_id": moved.record_id, "affected_models": models}, *lines)


@click.command()
@click.argument("number", required=False)
@click.option("--undo", is_flag=True, help="Take a wrong note back.")
@with_services
def deceased(services: Services, output: Output, number: str | None, undo: bool) -> None:
    """List patients who are noted as deceased; with NUMBER, note that this one has died."""
    deaths = services.custodian.deaths
    listed = (
        deaths.list_all()
        if number is None
        else deaths.note(Words("en"), number, has_died=not undo, by=OPERATOR)
    )
    rows = [{"number": each.number, "source": each.death.source} for each in listed]
    output.result({"deceased": rows, "ends_consents": deaths.ends_consents})
    output.table(("number", "source"), [(row["number"], row["source"]) for row in rows])


@click.command()
@click.argument("rule", required=False, type=click.Choice(["keep", "destroy"]))
@with_services
def versions(services: Services, output: Output, rule: str | None) -> None:
    """Say whether earlier versions of corrected values are kept, or set the rule.

    "destroy" also destroys every earlier version that is stored; it cannot be undone.
    """
    history = services.custodian.history
    state = history.get() if rule is None else history.set(keeps=rule == "keep", by=OPERATOR)
    name = "keep" if state.rule.keeps else "destroy"
    output.result(
        {"rule": name, "by": state.rule.by, "at_s": state.rule.at_s, "versions": state.versions},
        f"rule for earlier versions: {name}; stored: {state.versions}",
    )


def _print(output: Output, pair: LinkedPatients) -> None:
    models = list(pair.affected_models)
    lines = [f"{pair.link.id}: {pair.link.state}"]
    lines += [f"model {model} will be replaced" for model in models]
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
