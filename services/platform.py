"""The platform as one value: what app.py joins, and what pages, API, jobs and commands use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from consent import Law
from models import Diagnostics
from storage import Safe
from services.requests import Asking
from services.jobs.queue import Jobs
from services.accounts import People, Site


@dataclass(frozen=True, slots=True)
class Platform:
    """Every part of an install, joined; `organisation` is the custodian's party id."""

    law: Law
    safe: Safe
    diagnostics: Diagnostics
    jobs: Jobs
    people: People
    asking: Asking
    site: Site
    engine: sa.Engine
    clock: Callable[[], float]
    home: Path
    organisation: str
    development: bool
    version: str
