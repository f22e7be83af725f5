"""A browser for every test of the pages: its start costs as much as a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once; each person has a profile of their own in it."""
    with chromium() as made:
        yield made
