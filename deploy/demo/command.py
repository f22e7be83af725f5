"""The demo's command: starts nodes and worker, runs the eight steps, writes the report."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from cli.output import Output
from consent import ConsentError
from deploy.demo.guests import links
from deploy.demo.people import gather_people
from deploy.demo.proof import DemoFailed
from deploy.demo.report import report
from deploy.demo.story import Story
from deploy.nodes import is_in_use
from deploy.nodes.private_file import find_json, write_private_json
from deploy.nodes.supervisor import Supervisor
from deploy.processes import WorkerProgram
from deploy.settings import Settings, read_settings
from models import ModelsError
from storage import StorageError

if TYPE_CHECKING:
    from services.wiring import Services

    Open = Callable[[Settings, Callable[[str], None]], AbstractContextManager[Services]]

DEFAULT_SEED = 2018


def demo(opener: Open, serve: Callable[[Settings, Callable[[str], None]], None]) -> click.Command:
    """Return the command, which opens the platform with `opener` and may then `serve` it."""

    @click.command("demo")
    @click.option("--people", type=click.IntRange(100), help="How many of the 5,014 people.")
    @click.option("--seed", type=int, default=DEFAULT_SEED, help="Seed of the draw of consents.")
    @click.option("--wallet", type=click.Path(file_okay=False, path_type=Path), default=None)
    @click.option(
        "--serve/--no-serve",
        default=None,
        help="Serve the pages afterwards (default: on a terminal).",
    )
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.pass_context
    def run(context: click.Context, /, as_json: bool, **how: Any) -> None:
        """Run the whole process on real people, from enrolment to withdrawal.

        An interrupted demo continues. After a finished one, a new one starts: the old data is
        moved aside (var.1, wallet.1), never deleted.
        """
        output = Output(as_json)
        settings = read_settings(os.environ)
        wallet = how["wallet"] or settings.home.parent / "wallet"
        begin(settings.home, wallet, {"people": how["people"], "seed": how["seed"]})
        started_s = time.monotonic()
        try:
            with opener(settings, output.note) as services:
                story = run_steps(services, settings, wallet, output, how)
        except (DemoFailed, ConsentError, StorageError, ModelsError) as exc:
            output.note(f"demo: {exc}")
            context.exit(1)
        text = report(story, time.monotonic() - started_s)
        (settings.home / "demo" / "report.txt").write_text(text, encoding="utf-8")
        finish(settings.home)
        output.result(story.facts, text + links(story.facts["invitations"]))
        if sys.stdout.isatty() if how["serve"] is None else how["serve"]:
            serve(settings, output.note)
        else:
            output.note(f"To start it again: VOUCHSAFE_HOME={settings.home} vouchsafe")

    return run


def run_steps(
    services: Services, settings: Settings, wallet: Path, output: Output, how: dict[str, Any]
) -> Story:
    """Run the eight steps beside a worker, and return the story."""
    people = gather_people(wallet, how["people"], how["seed"])
    story = Story(services, people, settings.home / "demo", how["seed"], bool(how["people"]))
    worker = Supervisor(WorkerProgram(settings, os.environ))
    worker.start()
    try:
        for step in (
            story.enrol_and_deposit,
            story.sign,
            story.gather,
            story.train,
            story.predict,
            story.withdraw,
            story.check,
            story.invite,
        ):
            output.note(str(step.__doc__))
            with output.progress() as progress:
                step(progress)
    finally:
        worker.stop()
    return story


def begin(home: Path, wallet: Path, options: dict[str, Any]) -> None:
    """Prepare the home: continue an interrupted demo, or move a finished one aside.

    Raises:
        ClickException: the home holds another install or is in use; nothing is changed.
    """
    mark = home / "demo" / "demo.json"
    known = find_json(mark)
    if known is None and home.exists() and any(home.iterdir()):
        raise click.ClickException(
            f"{home} holds an installation that is not a demo. Set VOUCHSAFE_HOME to another folder"
        )
    if known is not None and (known["finished"] or known["asked"] != options):
        if is_in_use(home):
            raise click.ClickException(f"{home} is in use. Stop the platform that runs on it")
        set_aside(home, wallet)
    if known is None:
        set_aside(wallet)  # its signatures belong to a ledger that has been deleted
    mark.parent.mkdir(parents=True, exist_ok=True)
    if not mark.exists():
        write_private_json(mark, {"asked": options, "finished": False})


def set_aside(*folders: Path) -> None:
    """Rename the folders that exist with the first free number; no data is deleted."""
    number = 1
    while any(each.with_name(f"{each.name}.{number}").exists() for each in folders):
        number += 1
    for folder in folders:
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}.{number}"))


def finish(home: Path) -> None:
    """Record that the demo has finished, so that the next one starts from the beginning."""
    mark = home / "demo" / "demo.json"
    write_private_json(mark, {**orjson.loads(mark.read_bytes()), "finished": True})
