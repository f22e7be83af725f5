"""The platform as one value: what app.py joins, and what pages, API, jobs and commands use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from consent import ConsentLedger
from models import Diagnostics
from services.accounts import IdentityService, Site
from services.jobs.queue import JobQueue
from services.requests import Asking
from storage import RecordStore


@dataclass(frozen=True, slots=True)
class Platform:
    """Every part of an install, joined; `organisation` is the custodian's party id."""

    ledger: ConsentLedger
    store: RecordStore
    diagnostics: Diagnostics
    jobs: JobQueue
    identity: IdentityService
    asking: Asking
    site: Site
    engine: sa.Engine
    clock: Callable[[], float]
    home: Path
    organisation: str
    development: bool
    version: str
