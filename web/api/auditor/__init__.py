"""What an auditor does on the pages, for programs: joins this package's routes."""

from __future__ import annotations

from typing import Final

from web.api.route import Route

ROUTES: Final[tuple[Route, ...]] = ()
