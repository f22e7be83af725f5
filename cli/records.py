"""The custodian's command: a table in, sealed records out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from cli.output import Say, platform_command
from consent import Wallet
from records import Mapping, ParsedRow, check_table, read_table
from services.platform import Platform
from storage import Record

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
        listed = [{"row": row, "column": column, "what": what} for row, column, what in report.bad]
        say.result(
            {**facts, "deposited": 0, "problems": listed},
            f"{report.rows} rows read. {report.good} are good, {report.wrong} are not. "
            f"{_replaced(report.replaced)}Nothing has been stored.",
        )
        say.table(
            ("row", "column", "what is wrong"),
            [(str(row), column, what) for row, column, what in report.bad],
        )
        return
    rows = list(read_table(table, layout, how["only_good"]))
    records, sources = to_records(rows, Wallet.open(wallet), platform.organisation)
    with say.progress() as progress:
        done = platform.store.deposits.deposit(records, sources, progress)
    say.result(
        {**facts, "records": len(records), "deposited": done.new, "batches": list(done.batches)},
        f"{done.new} records stored, {len(records) - done.new} were here already. "
        f"{_replaced(report.replaced)}{report.wrong} rows refused.",
    )


def _replaced(rows: int) -> str:
    return f"{rows} were replaced by a newer row of the same person. " if rows else ""


def to_records(
    rows: Sequence[ParsedRow], wallet: Wallet, custodian: str
) -> tuple[list[Record], list[str]]:
    """Return the records of these rows, and for each the source that tells it from all others.

    Raises:
        NotFound (consent): a person is not in the wallet: enrol the table first.
    """
    records, sources = [], []
    for row in rows:
        made = row.records(wallet.get_subject(row.person), custodian)
        records += made
        day = row.recorded_on
        sources += [f"{row.person}\0{place}\0{r.category}\0{day}" for place, r in enumerate(made)]
    return records, sources
