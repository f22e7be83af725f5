"""Accounts whose key is missing, stolen or without money: what goes on, and what replaces them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchanges import (
    ADMIN,
    Keys,
    Killed,
    SeparateKeys,
    bft_chain,
    enrolled,
    kill_after_each,
    new_town,
    patient_of,
    separated,
    start,
    uses,
)
from geth import Geth
from township import Town, ask

from consent.account_nonces import ANCHORER, RELAYER
from consent.consent_ledger import ConsentLedger
from consent.errors import ConsentInvalid, LedgerUnavailable
from consent.findings import LedgerFinding
from consent.raw_transactions import RelayerAccount

pytestmark = pytest.mark.node


@pytest.fixture
def town(shared_geth: Geth, tmp_path: Path) -> Iterator[Town]:
    with bft_chain(shared_geth.endpoint, tmp_path) as endpoint:
        yield new_town(endpoint, tmp_path, "bft")


def impatient(town: Town, keys: Keys) -> ConsentLedger:
    """Return what a process that starts now holds, and that waits for no account without money."""
    ledger = ConsentLedger(town.engine, town.chain, keys.own(), town.deployment, town.clock)
    ledger.limits.recovery_s = ledger.limits.answer_s = 0.3
    ledger.recover()
    return ledger


def lost() -> RelayerAccount:
    """Return the account of a start without its key file: a new one without money."""
    return RelayerAccount(secrets.token_bytes(32))


def test_a_lost_key_of_the_relayer_is_replaced_with_the_custodians_money(town: Town) -> None:
    keys, _, before = separated(town)
    patient = enrolled(before)
    keys.relayer.everyday = lost()
    penniless = start(town, keys).accounts
    with pytest.raises(ConsentInvalid, match="too little money"):
        penniless.rotate(None, keys.relayer, is_revoked=False, purpose=RELAYER)
    penniless.rotate(None, keys.relayer, is_revoked=True, purpose=RELAYER)
    assert start(town, keys).grant([patient.grants(town.now_s())])[0].ok


def test_what_patients_sign_while_the_relayer_cannot_pay_is_sent_by_the_next(
    town: Town,
) -> None:
    keys, _, before = separated(town)
    patient, other = enrolled(before), enrolled(before)
    granted = patient.grants(town.now_s())
    assert before.grant([granted])[0].ok
    keys.relayer.everyday = lost()
    penniless = impatient(town, keys)
    assert penniless.withdraw([patient.withdraws(granted)])[0].reason == "pending"
    assert penniless.stop([other.stops(town.now_s())])[0].reason == "pending"
    assert penniless.grant([patient.grants(town.now_s())])[0].reason == "pending"
    assert not penniless.decide(ask(patient)).permitted
    # The start, and so the command, is not held up by what cannot be mined.
    done = impatient(town, keys).accounts.rotate(
        None, keys.relayer, is_revoked=True, purpose=RELAYER
    )
    assert done.waiting == 3
    ledger = start(town, keys)
    ledger.recover()
    assert ledger.check() == []
    state = ledger._mirror.state()  # noqa: SLF001 - what the ledger itself has
    assert len(state.withdrawals.subject) == len(state.stops.subject) == 1
    assert ledger.decide(ask(patient)).permitted  # by the second permission
    ledger.recover()
    assert len(town.outbox.find(kind="withdraw")) == 2


def test_an_account_without_money_holds_up_no_other(town: Town) -> None:
    keys, _, before = separated(town)
    keys.anchor.everyday = lost()
    penniless = impatient(town, keys)
    penniless.limits.confirm_s = 0.3
    with pytest.raises(LedgerUnavailable, match="stored"):
        penniless.anchor("journal", b"\1" * 32, 1)
    ledger = impatient(town, keys)
    ledger.limits.answer_s = None
    patient = enrolled(ledger)
    assert ledger.grant([patient.grants(town.now_s())])[0].ok
    findings = {(each.code, each.where) for each in ledger.check()}
    assert (LedgerFinding.RELAYER_BALANCE_LOW, keys.anchor.everyday.address) in findings


def test_verify_names_each_account_that_has_little_money(town: Town) -> None:
    keys, _, _ = separated(town)
    for each in (keys.relayer, keys, keys.anchor):
        each.everyday = lost()
    findings = impatient(town, keys).check()
    low = [each.where for each in findings if each.code is LedgerFinding.RELAYER_BALANCE_LOW]
    assert low == keys.addresses()


@pytest.mark.parametrize("is_revoked", [False, True])
def test_a_lost_key_of_the_custodian_is_replaced_by_an_exchange(
    town: Town, *, is_revoked: bool
) -> None:
    keys, _, before = separated(town)
    patient, relayer, missing = enrolled(before), keys.relayer.everyday, keys.everyday.address
    keys.everyday = relayer  # as a start without its file
    ledger = start(town, keys)
    assert ledger.enrol([patient_of(ledger).enrols()])[0].reason == "role-missing"
    with pytest.raises(ConsentInvalid, match="is missing.*accounts rotate"):
        ledger.accounts.separate(ADMIN, relayer=keys.relayer, anchor=keys.anchor)
    with pytest.raises(ConsentInvalid, match="is missing.*accounts rotate"):
        ledger.accounts.rotate(None, keys.relayer, is_revoked=False, purpose=RELAYER)
    done = ledger.accounts.rotate(ADMIN, keys, is_revoked=is_revoked)
    ledger = start(town, keys)
    assert (done.former, done.relayer) == (missing, relayer.address)
    assert done.custodian == ledger.accounts.list()[1].address
    ended = ("revoked", ()) if is_revoked else ("retired", ("custodian",))
    assert uses(ledger)[missing] == ended
    assert uses(ledger)[relayer.address] == ("relayer", ())
    with pytest.raises(LedgerUnavailable, match="replaced"):  # also with its key
        before.enrol([patient_of(before).enrols()])
    enrolled(ledger)
    assert ledger.grant([patient.grants(town.now_s())])[0].ok
    assert not ledger.can_recover(patient.subject)


def test_replacing_a_lost_custodian_is_completed_after_each_step(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, _, _ = separated(town)
    missing, keys.everyday = keys.everyday.address, keys.relayer.everyday
    with monkeypatch.context() as patch:
        steps = kill_after_each(patch, keys)
        while steps.count("set_purpose") < 2:
            with contextlib.suppress(Killed):
                start(town, keys).accounts.rotate(ADMIN, keys, is_revoked=False)
                pytest.fail("the exchange ended before its last step")
    ledger = start(town, keys)
    assert uses(ledger)[missing] == ("retired", ("custodian",))
    assert uses(ledger)[keys.everyday.address] == ("custodian", ("custodian", "anchor"))
    enrolled(ledger)


def test_an_account_whose_key_was_lost_here_can_be_revoked(town: Town) -> None:
    keys, _, _ = separated(town)
    missing, keys.anchor.everyday = keys.anchor.everyday.address, keys.everyday
    start(town, keys).accounts.separate(ADMIN, relayer=keys.relayer, anchor=keys.anchor)
    ledger = start(town, keys)
    assert uses(ledger)[missing] == (ANCHORER, ("anchor",))
    assert ledger.accounts.revoke(ADMIN, missing).anchor == keys.anchor.everyday.address
    assert uses(ledger)[missing] == ("revoked", ())
    ledger.anchor("journal", b"\1" * 32, 1)
    for address in (*keys.addresses(), ADMIN.address, "0x" + "11" * 20):
        with pytest.raises(ConsentInvalid, match="no former account"):
            ledger.accounts.revoke(ADMIN, address)


def test_a_custodian_that_still_relays_is_replaced_in_both(town: Town) -> None:
    keys = SeparateKeys()
    keys.anchor.everyday = RelayerAccount(secrets.token_bytes(32))
    ledger = start(town, keys)  # as where there was too little money for a relayer
    assert not ledger.accounts.are_separate
    done = ledger.accounts.rotate(ADMIN, keys, is_revoked=False)
    assert done.relayer == done.custodian == keys.everyday.address
    assert done.anchor == keys.anchor.everyday.address
