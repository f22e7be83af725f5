"""Spans of time in seconds."""

from __future__ import annotations

from typing import Final

DAY_S: Final = 86_400
YEAR_S: Final = 365 * DAY_S
