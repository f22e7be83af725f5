"""What goes wrong when somebody joins, signs in or signs; grouped by what they can do."""

from __future__ import annotations

from consent import Outcome
from services.errors import Conflict, Invalid, NotFound, Unauthenticated


class NotSignedIn(Unauthenticated):
    """The passkey, the challenge or the account does not count; which one is not told (401)."""


class InvitationOver(NotFound):
    """The invitation is unknown, was used, or its time ran out (404)."""


class BadlyProven(Invalid):
    """What the device sent does not prove what it should; nothing was signed or kept (422).

    `word` names the text that says why: ``wrongkey``, ``changed`` or ``cancel``.
    """

    def __init__(self, message: str, word: str = "wrongkey") -> None:
        """Keep which text says why."""
        super().__init__(message)
        self.word = word


class SigningOver(NotFound):
    """What was to be signed is unknown, another's, or its ten minutes are over (404)."""

    word = "cancel"


class AlreadyDone(Conflict):
    """It was signed and brought to the ledger before: no error, but the first result (409)."""

    def __init__(self, outcome: Outcome) -> None:
        """Keep what became of it the first time."""
        super().__init__("this was done already; nothing was recorded twice")
        self.outcome = outcome
