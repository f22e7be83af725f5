"""The operator's command that compares what is stored with the rules of categories."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import Output, counted, with_services
from cli.records import FILE
from services.operator import OPERATOR

if TYPE_CHECKING:
    from services.wiring import Services


@click.command()
@click.option(
    "--rules",
    type=FILE,
    help="Another file of rules to compare with, before it is installed.",
)
@click.option("--apply", "applies", is_flag=True, help="Move them as the installed rules say.")
@with_services
def categories(services: Services, output: Output, rules: Path | None, applies: bool) -> None:
    """List what the rules of categories would move, by category, with counts.

    Rules decide when a resource arrives. After a change of records/categories.toml, look at this
    list first, then use --apply.
    """
    if rules and applies:
        raise click.UsageError("--apply uses the installed rules; leave out --rules")
    service = services.custodian.categories
    with output.progress() as progress:
        if applies:
            report = service.apply(progress, by=OPERATOR)
        else:
            report = service.check(progress, rules) if rules else service.check(progress)
    moved = sum(move.resources for move in report.moves)
    verb = "moved" if applies else "would move"
    output.result(
        asdict(report),
        f"Rules {report.rules}: {counted(moved, 'resource')} {verb}, "
        f"of {counted(report.documents, 'document')}.",
        *(f"model {model} will be replaced" for model in report.affected_models),
    )
    output.table(
        ("from", "to", "resources", "documents", "patients"),
        [
            (m.before, m.after, str(m.resources), str(m.documents), str(m.patients))
            for m in report.moves
        ],
        every=True,
    )
