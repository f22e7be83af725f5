"""Links of a list go to the addresses that it gives, if the custodian wants that."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from mail_server import Inbox, mail_inbox

from services.custodian.identity_checks import IdentityChecks
from services.custodian.invitation_list_store import InvitationListStore
from services.custodian.invitation_lists import InvitationLists, ListConfirmation
from services.custodian.invitation_mails import BATCH, InvitationMails
from services.custodian.invitations import InvitationRequest
from services.custodian.patient_journal import PatientJournal
from services.errors import Invalid
from services.words import Words

pytestmark = pytest.mark.node
WORDS = Words("en")


@pytest.fixture
def inbox():
    with mail_inbox() as running:
        yield running


@pytest.fixture
def parts(hospital, inbox: Inbox):
    """The services of an installation with a mail server, on the hospital's data."""
    platform = hospital.platform
    installation = replace(platform.installation, mail=inbox.server)
    store = InvitationListStore(platform.engine, platform.store, installation.clock)
    checks = IdentityChecks(
        PatientJournal(ledger=platform.ledger, store=platform.store, installation=installation)
    )
    lists = InvitationLists(
        engine=platform.engine,
        lists=store,
        identity=platform.identity,
        store=platform.store,
        directory=platform.requests.directory,
        checks=checks,
        installation=installation,
    )
    mails = InvitationMails(
        lists=store,
        identity=platform.identity,
        parties=platform.requests.parties,
        installation=installation,
    )
    yield lists, mails
    for each in lists.list_all():
        lists.delete(each.id, by="test")


def invited(lists: InvitationLists, text: str, *, mails: bool = True) -> str:
    confirmation = ListConfirmation(identity="card", new_patients=True, mails=mails)
    checked = lists.check(WORDS, text.encode(), "de", by="me")
    return lists.invite(WORDS, checked.id, confirmation, by="me").id


def test_each_address_gets_its_link_once_and_nothing_about_the_person(parts, inbox) -> None:
    lists, mails = parts
    first, second = (f"E{secrets.token_hex(5)}" for _ in range(2))
    list_id = invited(lists, f"{first},a@example.org,Anna Bee,es\n{second}")
    assert [person.mail for person in lists.get(list_id).people] == ["waiting", ""]
    assert (mails.send_waiting(), mails.send_waiting()) == (1, 0)
    (mail,) = inbox.mails
    person = lists.get(list_id).people[0]
    assert (mail["To"], person.mail) == ("a@example.org", "sent")
    text = mail.get_content()
    assert person.link in text
    assert "Su invitación" in mail["Subject"]
    assert first not in text
    assert "Anna" not in text


def test_a_link_that_has_ended_is_not_sent_and_holds_up_no_other(parts, hospital, inbox) -> None:
    lists, mails = parts
    first, second = (f"E{secrets.token_hex(5)}" for _ in range(2))
    list_id = invited(lists, f"{first},a@example.org\n{second},b@example.org")
    request = InvitationRequest(role="patient", number=first, identity="card", new_patient=True)
    hospital.services.custodian.invitations.invite(WORDS, request, by="me")  # a newer link
    assert mails.send_waiting() == 1
    assert [person.mail for person in lists.get(list_id).people] == ["ended", "sent"]
    assert [mail["To"] for mail in inbox.mails] == ["b@example.org"]


def test_a_mail_waits_while_the_server_takes_none_and_a_refused_one_is_shown(parts, inbox) -> None:
    lists, mails = parts
    later, never = (f"E{secrets.token_hex(5)}" for _ in range(2))
    inbox.replies |= {"later@example.org": 450, "never@example.org": 550}
    list_id = invited(lists, f"{never},never@example.org\n{later},later@example.org")
    assert mails.send_waiting() == 0
    assert [person.mail for person in lists.get(list_id).people] == ["refused", "waiting"]
    inbox.replies.clear()
    assert mails.send_waiting() == 1
    assert [person.mail for person in lists.get(list_id).people] == ["refused", "sent"]


def test_a_mailbox_that_is_full_holds_up_nobody_else(parts, inbox) -> None:
    lists, mails = parts
    full, others = f"E{secrets.token_hex(5)}", [f"E{secrets.token_hex(5)}" for _ in range(BATCH)]
    inbox.replies["full@example.org"] = 452
    lines = [f"{full},full@example.org", *(f"{each},{each}@example.org" for each in others)]
    list_id = invited(lists, "\n".join(lines))
    assert mails.send_waiting() == len(others)
    states = [person.mail for person in lists.get(list_id).people]
    assert states == ["waiting", *["sent"] * len(others)]


def test_no_mail_is_sent_unless_it_is_wanted_and_a_server_is_set(hospital, parts, inbox) -> None:
    lists, mails = parts
    number = f"E{secrets.token_hex(5)}"
    invited(lists, f"{number},a@example.org", mails=False)
    assert mails.send_waiting() == 0
    assert inbox.mails == []
    without = hospital.services.custodian.lists
    with pytest.raises(Invalid) as error:
        invited(without, f"{number}-2,a@example.org")
    assert set(error.value.fields) == {"mails"}
