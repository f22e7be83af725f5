"""Says what can go wrong with consents, grouped by what the reader can do about it."""

from __future__ import annotations


class ConsentError(Exception):
    """Every error of this package."""


class ConsentRefused(ConsentError):
    """The answer is no: ask the patient, not the platform (403; 404 to strangers)."""


class NotPermitted(ConsentRefused):
    """No consent on the ledger permits the request; `reason` is the code that decided."""

    def __init__(self, reason: str) -> None:
        """Keep the reason's code, e.g. ``no-consent`` (consent/decision.py lists them)."""
        super().__init__(f"the ledger does not permit this: {reason}")
        self.reason = reason


class SignatureInvalid(ConsentRefused):
    """What was sent is not signed by a key that may sign it."""


class ConsentNotFound(ConsentError):
    """Nothing of that name is here (404)."""


class ConsentInvalid(ConsentError):
    """The input is wrong; the message says what to change (422)."""


class UnknownCode(ConsentInvalid):
    """A purpose, category or obligation that the vocabulary does not hold."""


class TermsInvalid(ConsentInvalid):
    """Terms that nobody could sign: a missing recipient, an unparsable date, a wrong length."""


class WalletUnusable(ConsentInvalid):
    """A wallet that is missing, already there, damaged or open to other users; choose another."""


class LedgerBroken(ConsentError):
    """What the chain or the mirror says cannot be true; an operator must look (502)."""


class LedgerUnavailable(ConsentError):
    """The ledger cannot be read or written now; ask again later (503)."""


class ViewRefused(LedgerUnavailable):
    """The view is stale, foreign, behind its mark or doubtful: every request is refused."""
