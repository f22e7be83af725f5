"""A patient's message that a stranger's contract brought to the ledger, before ours arrived."""

from __future__ import annotations

import pytest
from devices import device
from township import Town, make_ledger

from consent import abi
from consent.findings import LedgerFinding

pytestmark = pytest.mark.node

# Calls the contract that the first word of the calldata names with the rest.
FORWARDER = bytes.fromhex("6020360380602060003760006000916000600060003 55af100".replace(" ", ""))


def test_a_key_whose_removal_a_strangers_contract_brought_is_on_hold_here(town: Town) -> None:
    ledger = make_ledger(town)
    first = device(ledger)
    stolen = device(ledger, first.subject, enrolled=False)
    assert ledger.keys.add([first.adds(stolen)])[0].ok
    removal = first.removes(stolen.signer)
    call = abi.encode_call(
        abi.REMOVE_KEY, first.subject, stolen.signer, removal.signer, removal.signature
    )
    contract = bytes.fromhex(town.deployment.contract[2:]).rjust(32, b"\0")
    forwarder = "0x" + town.deploy_code(FORWARDER).hex()
    town.transact(forwarder, contract + call)
    assert not ledger.keys.is_removal_signed(first.subject, stolen.signer)
    assert not ledger.keys.remove([removal])[0].ok  # the ledger has it, and shows no proof
    assert ledger.keys.is_removal_signed(first.subject, stolen.signer)
    assert not ledger.keys.is_removal_signed(first.subject, first.signer)
    assert LedgerFinding.CHANGE_NOT_PROVED in {finding.code for finding in ledger.check()}
