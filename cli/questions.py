"""The commands about a question alone: its dummy data, and how records use its codes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cli.output import Clock, Output, counted, without_services
from cli.records import FILE, TARGET
from models import Question
from models.dummy import create_dummy
from models.question import UNKNOWN_FOLLOW_UP
from models.question_check import CodeUse, QuestionCheck


@click.command()
@click.argument("file", type=FILE)
@click.option("--to", "target", type=TARGET, help="The ZIP to write; else ID-dummy.zip.")
@click.option("--column", "columns", multiple=True, help="A feature to include; may be repeated.")
@without_services
def dummy(
    clock: Clock, output: Output, file: Path, target: Path | None, columns: tuple[str, ...]
) -> None:
    """Write dummy data for the question in FILE, in the layout of a released copy.

    The values are drawn at random from the question's ranges; no record is opened, nothing runs.
    """
    question = Question.load(file)
    path = target or Path(f"{question.id}-dummy.zip")
    path.write_bytes(create_dummy(question, columns))
    output.result({"question": question.id, "file": str(path)}, f"Dummy data in {path}")


def print_question_check(output: Output, check: QuestionCheck) -> None:
    """Write how records use the codes of a question."""
    output.result(
        asdict(check), f"Records of {counted(check.people, 'person', 'people')} were opened."
    )
    output.table(
        ("part", "people", "events", "units as written", "remark"),
        [
            (part.name, str(part.people), str(part.events), _units_text(part), _remark(part))
            for part in check.parts
        ],
        every=True,
    )
    for reason, count in check.no_event.items():
        output.note(f"no event: {counted(count, 'resource')}: {reason}")


def print_limits(output: Output, question: Question) -> None:
    """Write the limits that follow from what a question asks, with what would remove them."""
    if question.all_limits != question.limits:
        output.note(f"{question.id}: {UNKNOWN_FOLLOW_UP}")
        output.note('To leave such patients out, set after in [observed], such as after = "5y".')


def _units_text(part: CodeUse) -> str:
    return ", ".join(f"{use.unit or 'none'} ({use.values})" for use in part.units)


def _remark(part: CodeUse) -> str:
    unread = [use.unit or "none" for use in part.units if not use.is_readable]
    remarks = []
    if part.people == 0:
        nearest = ", ".join(part.nearest) or "none"
        remarks.append(f"no record has {part.codes[0]}; nearest: {nearest}")
    if not part.is_unit_known:
        remarks.append(f"{part.unit} is not a UCUM unit")
    if unread:
        remarks.append(f"not convertible to {part.unit}: {', '.join(unread)}; add [[unit]]")
    return "; ".join(remarks)
