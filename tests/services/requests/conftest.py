"""A record store that seals texts, without nodes."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from storage import RecordStore
from storage.tables import METADATA


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> RecordStore:
    no_node: Any = None
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    made = RecordStore(engine, no_node, no_node, tmp_path_factory.mktemp("home"), time.time)
    made.unseal("passphrase")
    return made
