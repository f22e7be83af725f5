"""The custodian's command: a table in, sealed records out."""

from __future__ import annotations

from pathlib import Path

import click

from cli.output import Output, with_services
from records import Mapping, check_table, read_table
from services.wiring import Services

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
MAPPING = click.option(
    "--mapping", type=FILE, required=True, help="The TOML file that describes the columns."
)


@click.command()
@click.argument("table", type=FILE)
@MAPPING
@click.option("--only-good", is_flag=True, help="Deposit the good rows without the bad ones.")
@click.option("--dry-run", is_flag=True, help="Check the table without depositing anything.")
@with_services
def deposit(
    services: Services, output: Output, table: Path, mapping: Path, **options: bool
) -> None:
    """Encrypt the rows of TABLE and store them: every row, or none if one is bad.

    Rows that are stored already do not change. A person who is new gets a subject.
    """
    layout = Mapping.load(mapping)
    report = check_table(table, layout)
    counts = {"rows": report.rows, "good": report.good, "bad": report.wrong}
    counts["replaced"] = report.replaced
    replaced = f"{report.replaced} were replaced by a newer row of the same person. "
    note = replaced if report.replaced else ""
    if options["dry_run"]:
        problems = [fault.to_json() for fault in report.faults]
        output.result(
            {**counts, "deposited": 0, "problems": problems},
            f"{report.rows} rows read. {report.good} are good, {report.wrong} are not. "
            f"{note}Nothing has been stored.",
        )
        output.faults(report.faults)
        return
    rows = list(read_table(table, layout, options["only_good"]))
    with output.progress() as progress:
        summary = services.custodian.records.deposit_rows(rows, progress)
    output.result(
        {**counts, "records": summary.records, "deposited": summary.new},
        f"{summary.new} records stored, {summary.records - summary.new} were stored before. "
        f"{note}{report.wrong} rows left out.",
    )
