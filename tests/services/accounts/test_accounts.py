"""Which accounts can be disabled, also by two people at the same moment; no nodes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from services.accounts.accounts import Account, Accounts, new_id
from services.accounts.invitations import Invitations, Invitee
from services.tokens import AUDITOR, CUSTODIAN, Tokens

PARTY = "organisation:here"
NOW_S = 1_800_000_000
GUEST = Invitee(AUDITOR, PARTY, "A guest")


def add(engine: sa.Engine, role: str) -> str:
    account = Account(new_id(), role, PARTY, "K", None, "en", NOW_S)
    with engine.begin() as connection:
        Accounts(engine).add(connection, account)
    return account.id


def test_of_two_custodians_who_disable_each_other_at_once_one_remains(engine: sa.Engine) -> None:
    accounts = Accounts(engine)
    for _ in range(8):
        pair = [add(engine, CUSTODIAN) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda each: accounts.disable(each, CUSTODIAN), pair))
        assert sorted(done) == [False, True]
        able = {each.id for each in accounts.list_staff() if not each.is_disabled}
        assert len(able) == 1
        accounts.disable(able.pop())  # the next pair is alone again


def test_the_last_of_a_role_stays_and_others_can_be_disabled(engine: sa.Engine) -> None:
    accounts = Accounts(engine)
    keeper, auditor = add(engine, CUSTODIAN), add(engine, AUDITOR)
    assert not accounts.disable(keeper, CUSTODIAN)
    assert accounts.disable(auditor, CUSTODIAN)
    other = add(engine, CUSTODIAN)
    assert accounts.disable(other, CUSTODIAN)
    assert accounts.disable(other, CUSTODIAN)  # again changes nothing
    assert [each.id for each in accounts.list_staff() if not each.is_disabled] == [keeper]


def test_a_link_issued_while_its_account_or_token_is_locked_out_never_works(
    engine: sa.Engine,
) -> None:
    accounts, tokens = Accounts(engine), Tokens(engine, lambda: NOW_S)
    invitations = Invitations(engine, lambda: NOW_S)
    keeper, (token, _) = add(engine, CUSTODIAN), tokens.create(CUSTODIAN, PARTY, 1)
    accounts.disable(keeper)
    tokens.revoke(token.id)
    for issuer in (keeper, token.id):  # the request was admitted before, and stores it after
        invitations.revoke_issued_by(issuer)
        secret = invitations.add(GUEST, by=issuer)
        assert invitations.find(secret) is None
        assert invitations.find_working([secret]) == set()
        assert invitations.list_open(10) == []
    for able in ("", "operator", add(engine, CUSTODIAN)):
        assert invitations.find(invitations.add(GUEST, by=able)) is not None
