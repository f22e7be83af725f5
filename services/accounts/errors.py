"""Errors of joining, signing in and signing, grouped by what the person can do about them."""

from __future__ import annotations

from consent import Outcome
from services.errors import Conflict, Invalid, NotFound, Unauthenticated


class SignInFailed(Unauthenticated):
    """The passkey, wallet, challenge or account is not valid; all causes look alike (401)."""


class InvitationExpired(NotFound):
    """The invitation is unknown, was used, or has expired (404)."""


class InvitationInvalid(Invalid):
    """Nobody can be invited with this role, party and subject (422)."""


class AccountExists(InvitationInvalid):
    """The patient has an account already (422)."""


class ProofInvalid(Invalid):
    """The device's answer does not prove what it should; nothing was signed or stored (422).

    Attributes:
        text: the text for patients that explains it: ``wrongkey``, ``changed`` or ``cancel``.
    """

    def __init__(self, message: str, text: str = "wrongkey") -> None:
        """Keep which text explains it."""
        super().__init__(message)
        self.text = text


class SignatureExpired(NotFound):
    """The signature request is unknown, belongs to someone else, or is older than 10 min (404)."""

    text = "cancel"


class AlreadySigned(Conflict):
    """It was signed and sent to the ledger before; holds the first result (409)."""

    def __init__(self, outcome: Outcome) -> None:
        """Keep the first result."""
        super().__init__("This was signed before; nothing was recorded twice.")
        self.outcome = outcome
