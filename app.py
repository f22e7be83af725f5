"""Builds the application: reads settings, has the parts joined, lists the commands."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

gc.disable()  # see cli/importing.py

import click

from cli import describe_error, expected_errors, make_cli
from cli.help import imported
from cli.importing import without_collecting
from deploy.nodes import Nodes, NodesError, served_alone
from deploy.nodes.supervisor import Program, Supervisor
from deploy.processes import WebProgram, WorkerProgram
from deploy.settings import Settings, SettingsInvalid, find_unknown, read_settings
from deploy.wiring import ledger_settings, node_settings

# What opens the installation is imported by the functions that do: other commands start sooner.
if TYPE_CHECKING:
    from flask import Flask

    from models import Budget
    from services.jobs.worker import Worker
    from services.wiring import Services

gc.freeze()
gc.enable()

VERSION = "0.1.0"
STDERR = 2
# What a patient signed is stored by then; the page says that it is being recorded.
WEB_ANSWER_S = 2.0
Report = Callable[[str], None]


def silent(line: str) -> None:
    """Discard the line."""


def nodes_of(settings: Settings, report: Report) -> Nodes:
    """Return the nodes that an install runs, or shares with another process of it."""
    with without_collecting():
        founder = ledger_settings(settings).founder()
    return Nodes(node_settings(settings, founder), report)


def join(settings: Settings, nodes: Nodes, budget: Budget | None = None) -> Services:
    """Return the services on nodes that run; the ledger is deployed if there was none.

    `budget` is how much work a training run may do, if it is not the usual.
    """
    with without_collecting():
        from deploy.joining import join_services

    return join_services(settings, nodes, VERSION, budget)


@contextmanager
def open_services(settings: Settings | None = None, report: Report = silent) -> Iterator[Services]:
    """Yield the services, with the nodes running for as long as they are used."""
    chosen = settings or read_settings(os.environ)
    nodes = nodes_of(chosen, report)
    with nodes:
        services = join(chosen, nodes)
        try:
            services.ledger.recover()
            yield services
        finally:
            services.diagnostics.close()
            services.engine.dispose()


def make_worker(services: Services) -> Worker:
    """Return a worker of the installation's jobs, with the tasks that it repeats."""
    with without_collecting():
        from deploy.joining import make_worker as made

    return made(services)


def web() -> Flask:
    """Return the application that gunicorn serves; the nodes are those that the supervisor runs."""
    with without_collecting():
        from services.logs import log_to_stderr
        from web import create_app

    log_to_stderr()
    settings = read_settings(os.environ)
    services = join(settings, nodes_of(settings, silent))
    services.ledger.limits.answer_s = WEB_ANSWER_S
    return create_app(services, settings.proxies, settings.metrics_token)


def serve(settings: Settings, report: Report) -> None:
    """Run nodes, worker and web until told to stop; then stop all of them cleanly."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        say_stopping()
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with served_alone(settings.home), open_services(settings, report):
        programs: tuple[Program, ...] = (
            WorkerProgram(settings, os.environ),
            WebProgram(settings, os.environ),
        )
        supervisors = [Supervisor(program) for program in programs]
        try:
            for supervisor in supervisors:
                if not stopping.is_set():
                    supervisor.start()
            if not stopping.is_set():
                report(
                    f"Vouchsafe is on http://{shown_host(settings)}:{settings.port}; "
                    "Ctrl-C stops it"
                )
            stopping.wait()
        finally:
            for supervisor in reversed(supervisors):
                supervisor.stop()


def shown_host(settings: Settings) -> str:
    """Return the name that a browser on this machine uses; passkeys need a name, not a number."""
    return "localhost" if settings.host in ("127.0.0.1", "::1") else settings.host


def say_stopping() -> None:
    """Say on stderr that a signal has arrived; to end the programs takes a few seconds."""
    # Not through a stream: the signal may have interrupted a line that is being written to it.
    os.write(STDERR, b"\nstopping\n")


def interrupt(*_: object) -> None:
    """Say that a command is being interrupted, and interrupt it."""
    say_stopping()
    raise KeyboardInterrupt


def to_people(line: str) -> None:
    """Show a line on stderr, where it disturbs no machine that reads stdout."""
    click.echo(line, err=True)


@click.command()
def worker() -> None:
    """Run the platform's jobs, on nodes that run already; `vouchsafe` starts this itself."""
    with without_collecting():
        from services.logs import log_to_stderr

    log_to_stderr()
    settings = read_settings(os.environ)
    services = join(settings, nodes_of(settings, silent))
    running = make_worker(services)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: running.stop())
    try:
        running.work()
    finally:
        services.diagnostics.close()


@click.command()
def setup() -> None:
    """Create or update the tables and deploy the ledger if there is none; safe to repeat."""
    from deploy.account_keys import admin_path

    settings = _known_settings()
    with open_services(settings, to_people):
        to_people("the database and the ledger are ready")
    admin_key = admin_path(settings.home)
    if admin_key.exists():
        to_people(f"move {admin_key} to an offline medium; see Keys in docs/operations.md")


def commands() -> click.Group:
    """Return the command line: every command of the platform, and what to do without one."""
    group = make_cli(open_services, (SettingsInvalid, NodesError))
    click.version_option(VERSION)(group)
    group.add_command(worker)
    group.add_command(setup)
    for name in ("doctor", "node", "web"):
        group.add_import(name, imported("deploy.commands", name))
    group.add_import("accounts", imported("deploy.accounts_command", "accounts"))
    group.add_import("demo", _demo)
    group.add_import("demo-fhir", _demo_fhir)
    return group


def _demo() -> click.Command:
    with without_collecting():
        from deploy.demo.command import demo

    return demo(open_services, serve)


def _demo_fhir() -> click.Command:
    with without_collecting():
        from deploy.demo.fhir_command import demo_fhir

    return demo_fhir(open_services)


def _known_settings() -> Settings:
    """Return the settings, and name each variable that looks like one and is none."""
    for unknown in find_unknown(os.environ):
        to_people(f"warning: {unknown}")
    return read_settings(os.environ)


def _expected() -> tuple[type[Exception], ...]:
    return (*expected_errors(), SettingsInvalid, NodesError)


def main() -> None:
    """Serve the platform, or run a command; the exit code is 0 if it succeeded."""
    program = Path(sys.argv[0]).name
    try:
        if len(sys.argv) == 1:
            serve(_known_settings(), to_people)
        else:
            signal.signal(signal.SIGINT, interrupt)
            commands()(prog_name=program)
    except SystemExit:  # so click ends a command; to look up the errors below takes time
        raise
    except _expected() as exc:
        to_people(f"{program}: {describe_error(exc)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
