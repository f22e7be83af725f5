"""Completes changes of keys that patients signed once the verified ledger shows them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from attrs import define

from consent import (
    DAY_S,
    ConsentLedger,
    KeyAddition,
    KeyRemoval,
    Message,
    Outcome,
    RecoveryVeto,
    keccak,
)
from services.accounts import IdentityService
from services.accounts.signature_requests import WaitingMessage
from services.patient.acts import PatientActs
from services.patient.signatures import ACT_KINDS

LOG: Final = logging.getLogger("vouchsafe.patient")
MAX_WAIT_S: Final = 30 * DAY_S
"""After this time a change that the ledger never showed is no longer looked for."""
EXPIRED: Final = "not-confirmed"
_VETOED: Final = "vetoed"
KEY_CHANGES: Final = tuple(kind.__name__ for kind in (KeyAddition, KeyRemoval, RecoveryVeto))
"""The kinds of messages that change keys."""


@define(eq=False, repr=False, kw_only=True)
class WaitingKeys:
    """The changes of keys that were sent and not confirmed: a page said that they wait."""

    _identity: IdentityService
    _ledger: ConsentLedger
    _acts: PatientActs
    _clock: Callable[[], float]

    def complete(self) -> int:
        """Repeat here every change that the verified ledger has by now; return how many.

        A passkey that was added can then sign in, one that was removed no longer can, and the
        history has the act. The worker calls it once a minute; repeating it changes nothing.

        Raises:
            LedgerUnavailable, ViewRefused (consent): the next call continues.
        """
        waiting = self._identity.signatures.list_waiting(KEY_CHANGES)
        return sum(self._complete(each) for each in waiting)

    def _complete(self, waiting: WaitingMessage) -> bool:
        signatures, message = self._identity.signatures, waiting.message
        account = self._identity.accounts.find(waiting.account_id)
        if account is None or account.subject is None:
            signatures.end_waiting(waiting.id, Outcome(False, EXPIRED, None, ""))
            return False
        if not self._is_shown(account.subject, message):
            if self._clock() > waiting.prepared_at_s + MAX_WAIT_S:
                LOG.warning("key change %s was never confirmed by the ledger", waiting.id)
                signatures.end_waiting(waiting.id, Outcome(False, EXPIRED, None, ""))
            return False
        request = signatures.get(account, waiting.id)
        self._identity.passkey_changes.apply(account, request, message)
        self._acts.add(account.subject, waiting.id, ACT_KINDS[request.kind])
        name = request.outcome.transaction_hash if request.outcome else ""
        signatures.end_waiting(waiting.id, Outcome(True, "", None, name))
        return True

    def _is_shown(self, subject: bytes, message: Message) -> bool:
        if isinstance(message, RecoveryVeto):
            recoveries = self._ledger.keys.recoveries_of(subject)
            return any(
                each.signer == message.signer and each.state == _VETOED for each in recoveries
            )
        if not isinstance(message, KeyAddition | KeyRemoval):
            return False
        is_gone, key_hash = isinstance(message, KeyRemoval), keccak(message.signer)
        keys = self._ledger.keys.of_subject(subject)
        return any(key.key_hash == key_hash and key.is_removed == is_gone for key in keys)
