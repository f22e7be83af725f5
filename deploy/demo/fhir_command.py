"""The FHIR demo's command: deposits the NAFLD study as FHIR and trains three questions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.output import Output
from consent import ConsentError
from deploy.demo.command import begin, finish
from deploy.demo.fhir_story import EXAMPLES, FhirStory, report
from deploy.demo.nafld_fhir import PERSON_SYSTEM
from deploy.demo.proof import DemoFailed
from deploy.nodes.supervisor import Supervisor
from deploy.processes import WorkerProgram
from deploy.settings import Settings, read_settings
from models import ModelsError
from storage import StorageError

if TYPE_CHECKING:
    from services.wiring import Services

    Open = Callable[[Settings, Callable[[str], None]], AbstractContextManager[Services]]

HOME: Final = "var-fhir"


def demo_fhir(opener: Open) -> click.Command:
    """Return the command, which opens the platform with `opener`."""

    @click.command("demo-fhir")
    @click.option("--people", type=click.IntRange(100), help="How many of the 17,549 people.")
    @click.option(
        "--tables",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar="VOUCHSAFE_NAFLD",
        default=EXAMPLES,
        help="The folder of nafld_raw_*.csv.gz.",
    )
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.pass_context
    def run(context: click.Context, /, people: int | None, tables: Path, as_json: bool) -> None:
        """Deposit the NAFLD study as FHIR, and train three questions with time.

        It has a home of its own (VOUCHSAFE_HOME, or var-fhir). An interrupted demo continues.
        """
        output = Output(as_json)
        # The worker reads the same environment: whose identifiers name a person of this study.
        environment = {
            "VOUCHSAFE_HOME": HOME,
            "VOUCHSAFE_PERSON_SYSTEMS": PERSON_SYSTEM,
            **os.environ,
        }
        settings = read_settings(environment)
        wallet = settings.home.parent / f"{settings.home.name}-wallet"
        begin(settings.home, wallet, {"fhir": True, "people": people})
        started_s = time.monotonic()
        try:
            with opener(settings, output.note) as services:
                story = FhirStory(services, tables, wallet, settings.home / "demo", people)
                _run_steps(story, WorkerProgram(settings, environment), output)
        except (DemoFailed, ConsentError, StorageError, ModelsError) as exc:
            output.note(f"demo-fhir: {exc}")
            context.exit(1)
        text = report(story, time.monotonic() - started_s)
        (settings.home / "demo" / "report.txt").write_text(text, encoding="utf-8")
        finish(settings.home)
        output.result(story.facts, text)

    return run


def _run_steps(story: FhirStory, program: WorkerProgram, output: Output) -> None:
    worker = Supervisor(program)
    worker.start()
    try:
        for step in (story.enrol, story.deposit, story.sign, story.train):
            output.note(str(step.__doc__))
            with output.progress() as progress:
                step(progress)
    finally:
        worker.stop()
