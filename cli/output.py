"""Writes results to stdout and notes to stderr, and turns errors into exit codes."""

from __future__ import annotations

import errno
import functools
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import click
import orjson

from services.errors import Invalid, NotFound, ServiceError

if TYPE_CHECKING:
    from records import CellFault
    from services.jobs.progress import Progress as ReportProgress
    from services.wiring import Services

INCOMPLETE: Final = 3
"""The exit code of a command that did its work, but not for everything that it was given."""
NOT_PUBLISHED: Final = "the model is not published; the study keeps the full report"
MAX_ROWS_SHOWN: Final = 30
_TURNS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the direction of a text, so that it reads as another."""
ErrorTypes = tuple[type[Exception], ...]
Clock = Callable[[], float]


def expected_errors() -> ErrorTypes:
    """Return the errors that a command reports in one line."""
    # Here and below: a command without the installation starts sooner without the packages.
    from sqlalchemy.exc import SQLAlchemyError

    from consent import ConsentError
    from models import ModelsError
    from records import RecordsError
    from storage import StorageError

    packages = (ConsentError, StorageError, RecordsError, ModelsError, ServiceError)
    return (*packages, OSError, SQLAlchemyError)


def invalid_input() -> ErrorTypes:
    """Return the errors that the user can correct: exit code 2."""
    from consent import ConsentInvalid
    from models import ModelsInvalid
    from records import RecordsInvalid
    from storage import StorageInvalid

    return (ConsentInvalid, StorageInvalid, RecordsInvalid, ModelsInvalid, Invalid)


class Opener(Protocol):
    """Opens the installation for as long as a command needs it."""

    def __call__(
        self, settings: None = None, report: Callable[[str], None] = ...
    ) -> AbstractContextManager[Services]:
        """Return the installation as a context."""
        ...


class CommandContext:
    """What click hands to every command: how to open the installation, its errors, the clock."""

    def __init__(self, opener: Opener, error_types: ErrorTypes, clock: Clock) -> None:
        self.opener = opener
        self.clock = clock
        self._error_types = error_types

    def error_types(self) -> ErrorTypes:
        """Return the errors that a command reports in one line."""
        return (*expected_errors(), *self._error_types)


class Output:
    """The output of one command: notes and progress on stderr, the result on stdout."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._is_written = False

    def note(self, text: str) -> None:
        """Write a line to stderr."""
        click.echo(printable(text), err=True)

    def result(self, document: dict[str, Any], *lines: str) -> None:
        """Write the result to stdout: `document` with --json, else `lines`."""
        if self._as_json:
            self.document(document)
        else:
            for line in lines:
                # A file gets the line as it is: it may be a mapping, with a column's exact name.
                click.echo(printable(line) if sys.stdout.isatty() else line)

    def document(self, document: dict[str, Any]) -> None:
        """Write the one document of --json, unless a result that failed later is written."""
        if not self._is_written:
            click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        self._is_written = True

    def end_incomplete(self) -> None:
        """End the command with the exit code for what is done in part; call it last."""
        click.get_current_context().exit(INCOMPLETE)

    def faults(self, faults: Sequence[CellFault]) -> None:
        """Write the faults of a table to stdout, each with what to do."""
        self.table(
            ("line", "row", "column", "problem", "what to do"),
            [
                (str(f.line or "-"), str(f.row or "-"), f.column, f.problem, f.code.remedy)
                for f in faults
            ],
        )

    def table(
        self, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, every: bool = False
    ) -> None:
        """Write a table to stdout, unless --json is given; the first rows, or every one."""
        if self._as_json or not rows:
            return
        # A command that draws nothing starts sooner without the library.
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(*heads, box=None, pad_edge=False)
        for column in table.columns:
            column.overflow = "fold"  # a narrow terminal cuts no word
        for row in rows if every else rows[:MAX_ROWS_SHOWN]:
            # A unit such as mm[Hg] is not markup.
            table.add_row(*(escape(printable(cell)) for cell in row))
        Console(highlight=False).print(table)
        if len(rows) > MAX_ROWS_SHOWN and not every:
            self.note(f"… and {len(rows) - MAX_ROWS_SHOWN} more; --json lists all")

    @contextmanager
    def progress(self) -> Iterator[ReportProgress]:
        """Yield what takes (step, done, of) and draws a bar for each step."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        with Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
        ) as bars:
            tasks: dict[str, Any] = {}

            def report(step: str, done: int, of: int) -> None:
                if step not in tasks:
                    tasks[step] = bars.add_task(step, total=of or None)
                bars.update(tasks[step], completed=done, total=of or None)

            yield report
            for task in bars.tasks:  # a step that reported only its start is done all the same
                total = task.total or task.completed or 1
                bars.update(task.id, completed=total, total=total)


def counted(number: int | str, singular: str, plural: str = "") -> str:
    """Return a number (or words of one) with its noun; the plural is needed if it adds no -s."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def printable(text: str) -> str:
    """Return a text without what a terminal would obey, such as in a name of a file's column."""
    if text.isprintable():
        return text
    return "".join(each if _is_shown(each) else f"\\x{ord(each):02x}" for each in text)


def _is_shown(character: str) -> bool:
    is_control = unicodedata.category(character) in ("Cc", "Cs") or character in _TURNS
    return character in "\n\t" or not is_control


def with_services(run: Callable[..., None]) -> Callable[..., None]:
    """Call a command with the services and its output; add --json and the exit codes."""

    @functools.wraps(run)
    def started(command: CommandContext, output: Output, *args: Any, **options: Any) -> None:
        with command.opener(None, output.note) as services:
            run(services, output, *args, **options)

    return _with_output(started)


def without_services(run: Callable[..., None]) -> Callable[..., None]:
    """Call a command that needs no node and no database with the clock and its output."""

    @functools.wraps(run)
    def started(command: CommandContext, output: Output, *args: Any, **options: Any) -> None:
        run(command.clock, output, *args, **options)

    return _with_output(started)


def _with_output(run: Callable[..., None]) -> Callable[..., None]:
    @click.option("--json", "as_json", is_flag=True, help="Write one JSON document to stdout.")
    @click.pass_context
    @functools.wraps(run)
    def wrapped(context: click.Context, /, *args: Any, as_json: bool, **options: Any) -> None:
        output = Output(as_json)
        command: CommandContext = context.obj
        try:
            run(command, output, *args, **options)
        except command.error_types() as exc:
            _fail(context, output, exc, as_json)

    return wrapped


def describe_error(exc: Exception) -> str:
    """Return an error in one line: no SQL statement, no parameters, no stack."""
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(exc, SQLAlchemyError):
        cause = str(getattr(exc, "orig", None) or exc).strip().splitlines()[0]
        return f"the database is unavailable: {cause}; check DATABASE_URL and the disk's free space"
    if isinstance(exc, OSError) and exc.strerror:
        is_full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        where = f": {exc.filename}" if exc.filename else ""
        return f"{exc.strerror}{where}" + is_full * "; free some space, then try again"
    if isinstance(exc, Invalid) and exc.fields:
        return "; ".join(f"{name}: {messages[0]}" for name, messages in exc.fields.items())
    # Many errors of this kind have no words of their own, so that strangers cannot tell them apart.
    if isinstance(exc, NotFound) and not str(exc):
        return "not found, or you do not have access; check the names in the command"
    return str(exc)


def _fail(context: click.Context, output: Output, exc: Exception, as_json: bool) -> None:
    from models import GateClosed

    faults: list[CellFault] = list(getattr(exc, "faults", ()))
    rows = [fault.to_json() for fault in faults]
    missed = exc.failures if isinstance(exc, GateClosed) else ()
    if as_json:
        problem: dict[str, Any] = {
            "error": type(exc).__name__,
            "message": describe_error(exc),
            "rows": rows,
        }
        if isinstance(exc, GateClosed):
            problem["run"] = exc.run
            problem["gate"] = [{"message": m.message, "remedy": m.remedy} for m in missed]
        output.document(problem)
    what = NOT_PUBLISHED if missed and not as_json else describe_error(exc)
    output.note(f"{context.info_name}: {what}")
    if faults and not as_json:
        output.faults(faults)
    heads = ("missed threshold", "what to do")
    output.table(heads, [(m.message, m.remedy) for m in missed], every=True)
    if isinstance(exc, GateClosed) and exc.run:
        output.note(f"`vouchsafe card {exc.run}` shows the full report.")
    context.exit(2 if isinstance(exc, invalid_input()) else 1)
