"""Joins the parts of an installation: its services, and the worker of its jobs."""

from __future__ import annotations

import logging
import time
import warnings
from pathlib import Path
from typing import Final

import sqlalchemy as sa

import models
from consent import (
    ANCHORER,
    RELAYER,
    ConsentInvalid,
    ConsentLedger,
    LedgerUnavailable,
    can_separate,
    open_ledger,
)
from deploy.account_keys import AccountFiles, make_admin
from deploy.database import make_engine, upgrade
from deploy.nodes import Nodes, NodesError
from deploy.nodes.private_file import make_private_folder
from deploy.processes import forbid_core_dumps
from deploy.secrets import mail_server, passphrase
from deploy.settings import Settings
from deploy.wiring import ledger_settings
from models import Budget, Diagnostics
from services.accounts import Site
from services.custodian.watched_folder import LOOK_EVERY_S
from services.installation import Installation
from services.jobs.kinds import make_runners
from services.jobs.retraining import Retraining
from services.jobs.worker import PeriodicTask, Worker
from services.organisations import FILE as ORGANISATIONS
from services.organisations import read_organisations
from services.profile import OrganisationProfile
from services.researcher.counting import CENSUS, COUNT
from services.wiring import Services, build_services
from storage import Kubo, RecordStore, StoreUnavailable

RECOVER_EVERY_S: Final = 15.0
ANCHOR_EVERY_S: Final = 60.0
DELETIONS_EVERY_S: Final = 600.0
MAILS_EVERY_S: Final = 30.0
MONITOR_EVERY_S: Final = 3_600.0
DAY_S: Final = 86_400


def join_services(
    settings: Settings, nodes: Nodes, version: str, budget: Budget | None = None
) -> Services:
    """Return the services on nodes that run; the ledger is deployed if there was none.

    `version` is the program's, and `budget` how much work a training run may do, if not the usual.
    """
    # ipfshttpclient passes urllib3 an argument that urllib3 3 will refuse; it is pinned below 3.
    warnings.filterwarnings("ignore", "The 'strict' parameter", FutureWarning)
    clock = time.time
    make_private_folder(settings.home)
    forbid_core_dumps()  # from here on, keys and records may be in memory
    engine = make_engine(settings.database_url)
    upgrade(engine)
    ledger = open_ledger_of(engine, settings, nodes.endpoints().chain.url)

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
    folders = (Path(models.__file__).parent / "questions", settings.home / "questions")
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
        version=version,
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


def open_ledger_of(engine: sa.Engine, settings: Settings, endpoint: str) -> ConsentLedger:
    """Return the ledger; the first start deploys it, with an account for each task if it can."""
    is_first = not (settings.home / "ledger.json").exists()
    ledger = open_ledger(engine, time.time, ledger_settings(settings, endpoint))
    if not is_first or not can_separate(settings.ledger_finality):
        return ledger
    files = [AccountFiles(settings.home, purpose) for purpose in (RELAYER, ANCHORER)]
    try:
        ledger.accounts.separate(make_admin(settings), relayer=files[0], anchor=files[1])
    except (ConsentInvalid, LedgerUnavailable) as exc:  # the platform runs with one account too
        logging.getLogger(__name__).warning("accounts are not separate: %s", exc)
        return ledger
    return open_ledger(engine, time.time, ledger_settings(settings, endpoint))


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
