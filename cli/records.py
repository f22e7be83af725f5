"""The custodian's commands for tables: check one, draft its mapping, deposit its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.fhir import deposit_fhir, describe_affected
from cli.output import Clock, Output, counted, with_services, without_services
from models.draft import draft_question
from records import ColumnSummary, Mapping, TableReport, check_table, read_table
from records.description import ColumnDescription, TableDescription, describe_table
from records.draft import ID, IGNORE
from services.dates import day_of

if TYPE_CHECKING:
    from services.wiring import Services

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TARGET = click.Path(dir_okay=False, path_type=Path)
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
    """Check TABLE against its mapping, and summarise each column; nothing is started or stored.

    Exit codes: 0 every row is good, 3 some are not, 2 the file or its header cannot be used.
    """
    layout = Mapping.load(mapping)
    report = check_table(table, layout, today=day_of(clock()), has_summary=True)
    print_check(output, report)
    if not report.rows:
        report.require_good(table.name)
    if report.wrong:
        output.end_incomplete()


@click.command()
@click.argument("table", type=FILE)
@click.option("--label", default="", help="The column that a question is to predict.")
@click.option("--to", "folder", type=FOLDER, help="Write mapping.toml and question.toml there.")
@without_services
def describe(clock: Clock, output: Output, table: Path, label: str, folder: Path | None) -> None:
    """Draft a mapping for TABLE, and with --label a question; flag what to look at.

    The drafts can be used, and must be read first: units, ranges and categories are guessed from
    names and values. Nothing is started or stored.
    """
    description = describe_table(table, table.name, day_of(clock()), label)
    question = draft_question(description, table.name.partition(".")[0]) if label else ""
    drafts = {"mapping.toml": description.mapping, "question.toml": question}
    written = [_write(folder / name, text) for name, text in drafts.items() if folder and text]
    document = {
        "rows": description.rows,
        "copies": description.copies,
        "has_id": description.has_id,
        "has_units": description.has_units,
        "header_rows": description.header_rows,
        "notes": [fault.to_json() for fault in description.notes],
        "mapping": description.mapping,
        "question": question,
        "columns": [_column_document(column) for column in description.columns],
        "files": list(map(str, written)),
    }
    texts = [] if written else [text for text in drafts.values() if text]
    output.result(document, *texts, *(f"Wrote {path}." for path in written))
    _print_description(output, description)


@click.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option(
    "--mapping", type=FILE, help="The TOML file that describes a table's columns; not for FHIR."
)
@click.option("--only-good", is_flag=True, help="Deposit the good rows without the bad ones.")
@click.option("--dry-run", is_flag=True, help="Check the files without depositing anything.")
@click.option(
    "--sender",
    default="",
    help="The system that sent FHIR files: its ids are its own. Name it if there are several.",
)
@with_services
def deposit(
    services: Services,
    output: Output,
    files: tuple[Path, ...],
    mapping: Path | None,
    **options: Any,
) -> None:
    """Encrypt what is in FILES and store it: one table with its mapping, or FHIR files.

    Of a table, every row is stored, or none if one is bad. FHIR files are Bundles, resources,
    Parameters or NDJSON, also gzipped; given together, they may refer to each other. What is
    stored already does not change, another value is a correction, and a person who is new gets a
    subject.

    Exit codes: 0 everything is stored; 3 the rest is stored, and some entries were refused, are
    parked until their patient arrives or name no patient, or rows were left out or had been erased;
    2 the input is invalid and nothing is stored; 1 it failed. With --dry-run they say what would
    happen.
    """
    if mapping is None:
        dry, sender = options["dry_run"], options["sender"]
        deposit_fhir(services, output, files, sender=sender, dry=dry)
        return
    if len(files) > 1:
        raise click.UsageError("--mapping describes one table; deposit one table at a time")
    _deposit_table(services, output, files[0], Mapping.load(mapping), options)


def _deposit_table(
    services: Services, output: Output, table: Path, layout: Mapping, options: dict[str, Any]
) -> None:
    today = day_of(services.installation.clock())
    report = check_table(table, layout, today=today, has_summary=options["dry_run"])
    if options["dry_run"]:
        print_check(output, report)
        if report.wrong:
            output.end_incomplete()
        return
    rows = read_table(table, layout, options["only_good"], today)
    with output.progress() as progress:
        summary = services.custodian.records.deposit_rows(rows, progress, report.good)
    same = summary.records - summary.new - summary.corrected - summary.erased
    counts = {"records": summary.records, "deposited": summary.new, "same": same}
    counts |= {"corrected": summary.corrected, "erased": summary.erased}
    erased = ""
    if summary.erased:
        was = counted(summary.erased, "was erased and is", "were erased and are")
        erased = f" {was} not stored again."
    models = list(summary.affected_models)
    notes = [fault.to_json() for fault in report.notes]
    output.result(
        {**_counts(report), **counts, "affected_models": models, "notes": notes},
        f"{counted(summary.new, 'record')} stored, {summary.corrected} corrected, "
        f"{counted(same, 'was', 'were')} stored before. "
        f"{_note(report)}{counted(report.wrong, 'row')} left out.{erased}"
        f"{describe_affected(models)}",
    )
    output.faults(report.notes)
    if report.wrong or summary.erased:
        output.end_incomplete()


def _write(path: Path, text: str) -> Path:
    """Write a draft; one that is there already is never replaced.

    Raises:
        OSError: the file exists, or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def _column_document(column: ColumnDescription) -> dict[str, Any]:
    draft = column.draft
    return {
        "column": draft.name,
        "role": draft.role,
        "kind": draft.kind,
        "code": draft.code,
        "unit": draft.unit,
        "category": draft.category,
        "values": column.values,
        "missing": column.missing,
        "different": column.different,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "shapes": column.shapes,
        "flags": column.flags,
        "auroc": column.auroc,
    }


def _print_description(output: Output, table: TableDescription) -> None:
    notes = [f"{counted(table.rows, 'row')}, {counted(len(table.columns), 'column')}."]
    if table.has_units:
        notes.append("The row below the header was read as units, not as data.")
    if table.header_rows > 1:
        notes.append(
            f"The names of the columns are in {table.header_rows} rows, joined in the draft."
        )
    if not table.has_id:
        notes.append("No column looks like a hospital number; the first one is drafted as it.")
    if table.copies:
        copies = counted(table.copies, "row is", "rows are")
        notes.append(f"{copies} equal to another row under a different id.")
    output.note("\n".join([" ".join(notes), *(fault.message for fault in table.notes)]))
    # The id names people by design; what is left out is listed with the reason.
    listed = [
        column
        for column in table.columns
        if column.draft.role == IGNORE or (column.flags and column.draft.role != ID)
    ]
    output.table(
        ("column", "look at", "AUROC alone", "left out, since"),
        [
            (
                column.draft.name or "(no name)",
                ", ".join(column.flags) or "-",
                "-" if column.auroc is None else f"{column.auroc:z.2f}",
                column.draft.comment if column.draft.role == IGNORE else "-",
            )
            for column in listed
        ],
        every=True,
    )


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
        f"{counted(report.rows, 'row')} read. {counted(report.good, 'is', 'are')} good, "
        f"{counted(report.wrong, 'is', 'are')} not. "
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
    notes = [f"{counted(report.people, 'person', 'people')}. "]
    if report.replaced:
        replaced = counted(report.replaced, "was", "were")
        notes.append(f"{replaced} replaced by a newer row of the same person. ")
    if report.left_out:
        notes.append(f"{counted(report.left_out, 'bad cell')} left out, as the mapping says. ")
    if report.ignored:
        rows = counted(report.ignored, "row has", "rows have")
        notes.append(f"{rows} a code that the mapping ignores. ")
    return "".join(notes)
