"""Deposit FHIR files from the command line, and print what became of each entry."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from cli.output import Output, counted
from records.outcomes import EntryOutcome, Outcome
from services.custodian.fhir_files import FhirFile
from services.custodian.fhir_uploads import remarkable
from services.custodian.intake import IntakeReport

if TYPE_CHECKING:
    from services.wiring import Services

MAX_LINES: Final = 20
WORDS: Final = {Outcome.SHARED: "kept for the custodian alone"}
"""What people read in place of `shared`, which would suggest that others receive it."""


def deposit_fhir(
    services: Services, output: Output, paths: Sequence[Path], *, sender: str, dry: bool
) -> None:
    """Store FHIR files, or only check them, and write the outcome of every entry.

    The command ends with exit code 3 if an entry is refused, parked or names no patient.
    """
    files = [FhirFile(path.name, partial(_open, path)) for path in paths]
    intake = services.custodian.intake
    with output.progress() as progress:
        if dry:
            report = intake.check(files, sender, progress)
        else:
            report = intake.store(files, sender, progress)
    output.result(_fhir_json(report), _fhir_text(report, dry=dry))
    if any(outcome.is_open for outcome in report.outcomes):
        output.end_incomplete()


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _fhir_json(report: IntakeReport) -> dict[str, Any]:
    return {
        "outcomes": report.counts(),
        **report.effects(),
        "rules": report.rules,
        "entries": [
            {"file": name, **_entry_json(outcome)}
            for name, outcomes in report.files
            for outcome in outcomes
        ],
    }


def _entry_json(outcome: EntryOutcome) -> dict[str, Any]:
    place = {"place": outcome.place} if outcome.place else {}
    entry = {"entry": outcome.number, **place, "outcome": outcome.outcome.value}
    entry["kind"] = outcome.kind
    if not outcome.code:
        return entry
    reason = {"code": outcome.code.value, "element": outcome.element}
    return {**entry, **reason, "problem": outcome.code.problem, "remedy": outcome.code.remedy}


def _fhir_text(report: IntakeReport, *, dry: bool) -> str:
    counts = report.counts()
    words = {str(outcome): word for outcome, word in WORDS.items()}
    parts = [f"{count} {words.get(name, name)}" for name, count in counts.items() if count]
    lines = [f"{counted(sum(counts.values()), 'entry', 'entries')}: {', '.join(parts) or 'none'}."]
    if report.joined:
        joined = counted(report.joined, "parked entry was", "parked entries were")
        lines[0] += f" {joined} stored, since their patient arrived."
    if report.joined_same:
        same = counted(
            report.joined_same,
            "entry was stored already and is",
            "entries were stored already and are",
        )
        lines[0] += f" {same} no longer parked."
    if report.medicines:
        have = counted(report.medicines, "stored entry has", "stored entries have")
        lines[0] += f" {have} the code of their medicine now."
    lines[0] += _medicine_changes(report)
    lines[0] += describe_affected(report.affected_models)
    if dry:
        lines[0] += " Nothing has been stored."
    lines_of_entries = [
        f"{name}{_place(each)}: {_sentence(each)}"
        for name, outcomes in report.files
        for each in remarkable(outcomes)
    ]
    lines += lines_of_entries[:MAX_LINES]
    if len(lines_of_entries) > MAX_LINES:
        lines.append(f"{len(lines_of_entries) - MAX_LINES} more; --json lists every entry.")
    return "\n".join(lines)


def _medicine_changes(report: IntakeReport) -> str:
    text = ""
    if report.corrected_medicines:
        have = counted(report.corrected_medicines, "stored entry has", "stored entries have")
        text += f" {have} the new version of their medicine."
    if report.lost_medicines:
        lost = counted(report.lost_medicines, "stored entry", "stored entries")
        text += f" {lost} lost the code of their medicine, which"
        text += " was deleted or entered in error."
    return text


def _place(outcome: EntryOutcome) -> str:
    number = f", entry {outcome.number}" if outcome.number else ""
    if not outcome.place:
        return number
    return f"{number} ({outcome.place})" if number else f", {outcome.place}"


def _sentence(outcome: EntryOutcome) -> str:
    kind = f"{outcome.kind} " if outcome.kind else ""
    word = WORDS.get(outcome.outcome, outcome.outcome)
    if not outcome.code:
        return f"{kind}{word}."
    return f"{kind}{word}: {outcome.code.problem}. {outcome.code.remedy}."


def describe_affected(models: Sequence[str]) -> str:
    """Return the sentence that names the models, or "" if there are none."""
    return f" Models trained on a corrected record: {', '.join(models)}." if models else ""
