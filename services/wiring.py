"""Builds the services of an installation from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from services.accounts import IdentityService
from services.auditor.service import AuditorService
from services.idempotency import StoredResponses
from services.information import InformationService
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.monitoring import MonitoringService
from services.operator import OperatorService
from services.parties import PartyNames
from services.platform import Platform
from services.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that faces call; no service receives this, each has only its own ports.

    Attributes:
        identity: accounts, invitations, passkeys, sessions.
        tokens: of programs that use the API.
        responses: kept for requests that are repeated under one Idempotency-Key.
        jobs: long work.
        platform: of views that are not converted yet; goes with the last of them.
    """

    installation: Installation
    identity: IdentityService
    tokens: Tokens
    responses: StoredResponses
    jobs: JobQueue
    information: InformationService
    auditor: AuditorService
    monitoring: MonitoringService
    operator: OperatorService
    platform: Platform


def build_services(platform: Platform) -> Services:
    """Return the services; nothing is read or written yet."""
    installation = Installation(
        organisation=platform.organisation,
        site=platform.site,
        home=platform.home,
        clock=platform.clock,
        is_development=platform.development,
        version=platform.version,
    )
    return Services(
        installation=installation,
        identity=platform.identity,
        tokens=Tokens(platform.engine, platform.clock),
        responses=StoredResponses(platform.engine, platform.clock),
        jobs=platform.jobs,
        information=InformationService(
            ledger=platform.ledger,
            parties=PartyNames(platform.diagnostics),
            installation=installation,
        ),
        auditor=AuditorService(
            ledger=platform.ledger,
            store=platform.store,
            diagnostics=platform.diagnostics,
            jobs=platform.jobs,
            folder=platform.home / "evidence",
        ),
        operator=OperatorService(
            ledger=platform.ledger,
            store=platform.store,
            diagnostics=platform.diagnostics,
            installation=installation,
        ),
        monitoring=MonitoringService(
            ledger=platform.ledger,
            store=platform.store,
            jobs=platform.jobs,
            workers=Workers(platform.engine, platform.clock),
            installation=installation,
        ),
        platform=platform,
    )
