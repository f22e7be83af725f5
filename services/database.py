"""Lists the database errors that mean it is unavailable and may be back soon."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

UNAVAILABLE_ERRORS: Final = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.TimeoutError,
)
"""It cannot be reached, is locked for too long, or is full; nothing was written."""
UNAVAILABLE_MESSAGE: Final = "the database is unavailable; try again in a minute"
"""The message shown in place of the database's own, which repeats parameters."""
