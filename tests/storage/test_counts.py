"""What the vault opens so that its custodian can count people."""

from __future__ import annotations

import pytest
from storage_install import Install, access_request, record_of

from consent import LedgerUnavailable, View

pytestmark = pytest.mark.node


def outcomes(install: Install) -> list[str]:
    return [row.answer.outcome for row in install.store.journal.rows()]


def test_people_who_do_not_refuse_are_opened_for_counts_and_journalled_once_each(
    install: Install,
) -> None:
    silent, denying, opted_out = install.patient(), install.patient(), install.patient()
    for patient in (silent, denying, opted_out):
        install.store.deposits.deposit([record_of(patient.subject, n) for n in range(2)])
    install.grant(denying, decision="deny", categories=("laboratory",))
    install.grant(opted_out, decision="deny", recipient="*")
    opened = install.store.vault.open_for_counts(access_request())
    assert {subject: len(records) for subject, records in opened.items()} == {silent.subject: 2}
    (row,) = install.store.journal.rows()
    assert (row.answer.subject, row.answer.outcome) == (silent.subject, "counted")
    assert install.store.check() == []


def test_nothing_is_opened_for_counts_while_refusals_cannot_be_checked(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.store.deposits.deposit([record_of(install.patient().subject)])

    def unavailable() -> View:
        raise LedgerUnavailable("no answer")

    monkeypatch.setattr(install.ledger, "view", unavailable)
    with pytest.raises(LedgerUnavailable):
        install.store.vault.open_for_counts(access_request())
    assert outcomes(install) == []
