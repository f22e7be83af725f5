"""The custodian's command: tables and FHIR files in, sealed records out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click

from cli.output import Output, with_services
from records import Mapping, check_table, read_table
from records.outcomes import EntryOutcome
from services.custodian.fhir_uploads import remarkable
from services.custodian.intake import FhirFile, IntakeReport
from services.wiring import Services

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
MAPPING = click.option(
    "--mapping", type=FILE, required=True, help="The TOML file that describes the columns."
)
MAX_SHOWN = 20


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
    """
    if mapping is None:
        _deposit_fhir(services, output, files, options)
        return
    if len(files) > 1:
        raise click.UsageError("--mapping describes one table; deposit one table at a time")
    _deposit_table(services, output, files[0], Mapping.load(mapping), options)


def _deposit_table(
    services: Services, output: Output, table: Path, layout: Mapping, options: dict[str, Any]
) -> None:
    report = check_table(table, layout)
    counts: dict[str, Any] = {"rows": report.rows, "good": report.good, "bad": report.wrong}
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
    same = summary.records - summary.new - summary.corrected - summary.erased
    counts |= {"records": summary.records, "deposited": summary.new}
    counts |= {"corrected": summary.corrected, "same": same, "erased": summary.erased}
    counts["affected_models"] = list(summary.affected_models)
    output.result(
        counts,
        f"{summary.new} records stored, {summary.corrected} corrected, {same} were stored before. "
        f"{note}{report.wrong} rows left out.{_affected(summary.affected_models)}",
    )


def _deposit_fhir(
    services: Services, output: Output, paths: tuple[Path, ...], options: dict[str, Any]
) -> None:
    files = [FhirFile(path.name, partial(_open, path)) for path in paths]
    intake, sender = services.custodian.intake, options["sender"]
    with output.progress() as progress:
        if options["dry_run"]:
            report = intake.check(files, sender, progress)
        else:
            report = intake.store(files, sender, progress)
    output.result(_fhir_json(report), _fhir_text(report, dry=options["dry_run"]))


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _fhir_json(report: IntakeReport) -> dict[str, Any]:
    return {
        "outcomes": report.counts(),
        "joined": report.joined,
        "corrected_records": report.corrected_records,
        "affected_models": list(report.affected_models),
        "rules": report.rules,
        "entries": [
            {"file": name, **_entry_json(outcome)}
            for name, outcomes in report.files
            for outcome in outcomes
        ],
    }


def _entry_json(outcome: EntryOutcome) -> dict[str, Any]:
    entry = {"entry": outcome.number, "outcome": outcome.outcome.value, "kind": outcome.kind}
    if not outcome.code:
        return entry
    reason = {"code": outcome.code.value, "element": outcome.element}
    return {**entry, **reason, "problem": outcome.code.problem, "remedy": outcome.code.remedy}


def _fhir_text(report: IntakeReport, *, dry: bool) -> str:
    counts = report.counts()
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    lines = [f"{sum(counts.values())} entries: {', '.join(parts) or 'none'}."]
    if report.joined:
        lines[0] += f" {report.joined} parked entries were stored, since their patient arrived."
    lines[0] += _affected(report.affected_models)
    if dry:
        lines[0] += " Nothing has been stored."
    lines_of_entries = [
        f"{name}, entry {each.number}: {_sentence(each)}"
        for name, outcomes in report.files
        for each in remarkable(outcomes)
    ]
    lines += lines_of_entries[:MAX_SHOWN]
    if len(lines_of_entries) > MAX_SHOWN:
        lines.append(f"{len(lines_of_entries) - MAX_SHOWN} more; --json lists every entry.")
    return "\n".join(lines)


def _sentence(outcome: EntryOutcome) -> str:
    kind = f"{outcome.kind} " if outcome.kind else ""
    if not outcome.code:
        return f"{kind}{outcome.outcome}."
    return f"{kind}{outcome.outcome}: {outcome.code.problem}. {outcome.code.remedy}."


def _affected(models: Sequence[str]) -> str:
    names = list(models)
    return f" Models trained on a corrected record: {', '.join(names)}." if names else ""
