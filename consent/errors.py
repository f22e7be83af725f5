"""The errors of this package, grouped by what the reader can do about them."""

from __future__ import annotations


class ConsentError(Exception):
    """Every error of this package."""


class ConsentRefused(ConsentError):
    """Refused: only the patient can change this (403; 404 to strangers)."""


class NotPermitted(ConsentRefused):
    """No consent on the ledger permits the request; `reason` is the code that decided."""

    def __init__(self, reason: str) -> None:
        """Keep the reason's code, e.g. ``no-consent`` (consent/decision.py lists them)."""
        super().__init__(f"not permitted by the ledger: {reason}")
        self.reason = reason


class SignatureInvalid(ConsentRefused):
    """A signature that is not by a key which may sign the message."""


class ConsentNotFound(ConsentError):
    """Not found (404)."""


class ConsentInvalid(ConsentError):
    """The input is invalid; the message says what to change (422)."""


class UnknownCode(ConsentInvalid):
    """A purpose, category or obligation that is not in the vocabulary."""


class TermsInvalid(ConsentInvalid):
    """Terms that cannot be signed: a missing recipient, an invalid date, a wrong length."""


class WalletUnusable(ConsentInvalid):
    """A wallet that is missing, exists already, is damaged, or is open to other users."""


class LedgerBroken(ConsentError):
    """The chain or the mirror shows something impossible; an operator must look (502)."""


class LedgerUnavailable(ConsentError):
    """The ledger cannot be read or written now; try again later (503)."""


class ViewRefused(LedgerUnavailable):
    """The view is stale, foreign, behind its mark or doubtful: every request is refused."""
