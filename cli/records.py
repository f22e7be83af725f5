"""The custodian's command: a table in, sealed records out."""

from __future__ import annotations

from pathlib import Path

import click

from cli.output import Say, platform_command
from consent import Wallet
from records import Mapping, check_table, read_table, to_records
from services.platform import Platform

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("table", type=FILE)
@click.option("--mapping", type=FILE, required=True, help="What each column of the table is.")
@click.option("--wallet", type=FOLDER, default=Path("wallet"), help="Whose subjects they are.")
@click.option("--only-good", is_flag=True, help="Deposit the good rows, and leave the bad ones.")
@click.option("--dry-run", is_flag=True, help="Check the table and deposit nothing.")
@platform_command
def deposit(
    platform: Platform, say: Say, table: Path, mapping: Path, wallet: Path, **how: bool
) -> None:
    """Seal the rows of TABLE and put them into the store: all of them, or none.

    A row that is there already is not deposited again.
    """
    layout = Mapping.load(mapping)
    report = check_table(table, layout)
    facts = {"rows": report.rows, "good": report.good, "bad": report.wrong}
    facts["replaced"] = report.replaced
    if how["dry_run"]:
        listed = [fault.to_json() for fault in report.faults]
        say.result(
            {**facts, "deposited": 0, "problems": listed},
            f"{report.rows} rows read. {report.good} are good, {report.wrong} are not. "
            f"{_replaced(report.replaced)}Nothing has been stored.",
        )
        say.faults(report.faults)
        return
    rows = list(read_table(table, layout, how["only_good"]))
    people = Wallet.open(wallet)
    subjects = {row.person: people.get_subject(row.person) for row in rows}
    records, sources = to_records(rows, subjects, platform.organisation)
    with say.progress() as progress:
        done = platform.store.deposits.deposit(records, sources, progress)
    say.result(
        {**facts, "records": len(records), "deposited": done.new, "batches": list(done.batches)},
        f"{done.new} records stored, {len(records) - done.new} were here already. "
        f"{_replaced(report.replaced)}{report.wrong} rows refused.",
    )


def _replaced(rows: int) -> str:
    return f"{rows} were replaced by a newer row of the same person. " if rows else ""
