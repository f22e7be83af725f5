"""Mails are handed to a server one by one; what it does not take is said, not lost; no nodes."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from mail_server import Inbox, mail_inbox

from services.mail import Mail, Mailer, MailServer, MailUnavailable


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_inbox() as running:
        yield running


def mail(address: str) -> Mail:
    return Mail(address=address, subject="Grüße", text="Ein Satz mit Umlaut: ö.\n")


def test_a_mail_arrives_as_it_was_written(inbox: Inbox) -> None:
    assert list(Mailer(inbox.server).send([mail("a@example.org")])) == [True]
    (message,) = inbox.mails
    assert (message["To"], message["From"]) == ("a@example.org", "records@hospital.example")
    assert message["Subject"] == "Grüße"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == ["Ein Satz mit Umlaut: ö."]


def test_an_address_that_is_refused_for_good_does_not_stop_the_next(inbox: Inbox) -> None:
    inbox.replies["b@example.org"] = 550
    mails = [mail(f"{name}@example.org") for name in "abc"]
    assert list(Mailer(inbox.server).send(mails)) == [True, False, True]
    assert [message["To"] for message in inbox.mails] == ["a@example.org", "c@example.org"]


@pytest.mark.parametrize(("code", "answer"), [(450, None), (452, None), (554, False)])
def test_a_mail_that_the_server_does_not_take_holds_up_no_other(
    inbox: Inbox, code: int, answer: bool | None
) -> None:
    mails = [mail(f"{name}@example.org") for name in "abc"]
    inbox.replies["b@example.org"] = code
    assert list(Mailer(inbox.server).send(mails)) == [True, answer, True]
    inbox.replies.clear()
    inbox.replies_to_text["b@example.org"] = code
    assert list(Mailer(inbox.server).send(mails)) == [True, answer, True]
    assert [message["To"] for message in inbox.mails] == ["a@example.org", "c@example.org"] * 2


def test_nothing_is_yielded_after_the_server_says_that_it_closes(inbox: Inbox) -> None:
    inbox.replies["b@example.org"] = 421
    answers = Mailer(inbox.server).send([mail(f"{name}@example.org") for name in "abc"])
    assert next(answers) is True
    with pytest.raises(MailUnavailable) as error:
        next(answers)
    assert "example.org" not in str(error.value)


def test_a_server_that_does_not_respond_is_unavailable(inbox: Inbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(MailUnavailable):
        list(Mailer(replace(inbox.server, port=port)).send([mail("a@example.org")]))


def test_a_server_elsewhere_must_encrypt(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = smtplib.SMTP.connect
    monkeypatch.setattr(
        smtplib.SMTP, "connect", lambda self, host, port: connect(self, "127.0.0.1", port)
    )
    elsewhere = replace(inbox.server, host="mail.example.org")
    with pytest.raises(MailUnavailable):  # it offers no STARTTLS
        list(Mailer(elsewhere).send([mail("a@example.org")]))
    assert inbox.mails == []


def test_the_password_is_in_no_text_of_the_server() -> None:
    server = MailServer(host="h", port=1, sender="a@example.org", user="u", password="secret")
    assert "secret" not in repr(server)
