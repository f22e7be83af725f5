"""Lists of patients who are invited at once: checked, then all of them or nobody."""

from __future__ import annotations

import secrets

import pytest
import sqlalchemy as sa

from services.accounts.accounts import Account
from services.accounts.invitations import JOIN
from services.custodian.identity_checks import IDENTITY_CHECKS, LIST_CHECKS
from services.custodian.invitation_list_store import KEPT_S, InvitationListStore
from services.custodian.invitation_lists import (
    ACCOUNT,
    ENDED,
    LINKED,
    MAX_LISTS,
    NEW,
    RECORDS,
    ListConfirmation,
)
from services.custodian.invitations import InvitationRequest
from services.custodian.people_lists import LineFault, read_people
from services.errors import Invalid, NotFound
from services.requests.history import IDENTITY_CHECKED, LETTER, LINK_ISSUED
from services.words import Words
from storage import Record

pytestmark = pytest.mark.node
WORDS = Words("en")
HOSPITAL = "organisation:this-hospital"


@pytest.fixture
def lists(hospital):
    service = hospital.services.custodian.lists
    yield service
    for each in service.list_all():
        service.delete(each.id, by="test")


def with_records(hospital, number: str) -> str:
    directory = hospital.platform.requests.directory
    subject = directory.get_or_add([number])[number]
    fields = {"x|number": (5.0, "kg")}
    record = Record(subject, "vital-signs", HOSPITAL, "2024-01-02", fields)
    hospital.platform.store.deposits.deposit([record])
    return number


def with_account(hospital, number: str) -> str:
    platform = hospital.platform
    subject = platform.requests.directory.get_or_add([number])[number]
    account = Account(secrets.token_hex(16), "patient", "", "", subject, "en", 0)
    with platform.engine.begin() as connection:
        platform.identity.accounts.add(connection, account)
    return number


def numbers(count: int) -> list[str]:
    return [f"L{secrets.token_hex(6)}" for _ in range(count)]


def link_works(hospital, link: str) -> bool:
    code = link.rsplit("/", 1)[1]
    return hospital.platform.identity.registrations.find_invitation(code) is not None


def test_a_list_invites_whom_it_shows_and_journals_each_as_a_single_invitation(
    hospital, lists
) -> None:
    known, new, joined = numbers(3)
    with_records(hospital, known)
    with_account(hospital, joined)
    text = f"{known},a@example.org,Anna,de\n{new}\n{joined}"
    checked = lists.check(WORDS, text.encode(), "es", by="me")
    states = [(person.number, person.state, person.link) for person in checked.people]
    assert states == [(known, RECORDS, ""), (new, NEW, ""), (joined, ACCOUNT, "")]
    directory, journal = hospital.platform.requests.directory, hospital.platform.store.journal
    assert directory.find_subject(new) is None
    before = journal.size()
    issued = lists.invite(
        WORDS, checked.id, ListConfirmation(identity="card", new_patients=True), by="me"
    )
    assert [person.number for person in issued.invited] == [known, new]
    assert [person.language for person in issued.invited] == ["de", "es"]
    assert all(link_works(hospital, person.link) for person in issued.invited)
    assert journal.size() == before + 2
    for number in (known, new):
        (row,) = journal.of_subject(directory.find_subject(number), 1)
        use = journal.uses_of([row.use])[row.use]
        assert row.answer.outcome == IDENTITY_CHECKED
        assert (use["purpose"], use["actor"], use["why"]) == (JOIN, "me", "card")


def test_a_letter_is_journalled_as_a_link_without_an_identity_check_and_the_patient_reads_it(
    hospital, lists
) -> None:
    (number,) = numbers(1)
    with_records(hospital, number)
    checked = lists.check(WORDS, f"{number},a@example.org".encode(), "en", by="me")
    by_mail = ListConfirmation(identity=LETTER, mails=True)
    with pytest.raises(Invalid, match="mail"):
        lists.invite(WORDS, checked.id, by_mail, by="me")
    lists.invite(WORDS, checked.id, ListConfirmation(identity=LETTER), by="me")
    subject = hospital.platform.requests.directory.find_subject(number)
    entries, _ = hospital.platform.requests.history.list_entries(subject)
    assert IDENTITY_CHECKED not in {entry.outcome for entry in entries}
    entry = next(entry for entry in entries if entry.outcome == LINK_ISSUED)
    assert not entry.is_refusal
    assert entry.text_key == "identity-join-letter"
    assert WORDS(entry.text_key, party="Us").endswith("to the postal address that it has for you.")


def test_a_letter_is_no_check_for_a_new_key_an_erasure_or_a_single_invitation(hospital) -> None:
    assert LETTER in LIST_CHECKS
    assert LETTER not in IDENTITY_CHECKS
    with pytest.raises(Invalid, match="identity"):
        hospital.services.custodian.invitations.invite(
            WORDS, InvitationRequest(role="patient", number="L1", identity=LETTER), by="me"
        )


def test_confirming_twice_issues_no_further_link(hospital, lists) -> None:
    (number,) = numbers(1)
    checked = lists.check(WORDS, number.encode(), "en", by="me")
    first = lists.invite(
        WORDS, checked.id, ListConfirmation(identity="card", new_patients=True), by="me"
    )
    size = hospital.platform.store.journal.size()
    second = lists.invite(
        WORDS, checked.id, ListConfirmation(identity="card", new_patients=True), by="me"
    )
    assert second.people[0].link == first.people[0].link
    assert link_works(hospital, first.people[0].link)
    assert hospital.platform.store.journal.size() == size


def test_nobody_is_invited_while_a_line_is_wrong_or_a_check_is_missing(hospital, lists) -> None:
    known, new = numbers(2)
    with_records(hospital, known)
    wrong = lists.check(WORDS, f"{known}\n{new},x".encode(), "en", by="me")
    assert [problem.fault for problem in wrong.problems] == [LineFault.EMAIL]
    right = lists.check(WORDS, new.encode(), "en", by="me")
    size = hospital.platform.store.journal.size()
    for list_id, identity, is_new, field in (
        (wrong.id, "card", True, "list"),
        (right.id, "", True, "identity"),
        (right.id, "card", False, "new_patients"),
    ):
        with pytest.raises(Invalid) as error:
            lists.invite(
                WORDS, list_id, ListConfirmation(identity=identity, new_patients=is_new), by="me"
            )
        assert set(error.value.fields) == {field}
    assert hospital.platform.store.journal.size() == size
    assert hospital.platform.requests.directory.find_subject(new) is None


def test_people_without_records_are_left_out_unless_they_are_confirmed(hospital, lists) -> None:
    known, new = numbers(2)
    with_records(hospital, known)
    checked = lists.check(WORDS, f"{known}\n{new}".encode(), "en", by="me")
    issued = lists.invite(
        WORDS, checked.id, ListConfirmation(identity="known", new_patients=False), by="me"
    )
    assert [person.number for person in issued.invited] == [known]
    assert hospital.platform.requests.directory.find_subject(new) is None


def test_a_link_that_works_is_replaced_only_if_that_is_confirmed(hospital, lists) -> None:
    linked, fresh, joined = numbers(3)
    with_account(hospital, joined)
    confirmation = ListConfirmation(identity="card", new_patients=True)
    earlier = lists.check(WORDS, linked.encode(), "en", by="me")
    earlier = lists.invite(WORDS, earlier.id, confirmation, by="me")
    assert [person.state for person in earlier.people] == [NEW]  # its own link is no earlier one
    text = f"{linked}\n{fresh}\n{joined}".encode()
    again = lists.check(WORDS, text, "en", by="me")
    assert [person.state for person in again.people] == [LINKED, NEW, ACCOUNT]
    issued = lists.invite(WORDS, again.id, confirmation, by="me")
    assert [person.number for person in issued.invited] == [fresh]
    assert [person.number for person in issued.linked] == [linked]
    assert link_works(hospital, earlier.people[0].link)
    alone = lists.check(WORDS, linked.encode(), "en", by="me")
    with pytest.raises(Invalid) as error:
        lists.invite(WORDS, alone.id, confirmation, by="me")
    assert set(error.value.fields) == {"replace_links"}
    replacing = ListConfirmation(identity="card", replace_links=True)
    (person,) = lists.invite(WORDS, alone.id, replacing, by="me").people
    assert link_works(hospital, person.link)
    assert not link_works(hospital, earlier.people[0].link)


def test_a_list_shows_no_link_that_has_ended(hospital, lists) -> None:
    invited, replaced, revoked, joined = numbers(4)
    issued = {}
    for each, by in ((f"{invited}\n{replaced}\n{joined}", "me"), (revoked, "leaver")):
        checked = lists.check(WORDS, each.encode(), "en", by=by)
        confirmation = ListConfirmation(identity="card", new_patients=True)
        issued[by] = lists.invite(WORDS, checked.id, confirmation, by=by)
    newer = lists.check(WORDS, replaced.encode(), "en", by="me")
    replacing = ListConfirmation(identity="card", replace_links=True)
    newer = lists.invite(WORDS, newer.id, replacing, by="me")
    hospital.platform.identity.invitations.revoke_issued_by("leaver")
    with_account(hospital, joined)
    mine, leavers = (lists.get(issued[by].id) for by in ("me", "leaver"))
    assert [each.state for each in mine.people] == [NEW, ENDED, ACCOUNT]
    assert [each.number for each in mine.invited] == [invited]
    assert link_works(hospital, mine.people[0].link)
    assert [row[0] for row in mine.link_rows(WORDS)[1:]] == [invited]
    assert [(each.state, each.link) for each in leavers.people] == [(ENDED, "")]
    assert [each.number for each in lists.get(newer.id).invited] == [replaced]


def test_a_link_that_was_revoked_is_no_earlier_link(hospital, lists) -> None:
    (number,) = numbers(1)
    confirmation = ListConfirmation(identity="card", new_patients=True)
    first = lists.check(WORDS, number.encode(), "en", by="me")
    lists.invite(WORDS, first.id, confirmation, by="revoked")
    again = lists.check(WORDS, number.encode(), "en", by="me")
    assert [person.state for person in again.people] == [LINKED]
    hospital.platform.identity.invitations.revoke_issued_by("revoked")
    assert [person.state for person in lists.get(again.id).people] == [NEW]


def test_nobody_is_invited_when_the_journal_cannot_be_written(hospital, lists, monkeypatch) -> None:
    (number,) = numbers(1)
    checked = lists.check(WORDS, number.encode(), "en", by="me")

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(hospital.platform.store.journal, "write", fail)
    with pytest.raises(OSError, match="no space"):
        lists.invite(
            WORDS, checked.id, ListConfirmation(identity="card", new_patients=True), by="me"
        )
    assert not lists.get(checked.id).is_issued
    monkeypatch.undo()
    assert lists.invite(
        WORDS, checked.id, ListConfirmation(identity="card", new_patients=True), by="me"
    ).invited


def test_a_list_is_sealed_and_is_deleted_after_a_day(hospital) -> None:
    platform, now = hospital.platform, [1_000_000.0]
    store = InvitationListStore(platform.engine, platform.store, lambda: now[0])
    (number,) = numbers(1)
    stored = store.add(read_people(f"{number},a@example.org".encode()), "en", by="me")
    query = sa.text("SELECT body FROM web_invitation_lists WHERE id = :id")
    with platform.engine.connect() as connection:
        body = bytes(connection.scalar(query, {"id": stored.id}))
    assert number.encode() not in body
    assert b"example.org" not in body
    assert store.get(stored.id) == stored
    now[0] += KEPT_S
    with pytest.raises(NotFound):
        store.get(stored.id)
    assert store.delete_expired() == 1


def test_an_erased_patient_is_taken_out_of_every_list(hospital, lists) -> None:
    leaving, staying = numbers(2)
    checked = lists.check(WORDS, f"{leaving}\n{staying}".encode(), "en", by="me")
    lists.invite(WORDS, checked.id, ListConfirmation(identity="card", new_patients=True), by="me")
    lists.erase_subject(hospital.platform.requests.directory.find_subject(leaving))
    assert [person.number for person in lists.get(checked.id).people] == [staying]


def test_a_patient_who_is_erased_while_a_list_is_confirmed_is_in_no_list(
    hospital, lists, monkeypatch
) -> None:
    leaving, staying = numbers(2)
    directory = hospital.platform.requests.directory
    subject = directory.get_or_add([leaving])[leaving]
    checked = lists.check(WORDS, f"{leaving}\n{staying}".encode(), "en", by="me")
    record_all = lists._checks.record_all

    def erase_meanwhile(*parts: object, **names: object) -> None:
        record_all(*parts, **names)
        lists.erase_subject(subject)

    monkeypatch.setattr(lists._checks, "record_all", erase_meanwhile)
    confirmation = ListConfirmation(identity="card", new_patients=True)
    result = lists.invite(WORDS, checked.id, confirmation, by="me")
    assert (result.is_issued, result.invited) == (False, [])
    assert [person.number for person in result.people] == [staying]
    open_links = hospital.platform.identity.invitations.list_open(1_000)
    assert subject not in {each.invitee.subject for each in open_links}


def test_at_most_twenty_lists_are_stored_at_once(hospital, lists) -> None:
    (number,) = numbers(1)
    for _ in range(MAX_LISTS - len(lists.list_all())):
        lists.check(WORDS, number.encode(), "en", by="me")
    with pytest.raises(Invalid) as error:
        lists.check(WORDS, number.encode(), "en", by="me")
    assert "Delete one" in str(error.value)
