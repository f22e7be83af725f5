"""Sends plain mails through the SMTP server of the settings, encrypted on the way."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final

from services.errors import ServiceError

TLS_PORT: Final = 465
TIMEOUT_S: Final = 20.0
_PERMANENT: Final = 500
"""From this reply code on, repeating does not help (RFC 5321, 4.2.1)."""
_CLOSING: Final = 421
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


class MailUnavailable(ServiceError):
    """The mail server cannot be reached or accepts nothing now; try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed over.

    Attributes:
        host, port: of the server; port 465 is encrypted from the start, others by STARTTLS, which
            is left out on this machine alone.
        sender: the address that mails come from.
        user, password: for servers that ask for them; "" for others.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one address."""

    address: str
    subject: str
    text: str


class Mailer:
    """Hands mails over one by one; who calls it keeps them until it says that they are sent."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, mails: Sequence[Mail]) -> Iterator[bool | None]:
        """Yield for each mail, in order, whether the server took it.

        It is False if the server never will, and None if it does not take this one now: one mail
        that waits holds up no other.

        Raises:
            MailUnavailable: the server does not respond, or takes no mail now; what was not yielded
                was not sent.
        """
        try:
            with self._session() as session:
                for mail in mails:
                    yield self._is_taken(session, mail)
        except (smtplib.SMTPException, OSError) as exc:
            # The server's own words may repeat an address.
            raise MailUnavailable(f"the mail server failed: {type(exc).__name__}") from None

    def _is_taken(self, session: smtplib.SMTP, mail: Mail) -> bool | None:
        try:
            session.send_message(self._message(mail))
        except smtplib.SMTPRecipientsRefused as exc:
            code, _ = exc.recipients[mail.address]
        except smtplib.SMTPDataError as exc:
            code = exc.smtp_code
        else:
            return True
        if code == _CLOSING:
            raise smtplib.SMTPServerDisconnected
        return False if code >= _PERMANENT else None

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._server.sender, mail.address
        message["Subject"] = mail.subject
        message["Message-ID"] = make_msgid(domain=self._server.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        host, port = self._server.host, self._server.port
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
            if port == TLS_PORT
            else smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        ) as session:
            if port != TLS_PORT and host not in _THIS_MACHINE:
                session.starttls(context=context)  # raises where the server has none
            if self._server.user:
                session.login(self._server.user, self._server.password)
            yield session
