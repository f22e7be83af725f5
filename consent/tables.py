"""The MetaData of this package's tables; each is declared in the file that queries it."""

from __future__ import annotations

from sqlalchemy import MetaData

METADATA = MetaData()
