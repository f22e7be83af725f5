"""The pages served to a browser, once for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import served


@pytest.fixture(scope="module")
def origin(hospital: Any) -> Iterator[str]:
    with served(hospital.platform) as address:
        yield address
