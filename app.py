"""Builds the application: reads settings, joins the parts, lists the commands."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

gc.disable()  # what is imported stays: looking for garbage meanwhile took two fifths of a start

import click

from cli import EXPECTED_ERRORS, describe_error, make_cli
from consent import open_ledger
from deploy.account_keys import admin_path
from deploy.accounts_command import accounts
from deploy.commands import doctor, node
from deploy.commands import web as web_command
from deploy.database import make_engine, upgrade
from deploy.demo.command import demo
from deploy.demo.fhir_command import demo_fhir
from deploy.nodes import Nodes, NodesError
from deploy.nodes.private_file import make_private_folder
from deploy.nodes.supervisor import Program, Supervisor
from deploy.processes import WebProgram, WorkerProgram, forbid_core_dumps
from deploy.secrets import mail_server, passphrase
from deploy.settings import Settings, SettingsInvalid, read_settings
from deploy.wiring import ledger_settings, node_settings
from models import Budget, Diagnostics
from services.accounts import Site
from services.custodian.watched_folder import LOOK_EVERY_S
from services.installation import Installation
from services.jobs.kinds import make_runners
from services.jobs.retraining import Retraining
from services.jobs.worker import PeriodicTask, Worker
from services.logs import log_to_stderr
from services.organisations import FILE as ORGANISATIONS
from services.organisations import read_organisations
from services.profile import OrganisationProfile
from services.researcher.counting import CENSUS, COUNT
from services.wiring import Services, build_services
from storage import Kubo, RecordStore, StoreUnavailable

if TYPE_CHECKING:
    from flask import Flask

gc.freeze()
gc.enable()

VERSION = "0.1.0"
STDERR = 2
RECOVER_EVERY_S = 15.0
# What a patient signed is stored by then; the page says that it is being recorded.
WEB_ANSWER_S = 2.0
ANCHOR_EVERY_S = 60.0
DELETIONS_EVERY_S = 600.0
MAILS_EVERY_S = 30.0
MONITOR_EVERY_S = 3_600.0
DAY_S = 86_400
Report = Callable[[str], None]


def silent(line: str) -> None:
    """Discard the line."""


def nodes_of(settings: Settings, report: Report) -> Nodes:
    """Return the nodes that an install runs, or shares with another process of it."""
    return Nodes(node_settings(settings, ledger_settings(settings).founder()), report)


def join(settings: Settings, nodes: Nodes, budget: Budget | None = None) -> Services:
    """Return the services on nodes that run; the ledger is deployed if there was none.

    `budget` is how much work a training run may do, if it is not the usual.
    """
    # ipfshttpclient passes urllib3 an argument that urllib3 3 will refuse; it is pinned below 3.
    warnings.filterwarnings("ignore", "The 'strict' parameter", FutureWarning)
    clock = time.time
    make_private_folder(settings.home)
    forbid_core_dumps()  # from here on, keys and records may be in memory
    engine = make_engine(settings.database_url)
    upgrade(engine)
    ledger = open_ledger(engine, clock, ledger_settings(settings, nodes.endpoints().chain.url))

    def kubo() -> tuple[str, str]:
        try:
            kubo_node = nodes.endpoints().kubo
        except NodesError as exc:
            raise StoreUnavailable("the IPFS node is down; it is started again") from exc
        return kubo_node.multiaddr, kubo_node.authorization

    store = RecordStore(
        engine,
        Kubo(kubo),
        ledger,
        settings.home,
        clock,
        death_ends_consents=settings.consents_after_death == "end",
    )
    store.car_folder.max_bytes = settings.sealed_cache_mb * 2**20
    store.journal.mark = ledger.mark
    store.journal.max_unanchored_s = float(settings.anchor_minutes * 60)
    store.unseal(passphrase(settings))
    grace_s = settings.model_grace_days * DAY_S
    folders = (Path(__file__).parent / "models" / "questions", settings.home / "questions")
    models_home = settings.home / "models"
    diagnostics = Diagnostics(
        engine, ledger, store, models_home, clock, grace_s, folders, budget=budget or Budget()
    )
    installation = Installation(
        organisation=settings.organisation,
        site=Site.at(settings.origin, settings.rp_id),
        home=settings.home,
        clock=clock,
        is_development=settings.development,
        version=VERSION,
        web_processes=settings.web_processes,
        person_systems=settings.person_systems,
        inbox=settings.inbox,
        profile=OrganisationProfile(
            names=settings.names,
            telephone=settings.telephone,
            email=settings.email,
            hours=settings.hours,
            time_zone=settings.time_zone,
        ),
        others=read_organisations(settings.home / ORGANISATIONS),
        mail=mail_server(settings),
    )
    return build_services(
        engine=engine,
        ledger=ledger,
        store=store,
        diagnostics=diagnostics,
        installation=installation,
    )


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
    uploads, inbox = services.custodian.uploads, services.custodian.inbox
    retraining = Retraining(
        diagnostics=services.diagnostics,
        jobs=services.jobs,
        clock=services.installation.clock,
        count_changes=lambda: services.ledger.view().count,
    )
    recover = (
        services.ledger.recover,
        services.store.recover,
        retraining.queue_affected,
        uploads.delete_expired,
        services.custodian.lists.delete_expired,
        services.patient.exports.delete_expired,
    )
    return Worker(
        jobs=services.jobs,
        workers=services.workers,
        runners=make_runners(
            diagnostics=services.diagnostics,
            store=services.store,
            auditor=services.auditor,
            by_id={
                "check-upload": uploads.run_check,
                "store-upload": uploads.run_store,
                "erase": services.erasure.run,
                COUNT: services.researcher.counting.run_count,
                CENSUS: services.researcher.counting.run_census,
            },
            export=services.patient.exports.run,
            erase_answers=services.clinician.predictions.erase_refused,
        ),
        tasks=(
            PeriodicTask(RECOVER_EVERY_S, recover),
            PeriodicTask(ANCHOR_EVERY_S, (services.store.journal.anchor,)),
            PeriodicTask(
                DELETIONS_EVERY_S,
                (
                    services.requests.deletions.update_all,
                    services.identity.signatures.delete_expired,
                ),
            ),
            PeriodicTask(MONITOR_EVERY_S, (services.model_monitoring.measure_due,)),
            PeriodicTask(MAILS_EVERY_S, (services.custodian.mails.send_waiting,)),
            PeriodicTask(LOOK_EVERY_S, () if inbox is None else (inbox.take,)),
            PeriodicTask(
                ANCHOR_EVERY_S,
                (
                    services.ledger.keys.remove_expired,
                    services.custodian.recoveries.complete_due,
                    services.patient.waiting_keys.complete,
                ),
            ),
        ),
    )


def web() -> Flask:
    """Return the application that gunicorn serves; the nodes are those that the supervisor runs."""
    from web import create_app  # commands start sooner without the pages

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
    with open_services(settings, report):
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
    with open_services(report=to_people):
        to_people("the database and the ledger are ready")
    admin_key = admin_path(read_settings(os.environ).home)
    if admin_key.exists():
        to_people(f"move {admin_key} to an offline medium; see Keys in docs/operations.md")


def commands() -> click.Group:
    """Return the command line: every command of the platform, and what to do without one."""
    group = make_cli(open_services, (SettingsInvalid, NodesError))
    click.version_option(VERSION)(group)
    demos = demo(open_services, serve), demo_fhir(open_services)
    for command in (worker, web_command, node, setup, doctor, accounts, *demos):
        group.add_command(command)
    return group


def main() -> None:
    """Serve the platform, or run a command; the exit code is 0 if it succeeded."""
    program = Path(sys.argv[0]).name
    try:
        if len(sys.argv) == 1:
            serve(read_settings(os.environ), to_people)
        else:
            signal.signal(signal.SIGINT, interrupt)
            commands()(prog_name=program)
    except (*EXPECTED_ERRORS, SettingsInvalid, NodesError) as exc:
        to_people(f"{program}: {describe_error(exc)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
