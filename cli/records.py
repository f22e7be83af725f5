"""The custodian's commands for tables: check one, draft its mapping, deposit its rows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.output import Clock, Output, with_services, without_services
from records import ColumnSummary, Mapping, TableReport, check_table, read_table
from services.wiring import Services

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
MAPPING = click.option(
    "--mapping", type=FILE, required=True, help="The TOML file that describes the columns."
)
MAX_LEVELS = 6


@click.command()
@click.argument("table", type=FILE)
@MAPPING
@without_services
def check(clock: Clock, output: Output, table: Path, mapping: Path) -> None:
    """Check TABLE against its mapping, and summarise each column; nothing is started or stored."""
    layout = Mapping.load(mapping)
    report = check_table(table, layout, today=day_of(clock()), has_summary=True)
    print_check(output, report)
    if not report.rows:
        report.require_good(table.name)


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
    layout, today = Mapping.load(mapping), day_of(services.installation.clock())
    report = check_table(table, layout, today=today, has_summary=options["dry_run"])
    if options["dry_run"]:
        print_check(output, report)
        return
    rows = list(read_table(table, layout, options["only_good"], today))
    with output.progress() as progress:
        summary = services.custodian.records.deposit_rows(rows, progress)
    output.result(
        {**_counts(report), "records": summary.records, "deposited": summary.new},
        f"{summary.new} records stored, {summary.records - summary.new} were stored before. "
        f"{_note(report)}{report.wrong} rows left out.",
    )


def day_of(now_s: float) -> datetime.date:
    """Return the day at a time, in UTC."""
    return datetime.datetime.fromtimestamp(now_s, datetime.UTC).date()


def print_check(output: Output, report: TableReport) -> None:
    """Write what a check found: counts, each column, bad cells, and what else to look at."""
    document = {
        **_counts(report),
        "deposited": 0,
        "problems": [fault.to_json() for fault in report.faults],
        "notes": [fault.to_json() for fault in report.notes],
        "columns": [asdict(column) for column in report.columns],
    }
    output.result(
        document,
        f"{report.rows} rows read. {report.good} are good, {report.wrong} are not. "
        f"{_note(report)}Nothing has been stored.",
    )
    _print_columns(output, report.columns)
    output.faults(report.faults)
    output.faults(report.notes)


def _print_columns(output: Output, columns: Sequence[ColumnSummary]) -> None:
    output.table(
        ("column", "values", "missing", "bad", "unit", "lowest, middle, highest; or values"),
        [
            (
                column.column,
                str(column.count),
                str(column.missing),
                str(column.bad + column.left_out),
                column.unit or "-",
                _values(column),
            )
            for column in columns
        ],
        every=True,
    )


def _values(column: ColumnSummary) -> str:
    if column.minimum is not None:
        return f"{column.minimum:g}, {column.median:g}, {column.maximum:g}"
    levels = [f"{level.value} {level.count}" for level in column.levels[:MAX_LEVELS]]
    return ", ".join([*levels, "…"] if len(column.levels) > MAX_LEVELS else levels) or "-"


def _counts(report: TableReport) -> dict[str, Any]:
    counts = {"rows": report.rows, "good": report.good, "bad": report.wrong}
    counts |= {"people": report.people, "replaced": report.replaced}
    return counts | {"left_out": report.left_out, "ignored": report.ignored}


def _note(report: TableReport) -> str:
    notes = [f"{report.people} people. "]
    if report.replaced:
        notes.append(f"{report.replaced} were replaced by a newer row of the same person. ")
    if report.left_out:
        notes.append(f"{report.left_out} bad cells left out, as the mapping says. ")
    if report.ignored:
        notes.append(f"{report.ignored} rows have a code that the mapping ignores. ")
    return "".join(notes)
