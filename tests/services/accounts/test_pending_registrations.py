"""A link that is opened in two tabs at once; no nodes."""

from __future__ import annotations

import sqlalchemy as sa

from services.accounts import Invitee
from services.accounts.accounts import Accounts
from services.accounts.invitations import Invitations
from services.accounts.pending_registrations import PendingRegistrations


def test_two_tabs_that_begin_at_once_have_one_registration(engine: sa.Engine, monkeypatch) -> None:
    invitations = Invitations(engine, lambda: 0.0)
    pending = PendingRegistrations(
        engine=engine, clock=lambda: 0.0, accounts=Accounts(engine), invitations=invitations
    )
    secret = invitations.add(Invitee("clinician", "organisation:a", "Dr A"))
    invitation = pending.get_invitation(secret)
    first, find = pending.begin(invitation), PendingRegistrations.find
    answers = [None]  # the other tab's row is not there yet when this one looks
    monkeypatch.setattr(
        PendingRegistrations,
        "find",
        lambda self, each: answers.pop() if answers else find(self, each),
    )
    assert pending.begin(invitation) == first
