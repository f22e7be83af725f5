"""The demo's command: starts nodes and worker, tells the story, writes the report."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

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
from services.platform import Platform
from storage import StorageError

DEFAULT_SEED = 2018
Open = Callable[[Settings, Callable[[str], None]], AbstractContextManager[Platform]]


def demo(opener: Open, serve: Callable[[Settings, Callable[[str], None]], None]) -> click.Command:
    """Return the command, which opens the platform with `opener` and can go on with `serve`."""

    @click.command("demo")
    @click.option("--people", type=click.IntRange(100), help="Only so many of the 5,014.")
    @click.option("--seed", type=int, default=DEFAULT_SEED, help="Of the draw of consents.")
    @click.option("--wallet", type=click.Path(file_okay=False, path_type=Path), default=None)
    @click.option("--serve/--no-serve", default=None, help="Go on serving (on a terminal).")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.pass_context
    def run(context: click.Context, /, as_json: bool, **how: Any) -> None:
        """Do the platform's main job on real people, from enrolment to withdrawal.

        Killed half-way, it goes on where it was; finished before, it begins anew: what was there is
        moved aside (var.1, wallet.1), never deleted.
        """
        output = Output(as_json)
        settings = read_settings(os.environ)
        wallet = how["wallet"] or settings.home.parent / "wallet"
        begin(settings.home, wallet, {"people": how["people"], "seed": how["seed"]})
        began_s = time.monotonic()
        try:
            with opener(settings, output.note) as platform:
                story = tell(platform, settings, wallet, output, how)
        except (DemoFailed, ConsentError, StorageError, ModelsError) as exc:
            output.note(f"demo: {exc}")
            context.exit(1)
        text = report(story, time.monotonic() - began_s)
        (settings.home / "demo" / "report.txt").write_text(text, encoding="utf-8")
        finish(settings.home)
        output.result(story.facts, text + links(story.facts["invitations"]))
        if sys.stdout.isatty() if how["serve"] is None else how["serve"]:
            serve(settings, output.note)
        else:
            output.note(f"VOUCHSAFE_HOME={settings.home} python app.py starts it again")

    return run


def tell(
    platform: Platform, settings: Settings, wallet: Path, output: Output, how: dict[str, Any]
) -> Story:
    """Do the eight steps with a worker beside, and return the story."""
    people = gather_people(wallet, how["people"], how["seed"])
    story = Story(platform, people, settings.home / "demo", how["seed"], bool(how["people"]))
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


def begin(home: Path, wallet: Path, asked: dict[str, Any]) -> None:
    """Make room for the demo: go on with one that was cut short, or begin anew after another.

    Raises:
        ClickException: the home holds something else than a demo, or is in use; nothing is touched.
    """
    mark = home / "demo" / "demo.json"
    known = find_json(mark)
    if known is None and home.exists() and any(home.iterdir()):
        raise click.ClickException(
            f"{home} holds an install that is not the demo's; set VOUCHSAFE_HOME to another folder"
        )
    if known is not None and (known["finished"] or known["asked"] != asked):
        if is_in_use(home):
            raise click.ClickException(f"{home} is in use; stop the platform that runs on it")
        set_aside(home, wallet)
    mark.parent.mkdir(parents=True, exist_ok=True)
    if not mark.exists():
        write_private_json(mark, {"asked": asked, "finished": False})


def set_aside(*folders: Path) -> None:
    """Give the folders that are there the first number that is free; the data stays."""
    number = 1
    while any(one.with_name(f"{one.name}.{number}").exists() for one in folders):
        number += 1
    for one in folders:
        if one.exists():
            one.rename(one.with_name(f"{one.name}.{number}"))


def finish(home: Path) -> None:
    """Note that the demo is done, so that the next one begins anew."""
    mark = home / "demo" / "demo.json"
    write_private_json(mark, {**orjson.loads(mark.read_bytes()), "finished": True})
