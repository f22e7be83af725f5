"""A patient's message that a stranger's contract brought to the ledger, before ours arrived."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from devices import Device, device
from stranger_world import load_script
from township import Town, ask, make_ledger, make_terms

from consent import abi
from consent.account_nonces import RELAYER
from consent.consent_ledger import ConsentLedger
from consent.findings import LedgerFinding
from consent.outbox import Intent, Outbox, StoredTransaction
from consent.raw_transactions import Payload, RelayerAccount, read_payload
from consent.tables import METADATA
from consent.terms import Signed
from consent.transactions import Outcome
from deploy.database import make_engine

pytestmark = pytest.mark.node

# Calls the contract that the first word of the calldata names with the rest.
FORWARDER = bytes.fromhex("6020360380602060003760006000916000600060003 55af100".replace(" ", ""))


class Stranger:
    """Somebody with an account of their own, who sees each message before it is mined."""

    def __init__(self, town: Town, folder: Path) -> None:
        engine = make_engine(f"sqlite:///{folder / 'stranger.db'}")
        METADATA.create_all(engine)
        account = RelayerAccount(b"\x0b" * 32)
        self._outbox = Outbox(engine, town.chain, account, RELAYER)
        self._forwarder = "0x" + town.deploy_code(FORWARDER).hex()
        self._contract = bytes.fromhex(town.deployment.contract[2:]).rjust(32, b"\0")
        money = Payload(to=account.address, data=b"", gas=21_000, value=10**18)
        sent = town.outbox.write([Intent("operator", money)])
        town.outbox.send(sent)
        town.outbox.settle(sent, 20)

    def forward(self, data: bytes) -> None:
        payload = Payload(to=self._forwarder, data=self._contract + data, gas=2_000_000)
        sent = self._outbox.write([Intent("operator", payload)])
        self._outbox.send(sent)
        assert self._outbox.settle(sent, 20)[0].ok

    def overtake(self, ledger: ConsentLedger) -> None:
        """From now on, bring what this ledger stored before the chain gets it from the ledger."""
        outbox = ledger._outbox
        send = outbox.send

        def send_late(transactions: Sequence[StoredTransaction]) -> None:
            for each in transactions:
                self.forward(read_payload(each.raw).data)
            send(transactions)

        outbox.send = send_late  # type: ignore[method-assign]


def with_two_devices(town: Town) -> tuple[ConsentLedger, Device, Device]:
    """Return a ledger, a device of an enrolled patient, and one whose key is not added yet."""
    ledger = make_ledger(town)
    patient = device(ledger)
    return ledger, patient, device(ledger, patient.subject, enrolled=False)


@pytest.fixture
def stranger(town: Town, tmp_path: Path) -> Stranger:
    return Stranger(town, tmp_path)


def unproved(ledger: ConsentLedger) -> bool:
    codes = {finding.code for finding in ledger.check()}
    return bool(codes & {LedgerFinding.CHANGE_NOT_PROVED, LedgerFinding.PROOF_DIFFERS})


def is_permitted(ledger: ConsentLedger, patient: Device) -> bool:
    return ledger.decide(ask(patient)).permitted


def test_each_consent_that_was_signed_here_counts_also_if_a_stranger_brings_it(
    town: Town, stranger: Stranger
) -> None:
    ledger = make_ledger(town)
    patient = device(ledger)
    stranger.overtake(ledger)
    granted = patient.grants(town.now_s())
    refusal = patient.grants(town.now_s(), make_terms(decision="deny"))
    assert ledger.grant([granted])[0].reason == "consent-id-used"
    assert is_permitted(ledger, patient)
    assert ledger.grant([refusal])[0].reason == "consent-id-used"
    assert not is_permitted(ledger, patient)
    assert ledger.withdraw([patient.withdraws(refusal)])[0].ok
    assert is_permitted(ledger, patient)  # a proved withdrawal lifts a refusal
    assert ledger.withdraw([patient.withdraws(granted)])[0].ok
    assert not is_permitted(ledger, patient)
    assert ledger.grant([patient.grants(town.now_s())])[0].reason == "consent-id-used"
    assert ledger.stop([patient.stops(town.now_s())])[0].ok
    assert not is_permitted(ledger, patient)
    assert not unproved(ledger)


def test_each_change_of_keys_that_was_signed_here_counts_also_if_a_stranger_brings_it(
    town: Town, stranger: Stranger
) -> None:
    ledger, patient, second = with_two_devices(town)
    stranger.overtake(ledger)
    assert ledger.keys.add([patient.adds(second)])[0].reason == "key-used"
    assert ledger.grant([second.grants(town.now_s())])[0].reason == "consent-id-used"
    assert is_permitted(ledger, patient)
    assert ledger.keys.remove([patient.removes(second.signer)])[0].ok
    again = make_ledger(town.process())
    again._mirror.rebuild()
    for each in (ledger, again):
        assert [key.is_removed for key in each.keys.of_subject(patient.subject)] == [False, True]
        assert not unproved(each)


def test_the_strangers_script_takes_our_own_transaction_as_proof_and_nothing_else(
    town: Town, stranger: Stranger, tmp_path: Path
) -> None:
    ledger, patient, second = with_two_devices(town)
    stranger.overtake(ledger)
    granted = patient.grants(town.now_s())
    ledger.grant([granted])
    ledger.keys.add([patient.adds(second)])
    ledger.withdraw([patient.withdraws(granted)])
    ledger.keys.remove([patient.removes(second.signer)])
    lines = list(ledger.evidence())
    own = [line["own_transaction"] for line in lines if "own_transaction" in line]
    assert len(own) == 4
    assert judge(lines, town, tmp_path) == []
    others = ["", "0x", "0x02", None, 7, [], "0x" + (b"\xc1" * 9).hex(), *own]
    for other in others:
        changed = [
            {**line, "own_transaction": other} if "own_transaction" in line else line
            for line in lines
        ]
        assert len(judge(changed, town, tmp_path)) == 4 - (other in own)


def test_a_refused_recovery_counts_also_if_a_stranger_brings_it(
    town: Town, stranger: Stranger
) -> None:
    ledger, patient, proposed = with_two_devices(town)
    assert ledger.keys.propose_recovery(proposed.enrols()).ok
    stranger.overtake(ledger)
    assert ledger.keys.veto_recovery([patient.vetoes(proposed.signer)])[0].ok
    assert [each.state for each in ledger.keys.recoveries_of(patient.subject)] == ["vetoed"]
    assert not unproved(ledger)


def test_an_ended_key_is_removed_also_if_a_stranger_removes_it(
    town: Town, stranger: Stranger, tmp_path: Path
) -> None:
    ledger, patient, delegate = with_two_devices(town)
    until_s = town.mirror.sync()[0].block_time_s + 1
    assert ledger.keys.add([patient.adds(delegate, 1, until_s)])[0].ok
    town.advance_chain(until_s + 1)
    stranger.forward(abi.encode_call(abi.END_KEY, patient.subject, delegate.signer))
    assert [key.is_removed for key in ledger.keys.of_subject(patient.subject)] == [False, True]
    assert not unproved(ledger)
    assert judge(ledger.evidence(), town, tmp_path) == []


def judge(lines: Iterable[dict[str, Any]], town: Town, folder: Path) -> list[str]:
    """Return what the stranger's script finds of the ledger in these lines of evidence."""
    path = folder / "evidence.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    check = load_script().Check(str(path), town.endpoint, str(folder))
    wrong: list[str] = check.run_all()["wrong"]
    return [each for each in wrong if each.startswith(("operation", "the line of"))]


def test_a_key_whose_removal_a_strangers_contract_brought_is_on_hold_here(
    town: Town, stranger: Stranger
) -> None:
    ledger = make_ledger(town)
    first = device(ledger)
    stolen = device(ledger, first.subject, enrolled=False)
    assert ledger.keys.add([first.adds(stolen)])[0].ok
    removal = first.removes(stolen.signer)
    stranger.forward(
        abi.encode_call(
            abi.REMOVE_KEY, first.subject, stolen.signer, removal.signer, removal.signature
        )
    )
    assert not ledger.keys.is_removal_signed(first.subject, stolen.signer)
    assert not remove(ledger, removal).ok  # the ledger has it, and shows no proof
    assert ledger.keys.is_removal_signed(first.subject, stolen.signer)
    assert not ledger.keys.is_removal_signed(first.subject, first.signer)
    assert LedgerFinding.CHANGE_NOT_PROVED in {finding.code for finding in ledger.check()}


def remove(ledger: ConsentLedger, removal: Signed) -> Outcome:
    return ledger.keys.remove([removal])[0]
