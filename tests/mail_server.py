"""A mail server on this machine that keeps what it is given, and refuses what a test names."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from services.mail import MailServer


class Inbox(socketserver.ThreadingTCPServer):
    """The server, the mails that it took, and its reply to an address and to its mail's text.

    Both are 250 unless named.
    """

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.replies: dict[str, int] = {}
        self.replies_to_text: dict[str, int] = {}
        super().__init__(("127.0.0.1", 0), _Session)

    @property
    def server(self) -> MailServer:
        """Where it is, for settings."""
        port = self.server_address[1]
        return MailServer(host="127.0.0.1", port=port, sender="records@hospital.example")


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        inbox: Inbox = self.server  # type: ignore[assignment]
        self.say(220)
        for line in iter(self.rfile.readline, b""):
            command = line.decode().strip()
            if command.upper().startswith("RCPT TO:"):
                self.say(inbox.replies.get(command[8:].strip("<>"), 250))
            elif command.upper() == "DATA":
                self.say(354)
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                message = message_from_bytes(body, policy=policy.default)
                code = inbox.replies_to_text.get(message["To"], 250)
                inbox.mails += [message] if code == 250 else []
                self.say(code)
            elif command.upper() == "QUIT":
                self.say(221)
                return
            else:
                self.say(250)

    def say(self, code: int) -> None:
        self.wfile.write(f"{code} ok\r\n".encode())


@contextmanager
def mail_inbox() -> Iterator[Inbox]:
    """Yield a server that runs."""
    with Inbox() as inbox:
        threading.Thread(target=inbox.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield inbox
        finally:
            inbox.shutdown()
