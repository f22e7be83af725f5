"""What the vault opens so that its custodian can count people."""

from __future__ import annotations

import pytest
from storage_install import Install, access_request, record_of

from consent import LedgerUnavailable, View
from storage.person_links import LINKED

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


def test_an_opt_out_under_a_linked_number_without_records_keeps_its_person_out(
    install: Install,
) -> None:
    old, new = install.patient(), install.patient()
    install.store.deposits.deposit([record_of(old.subject, n) for n in range(2)])
    link = install.store.links.propose(old.subject, new.subject, "custodian", "c")
    install.store.links.decide(link.id, LINKED, "c")
    install.grant(new, decision="deny", recipient="*")
    assert install.store.vault.open_for_counts(access_request()) == {}
    assert outcomes(install) == []


def test_who_died_is_not_opened_for_counts_where_consents_end_with_death(install: Install) -> None:
    subject = install.patient().subject
    install.store.deposits.deposit([record_of(subject)])
    install.store.deceased.mark(subject, "fhir", "sender")
    assert list(install.store.vault.open_for_counts(access_request())) == [subject]
    ending = install.another(death_ends_consents=True)
    assert ending.vault.open_for_counts(access_request()) == {}


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
