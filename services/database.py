"""Says which of the database's errors mean that it is away and may be back soon."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

AWAY: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""It cannot be reached, is locked for too long, or is full; nothing was written."""
SENTENCE: Final = "the database cannot be used at the moment"
"""What is said of it: its own words repeat parameters."""
