"""Hold the MetaData of this package's tables, each declared in the file that queries it."""

from __future__ import annotations

from sqlalchemy import MetaData

METADATA = MetaData()
