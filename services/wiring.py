"""Builds the services of an installation from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from services.accounts import IdentityService
from services.auditor.service import AuditorService
from services.custodian.approvals import CustodianApprovals
from services.custodian.invitations import CustodianInvitations
from services.custodian.overview import CustodianOverview
from services.custodian.records import CustodianRecords
from services.custodian.recoveries import CustodianRecoveries
from services.custodian.service import CustodianService
from services.custodian.upload_store import UploadStore
from services.custodian.uploads import CustodianUploads
from services.idempotency import StoredResponses
from services.information import InformationService
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
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
    custodian: CustodianService
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
        custodian=_custodian(platform, installation),
        platform=platform,
    )


def _custodian(platform: Platform, installation: Installation) -> CustodianService:
    directory, proposals = platform.asking.directory, platform.asking.proposals
    records = CustodianRecords(
        store=platform.store, ledger=platform.ledger, directory=directory, installation=installation
    )
    return CustodianService(
        overview=CustodianOverview(
            ledger=platform.ledger,
            store=platform.store,
            directory=directory,
            proposals=proposals,
            jobs=platform.jobs,
            workers=Workers(platform.engine, platform.clock),
        ),
        invitations=CustodianInvitations(
            identity=platform.identity, directory=directory, installation=installation
        ),
        uploads=CustodianUploads(
            uploads=UploadStore(platform.engine, platform.store, platform.clock),
            records=records,
            jobs=platform.jobs,
            installation=installation,
        ),
        records=records,
        approvals=CustodianApprovals(
            proposals=proposals,
            store=platform.store,
            directory=directory,
            diagnostics=platform.diagnostics,
            parties=platform.asking.parties,
            installation=installation,
        ),
        recoveries=CustodianRecoveries(ledger=platform.ledger, directory=directory),
    )
