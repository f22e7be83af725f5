from __future__ import annotations

import pytest
from township import Town

from consent.errors import LedgerBroken
from consent.outbox_restore import find_mined
from consent.typed_data import keccak

pytestmark = pytest.mark.node


def test_mined_transactions_are_found_by_their_nonces_and_others_are_not(town: Town) -> None:
    sent = town.outbox.find()
    nonces = [transaction.nonce for transaction in sent]
    mined = find_mined(town.chain, town.account.address, nonces)
    assert [(item.nonce, item.raw) for item in mined] == [(item.nonce, item.raw) for item in sent]
    assert [keccak(item.raw) for item in mined] == [item.hash for item in mined]
    with pytest.raises(LedgerBroken, match="does not show"):
        find_mined(town.chain, "0x" + "11" * 20, [0])
