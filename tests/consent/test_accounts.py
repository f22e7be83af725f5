"""Exchanging each account on a real chain, also when it is killed at any step."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

import pytest
from exchanges import (
    ADMIN,
    Keys,
    Killed,
    enrolled,
    kill_after_each,
    new_town,
    patient_of,
    proposal,
    start,
    uses,
)
from geth import Geth
from township import Patient, Town, ask

from consent.account_nonces import REVOKED, own_accounts
from consent.consent_ledger import ConsentLedger
from consent.errors import ConsentInvalid, LedgerUnavailable, NotPermitted
from consent.raw_transactions import RelayerAccount

pytestmark = pytest.mark.node


def exchanged(town: Town) -> tuple[Keys, ConsentLedger, Patient, str]:
    """Return what is there after an exchange: keys, the old process, a patient, who was retired."""
    keys = Keys()
    before = start(town, keys)
    assert not before.accounts.has_admin()
    first = enrolled(before)
    done = before.accounts.rotate(ADMIN, keys, is_revoked=False)
    assert (done.former, done.use, done.waiting) == (town.account.address, "retired", 0)
    assert done.relayer == done.custodian == done.anchor == keys.everyday.address
    return keys, before, first, done.former


def test_after_an_exchange_only_the_new_account_enrols_and_anchors(town: Town) -> None:
    keys, before, first, former = exchanged(town)
    after = start(town, keys)
    assert uses(after) == {
        keys.everyday.address: ("everyday", ("custodian", "anchor")),
        ADMIN.address: ("admin", ("admin", "pauser")),
        former: ("retired", ("custodian",)),
    }
    second = enrolled(after)
    assert after.custodian_of(first.subject) == before.custodian()
    assert after.custodian_of(second.subject) == after.custodian()
    after.anchor("journal", b"\1" * 32, 1)
    assert [anchor.count for anchor in after.anchors("journal")] == [1]
    with pytest.raises(LedgerUnavailable, match="restart"):
        before.enrol([patient_of(before).enrols()])
    with pytest.raises(LedgerUnavailable, match="restart"):
        before.anchor("journal", b"\2" * 32, 2)
    # What patients sign is relayed all the same, by a process that still runs with the old account.
    granted = first.grants(town.now_s())
    assert before.grant([granted])[0].ok
    assert after.decide(ask(first)).permitted
    assert before.withdraw([first.withdraws(granted)])[0].ok
    assert not after.decide(ask(first)).permitted
    assert after.check() == []


def test_a_retired_account_proposes_keys_for_its_own_patients_until_it_is_revoked(
    town: Town,
) -> None:
    keys, before, first, former = exchanged(town)
    after = start(town, keys)
    second, old = enrolled(after), before.custodian()
    assert after.can_recover(first.subject)
    assert after.keys.propose_recovery(proposal(first, old)).ok
    assert [r.state for r in after.keys.recoveries_of(first.subject)] == ["waiting"]
    refused = after.keys.propose_recovery(proposal(second, old))
    assert (refused.ok, refused.reason) == (False, "not-the-custodian")

    assert after.accounts.revoke(ADMIN, former).use == REVOKED
    assert uses(after)[former] == ("revoked", ())
    assert not after.can_recover(first.subject)
    assert after.can_recover(second.subject)
    refused = after.keys.propose_recovery(proposal(first, old))
    assert (refused.ok, refused.reason) == (False, "role-missing")
    assert after.check() == []


def test_a_new_installation_has_a_separate_admin_and_a_lost_chain_is_sent_again_in_order(
    own_geth: Geth, tmp_path: Path
) -> None:
    town, keys = new_town(own_geth.endpoint, tmp_path), Keys()
    ledger = start(town, keys)
    assert uses(ledger) == {
        town.account.address: ("everyday", ("custodian", "anchor")),
        ADMIN.address: ("admin", ("admin", "pauser")),
    }
    assert ledger.accounts.has_admin()
    with pytest.raises(NotPermitted, match="is not the admin"):
        ledger.accounts.rotate(RelayerAccount(b"\x32" * 32), keys, is_revoked=False)
    with pytest.raises(ConsentInvalid, match="no former account"):
        ledger.accounts.revoke(ADMIN, town.account.address)
    patient = enrolled(ledger)
    done = ledger.accounts.rotate(ADMIN, keys, is_revoked=True)
    ledger = start(town, keys)
    assert uses(ledger)[done.former] == ("revoked", ())
    enrolled(ledger)
    own_geth.kill()  # and with it go the newest blocks
    own_geth.start()
    ledger = start(town, keys)
    assert not ledger.can_recover(patient.subject)
    assert ledger.check() == []


def test_an_exchange_that_is_killed_after_each_step_is_completed_by_the_next(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, admin = Keys(), RelayerAccount(secrets.token_bytes(32))
    steps = kill_after_each(monkeypatch, keys)
    while steps.count("set_purpose") < 2:  # the second one says that it is complete
        with contextlib.suppress(Killed):
            start(town, keys).accounts.rotate(admin, keys, is_revoked=False)
            pytest.fail("the exchange ended before its last step")
    monkeypatch.undo()
    assert steps.count("write") == 9
    assert [step for step in steps if step != "write"] == [
        "make_next",
        "set_purpose",
        "switch",
        "set_purpose",
    ]
    ledger = start(town, keys)
    assert uses(ledger) == {
        keys.everyday.address: ("everyday", ("custodian", "anchor")),
        admin.address: ("admin", ("admin", "pauser")),
        town.account.address: ("retired", ("custodian",)),
    }
    enrolled(ledger)
    assert ledger.check() == []


class AdminKeys:
    """The key files of admins, in memory."""

    def __init__(self, admin: RelayerAccount) -> None:
        self.admin, self.next = admin, RelayerAccount(secrets.token_bytes(32))

    def make_next(self) -> RelayerAccount:
        return self.next

    def switch(self) -> None:
        self.admin = self.next


def test_an_exchange_of_the_admin_that_is_killed_after_each_step_is_completed_by_the_next(
    shared_geth: Geth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, keys, admins = new_town(shared_geth.endpoint, tmp_path), Keys(), AdminKeys(ADMIN)
    with monkeypatch.context() as patch:
        steps = kill_after_each(patch, admins)
        while "set_purpose" not in steps:
            with contextlib.suppress(Killed):
                start(town, keys).accounts.rotate_admin(admins.admin, admins)
                pytest.fail("the exchange ended before its last step")
    assert steps.count("write") == 5  # money, two roles given, two taken
    assert [step for step in steps if step != "write"] == ["make_next", "switch", "set_purpose"]
    ledger, new = start(town, keys), admins.admin
    assert uses(ledger) == {
        town.account.address: ("everyday", ("custodian", "anchor")),
        new.address: ("admin", ("admin", "pauser")),
        ADMIN.address: ("ex-admin", ()),
    }
    assert bytes.fromhex(ADMIN.address[2:]) not in own_accounts(town.engine)
    with pytest.raises(NotPermitted, match="is not the admin"):
        ledger.accounts.rotate_admin(ADMIN, AdminKeys(ADMIN))
    enrolled(ledger)
    assert ledger.check() == []


def test_an_everyday_account_that_is_the_admin_is_exchanged_first(town: Town) -> None:
    ledger = start(town, Keys())
    with pytest.raises(ConsentInvalid, match="accounts rotate"):
        ledger.accounts.rotate_admin(town.account, AdminKeys(town.account))
