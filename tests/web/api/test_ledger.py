from __future__ import annotations

import pytest

pytestmark = pytest.mark.node


def test_everybody_can_read_the_state_of_the_ledger(stranger) -> None:
    ledger = stranger.get("/ledger").get_json()
    assert ledger["view"]["count"] > 0
    assert ledger["domain"]["contract"].startswith("0x")
