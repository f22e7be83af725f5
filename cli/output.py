"""Speaks to people on stderr and to machines on stdout, and turns errors into exit codes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

import consent
import models
import records
import storage
from services.errors import Invalid, ServiceError
from services.platform import Platform

INVALID: Final = (
    consent.ConsentInvalid,
    storage.StorageInvalid,
    records.RecordsInvalid,
    models.ModelsInvalid,
    Invalid,
)
OURS: Final = (
    consent.ConsentError,
    storage.StorageError,
    records.RecordsError,
    models.ModelsError,
    ServiceError,
)
FAULTS: Final = (*OURS, OSError, SQLAlchemyError)
MAX_ROWS_SHOWN: Final = 30
Faults = tuple[type[Exception], ...]


class Opener(Protocol):
    """What opens the platform for as long as a command needs it."""

    def __call__(
        self, settings: None = None, report: Callable[[str], None] = ...
    ) -> AbstractContextManager[Platform]:
        """Return the platform as a context."""
        ...


class Session:
    """What every command is handed: the way to the platform."""

    def __init__(self, opener: Opener, faults: Faults) -> None:
        self.opener = opener
        self.faults: Faults = (*FAULTS, *faults)


class Say:
    """One command's voice: progress and text on stderr, and with --json one document on stdout."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._people = Console(stderr=True, highlight=False)

    def line(self, text: str) -> None:
        """Say a line to people."""
        self._people.print(text, markup=False, soft_wrap=True)

    def result(self, document: dict[str, Any], *lines: str) -> None:
        """Give the result: `document` to machines, or `lines` to people on stdout."""
        if self._as_json:
            click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        else:
            for line in lines:
                click.echo(line)

    def table(self, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Show a table to people."""
        if self._as_json or not rows:
            return
        table = Table(*heads, box=None, pad_edge=False)
        for row in rows[:MAX_ROWS_SHOWN]:
            table.add_row(*row)
        Console(highlight=False).print(table)
        if len(rows) > MAX_ROWS_SHOWN:
            self.line(f"… and {len(rows) - MAX_ROWS_SHOWN} more; --json lists all")

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """Yield what hears (step, done, of) and draws a bar for each step."""
        with Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._people,
        ) as bars:
            known: dict[str, Any] = {}

            def hear(step: str, done: int, of: int) -> None:
                if step not in known:
                    known[step] = bars.add_task(step, total=of or None)
                bars.update(known[step], completed=done, total=of or None)

            yield hear
            for task in bars.tasks:  # a step that told only of its start is done all the same
                whole = task.total or task.completed or 1
                bars.update(task.id, completed=whole, total=whole)


def platform_command(run: Callable[..., None]) -> Callable[..., None]:
    """Give a command the platform and a voice, a --json option, and our exit codes."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.pass_context
    @functools.wraps(run)
    def wrapped(context: click.Context, /, *args: Any, as_json: bool, **options: Any) -> None:
        say = Say(as_json)
        session: Session = context.obj
        try:
            with session.opener(None, say.line) as platform:
                run(platform, say, *args, **options)
        except session.faults as exc:
            _fail(context, say, exc, as_json)

    return wrapped


def told_in_a_line(exc: Exception) -> str:
    """Return what a person needs of this fault: no statement, no parameters, no stack."""
    if isinstance(exc, SQLAlchemyError):
        said = str(getattr(exc, "orig", None) or exc).strip().splitlines()[0]
        return f"the database cannot be used: {said}; see DATABASE_URL and the room on its disk"
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.strerror}: {exc.filename}" if exc.filename else exc.strerror
    if isinstance(exc, Invalid) and exc.fields:
        return "; ".join(f"{name}: {texts[0]}" for name, texts in exc.fields.items())
    return str(exc)


def _fail(context: click.Context, say: Say, exc: Exception, as_json: bool) -> None:
    rows = list(getattr(exc, "rows", ()))
    if as_json:
        problem = {"error": type(exc).__name__, "message": told_in_a_line(exc), "rows": rows}
        click.echo(orjson.dumps(problem, option=orjson.OPT_INDENT_2).decode())
    say.line(f"{context.info_name}: {told_in_a_line(exc)}")
    if rows and not as_json:
        say.table(("row", "column", "what is wrong"), [(str(n), c, w) for n, c, w in rows])
    context.exit(2 if isinstance(exc, INVALID) else 1)
