"""Lists the database errors that are foreseen: it is unavailable, or a value cannot be stored."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

UNAVAILABLE_ERRORS: Final = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.TimeoutError,
)
"""It cannot be reached, is locked for too long, or is full; nothing was written."""
UNSTORABLE_ERRORS: Final = (sa.exc.DataError,)
"""A value that no column takes: PostgreSQL has no text with a zero byte. Nothing was written."""
UNSTORABLE_MESSAGE: Final = "A value has a character or a size that cannot be stored; correct it."
UNAVAILABLE_MESSAGE: Final = "the database is unavailable; try again in a minute"
"""The message shown in place of the database's own, which repeats parameters."""
