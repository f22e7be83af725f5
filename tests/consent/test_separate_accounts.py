"""An account for each task: what each can do, and separating them on a real chain."""

from __future__ import annotations

import contextlib
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
    proposal,
    separated,
    start,
    uses,
)
from geth import Geth
from township import Town, ask

from consent.account_nonces import ANCHORER, RELAYER
from consent.consent_ledger import ConsentLedger
from consent.errors import ConsentInvalid, LedgerUnavailable, NotPermitted
from consent.own_accounts import OwnAccounts
from consent.raw_transactions import RelayerAccount

pytestmark = pytest.mark.node


@pytest.fixture
def town(shared_geth: Geth, tmp_path: Path) -> Iterator[Town]:
    with bft_chain(shared_geth.endpoint, tmp_path) as endpoint:
        yield new_town(endpoint, tmp_path, "bft")


def senders(town: Town, ledger: ConsentLedger) -> dict[str, set[str]]:
    """Return from which accounts each kind of transaction was written."""
    by_account = {
        address: {sent.kind for sent in town.outbox.find(account=address)}
        for address in uses(ledger)
    }
    kinds = set().union(*by_account.values())
    return {kind: {each for each in by_account if kind in by_account[each]} for kind in kinds}


def test_each_task_has_an_account_with_only_the_roles_that_it_needs(town: Town) -> None:
    keys, _, ledger = separated(town)
    relayer, custodian, anchor = keys.addresses()
    assert len({relayer, custodian, anchor, ADMIN.address}) == 4
    assert uses(ledger) == {
        relayer: ("relayer", ()),
        custodian: ("custodian", ("custodian", "anchor")),
        anchor: ("anchor", ("anchor",)),
        ADMIN.address: ("admin", ("admin", "pauser")),
    }
    patient = enrolled(ledger)
    granted = patient.grants(town.now_s())
    assert ledger.grant([granted])[0].ok
    assert ledger.decide(ask(patient)).permitted
    assert ledger.withdraw([patient.withdraws(granted)])[0].ok
    assert not ledger.decide(ask(patient)).permitted
    ledger.anchor("journal", b"\1" * 32, 1)
    assert ledger.keys.propose_recovery(proposal(patient, ledger.custodian())).ok
    written = senders(town, ledger)
    assert written["grant"] == written["withdraw"] == {relayer}
    assert written["enrol"] == written["recovery"] == {custodian}
    assert written["anchor"] == {anchor}
    assert ledger.check() == []


@pytest.mark.parametrize("task", ["relayer", "anchor"])
def test_a_thief_of_the_relayers_or_the_anchors_key_enrols_nobody(town: Town, task: str) -> None:
    keys, _, ledger = separated(town)
    stolen: RelayerAccount = getattr(keys, task).everyday
    thief = ConsentLedger(
        town.engine, town.chain, OwnAccounts.single(stolen), town.deployment, town.clock
    )
    thief.recover()
    victim = enrolled(ledger)
    own = type(victim)(thief.domain(), thief.custodian())
    assert thief.enrol([own.enrols()])[0].reason == "role-missing"
    assert not ledger.is_enrolled(own.subject)
    refused = thief.keys.propose_recovery(proposal(victim, thief.custodian()))
    assert not refused.ok
    assert ledger.keys.recoveries_of(victim.subject) == []
    if task == "relayer":
        with pytest.raises(NotPermitted, match="role-missing"):
            thief.anchor("journal", b"\1" * 32, 1)


def test_a_process_from_before_goes_on_until_it_is_restarted(town: Town) -> None:
    _, before, after = separated(town)
    patient = enrolled(before)
    granted = patient.grants(town.now_s())
    assert before.grant([granted])[0].ok
    before.anchor("journal", b"\1" * 32, 1)
    assert after.decide(ask(patient)).permitted
    assert [anchor.count for anchor in after.anchors("journal")] == [1]
    assert after.check() == []


def test_separating_that_is_killed_after_each_step_is_completed_by_the_next(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = SeparateKeys()
    with monkeypatch.context() as patch:
        steps = [kill_after_each(patch, each) for each in (keys.relayer, keys.anchor)]
        for _ in range(20):
            with contextlib.suppress(Killed):
                start(town, keys).accounts.separate(ADMIN, relayer=keys.relayer, anchor=keys.anchor)
                break
        else:
            pytest.fail("the accounts are not separate after 20 runs")
    assert [each for each in sum(steps, []) if each != "write"] == ["make_next", "switch"] * 2
    ledger = start(town, keys)
    relayer, custodian, anchor = keys.addresses()
    assert uses(ledger) == {
        relayer: ("relayer", ()),
        custodian: ("custodian", ("custodian", "anchor")),
        anchor: ("anchor", ("anchor",)),
        ADMIN.address: ("admin", ("admin", "pauser")),
    }
    enrolled(ledger)
    assert ledger.check() == []


@pytest.mark.parametrize("is_revoked", [False, True])
def test_the_relayer_and_the_anchor_are_exchanged_each_by_itself(
    town: Town, *, is_revoked: bool
) -> None:
    keys, _, before = separated(town)
    patient = enrolled(before)
    use = "revoked" if is_revoked else "retired"
    relayer = before.accounts.rotate(None, keys.relayer, is_revoked=is_revoked, purpose=RELAYER)
    anchor = before.accounts.rotate(ADMIN, keys.anchor, is_revoked=is_revoked, purpose=ANCHORER)
    assert (relayer.use, anchor.use, relayer.waiting, anchor.waiting) == (use, use, 0, 0)
    ledger = start(town, keys)
    assert relayer.relayer == keys.relayer.everyday.address
    assert anchor.anchor == keys.anchor.everyday.address
    assert uses(ledger) == {
        keys.relayer.everyday.address: ("relayer", ()),
        keys.everyday.address: ("custodian", ("custodian", "anchor")),
        keys.anchor.everyday.address: ("anchor", ("anchor",)),
        ADMIN.address: ("admin", ("admin", "pauser")),
        relayer.former: (use, ()),
        anchor.former: (use, ()),
    }
    assert ledger.grant([patient.grants(town.now_s())])[0].ok
    ledger.anchor("journal", b"\1" * 32, 1)
    with pytest.raises(LedgerUnavailable, match="restart"):
        before.anchor("journal", b"\2" * 32, 2)
    assert ledger.can_recover(patient.subject)
    assert ledger.check() == []


def test_an_exchange_of_the_anchor_that_is_killed_after_each_step_is_completed_by_the_next(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, _, _ = separated(town)
    with monkeypatch.context() as patch:
        steps = kill_after_each(patch, keys.anchor)
        while steps.count("set_purpose") < 2:
            with contextlib.suppress(Killed):
                start(town, keys).accounts.rotate(
                    ADMIN, keys.anchor, is_revoked=False, purpose=ANCHORER
                )
                pytest.fail("the exchange ended before its last step")
    ledger = start(town, keys)
    assert uses(ledger)[keys.anchor.everyday.address] == ("anchor", ("anchor",))
    ledger.anchor("journal", b"\1" * 32, 1)
    assert ledger.check() == []


def test_an_exchange_that_was_begun_is_completed_before_another_begins(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, _, _ = separated(town)
    with monkeypatch.context() as patch:
        steps = kill_after_each(patch, keys)
        while "switch" not in steps:
            with contextlib.suppress(Killed):
                start(town, keys).accounts.rotate(ADMIN, keys, is_revoked=False)
    ledger, relayer = start(town, keys), keys.relayer.everyday.address
    with pytest.raises(ConsentInvalid, match="accounts rotate custodian"):
        ledger.accounts.rotate(None, keys.relayer, is_revoked=False, purpose=RELAYER)
    done = ledger.accounts.rotate(ADMIN, keys.anchor, is_revoked=False, purpose=ANCHORER)
    assert (done.use, done.custodian) == ("retired", keys.everyday.address)
    assert keys.relayer.everyday.address == relayer
    assert start(town, keys).check() == []


def test_one_account_for_everything_is_separated_before_a_part_is_exchanged(town: Town) -> None:
    ledger, keys = start(town, Keys()), Keys()
    for purpose in (RELAYER, ANCHORER):
        with pytest.raises(ConsentInvalid, match="accounts separate"):
            ledger.accounts.rotate(ADMIN, keys, is_revoked=False, purpose=purpose)
    assert keys.next is None


def test_a_chain_of_a_single_validator_keeps_one_account(shared_geth: Geth, tmp_path: Path) -> None:
    town, keys = new_town(shared_geth.endpoint, tmp_path), SeparateKeys()
    with pytest.raises(ConsentInvalid, match="bft or pos"):
        start(town, keys).accounts.separate(ADMIN, relayer=keys.relayer, anchor=keys.anchor)
    for purpose in (RELAYER, ANCHORER):  # and each remedy is a command that works there
        with pytest.raises(ConsentInvalid, match="accounts rotate$"):
            start(town, keys).accounts.rotate(ADMIN, keys, is_revoked=False, purpose=purpose)
    assert keys.relayer.next is keys.anchor.next is keys.next is None
    assert start(town, keys).accounts.rotate(ADMIN, keys, is_revoked=False).use == "retired"
