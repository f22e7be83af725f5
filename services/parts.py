"""What every service of an installation may be built from."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from consent import ConsentLedger
from models import Diagnostics
from services.accounts import IdentityService
from services.cards import ModelCards
from services.custodian.intake_stores import IntakeStores
from services.custodian.upload_store import UploadStore
from services.installation import Installation
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.model_monitoring import ModelMonitoring
from services.requests.stores import RequestStores
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every service may be built from."""

    engine: sa.Engine
    ledger: ConsentLedger
    store: RecordStore
    diagnostics: Diagnostics
    identity: IdentityService
    jobs: JobQueue
    workers: Workers
    requests: RequestStores
    installation: Installation
    cards: ModelCards
    model_monitoring: ModelMonitoring
    uploads: UploadStore
    intake: IntakeStores
