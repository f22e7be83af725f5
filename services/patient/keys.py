"""The keys that can sign for a patient: passkeys, delegates' keys, and proposed new keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from consent import (
    ConsentError,
    ConsentLedger,
    KeyAddition,
    KeyRemoval,
    Recovery,
    RecoveryVeto,
    keccak,
    passkey_signer,
)
from services.accounts import Account, DeviceRequest, IdentityService, SignatureRequest
from services.accounts.key_recoveries import OPEN
from services.accounts.passkeys import Passkey
from services.errors import Invalid, NotFound
from services.patient.signatures import PatientSignatures, subject_of
from services.patient.waiting_keys import KEY_CHANGES

DELEGATE: Final = 1
MAX_LABEL: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """The keys that can sign now.

    Attributes:
        passkeys: those that sign in here.
        delegates_until_s: when each delegate's key ends, seconds UTC.
        has_others: whether the ledger has more of the patient's own keys than these passkeys.
        recoveries: every proposed new key, the oldest first.
        is_checked: False while the ledger cannot be verified.
        is_waiting: whether the patient signed a change of keys that the ledger does not show yet.
    """

    passkeys: Sequence[Passkey]
    delegates_until_s: Sequence[int] = ()
    has_others: bool = False
    recoveries: Sequence[Recovery] = ()
    is_checked: bool = False
    is_waiting: bool = False

    @property
    def open_recoveries(self) -> list[Recovery]:
        """The proposed keys that can still be refused."""
        return [recovery for recovery in self.recoveries if recovery.state in OPEN]


@dataclass(frozen=True, slots=True)
class RemovalReview:
    """A removal to sign, the passkey and its key, and whether it is the last way to sign in."""

    signature: SignatureRequest
    is_last: bool
    passkey: Passkey
    signer: bytes


@define(eq=False, repr=False, kw_only=True)
class PatientKeys:
    """What a patient can do with their own keys.

    NotFound is raised for a key that does not exist or is another account's.
    """

    _identity: IdentityService
    _ledger: ConsentLedger
    _signatures: PatientSignatures

    def list_all(self, account: Account) -> KeyList:
        """Return the keys that can sign for the patient now."""
        subject, passkeys = subject_of(account), self._identity.passkeys.of(account.id)
        is_waiting = bool(self._identity.signatures.list_waiting(KEY_CHANGES, account.id))
        try:
            keys = [k for k in self._ledger.keys.of_subject(subject) if not k.is_removed]
            recoveries = self._ledger.keys.recoveries_of(subject)
        except ConsentError:
            return KeyList(passkeys=passkeys, is_waiting=is_waiting)
        delegates = [key.until_s for key in keys if key.role == DELEGATE]
        return KeyList(
            passkeys=passkeys,
            delegates_until_s=delegates,
            has_others=len(keys) - len(delegates) > len(passkeys),
            recoveries=recoveries,
            is_checked=True,
            is_waiting=is_waiting,
        )

    def has_proposed(self, subject: bytes) -> bool:
        """Return whether a new key was proposed that cannot sign in yet; asks no ledger."""
        return self._identity.key_recoveries.has_open(subject)

    def has_passkeys(self, account: Account) -> bool:
        """Return whether the patient can sign in with a passkey."""
        return bool(self._identity.passkeys.of(account.id))

    def begin_addition(self, account: Account) -> DeviceRequest:
        """Return the first request to the new device: to create a passkey."""
        return self._identity.passkey_changes.begin(account)

    def add_passkey(
        self, account: Account, challenge: str, credential: Any, label: str
    ) -> DeviceRequest:
        """Store the passkey that the device created; return what it is to prove.

        Raises:
            ProofInvalid: it was not created for this challenge, or is in use already.
        """
        return self._identity.passkey_changes.add_passkey(account, challenge, credential, label)

    def prove_passkey(self, account: Account, signing: str, credential: Any) -> SignatureRequest:
        """Store the proof of the new passkey; return its addition, for an earlier key to sign.

        Raises:
            SignatureExpired: unknown, another account's, or expired.
            ProofInvalid: another passkey, message or site.
        """
        self._identity.passkey_changes.prove_passkey(account, signing, credential)
        return self.get_addition(account, signing)

    def get_addition(self, account: Account, signing: str) -> SignatureRequest:
        """Return the addition of a passkey, for an earlier key to sign.

        Raises:
            SignatureExpired: unknown, another account's, or expired.
            NotFound: it adds no key.
        """
        request = self._identity.signatures.get(account, signing)
        if request.kind != KeyAddition.__name__:
            raise NotFound
        return request

    def prepare_removal(self, account: Account, key: str) -> RemovalReview:
        """Return the removal of a passkey (its id in hex) for the patient's device to sign."""
        passkeys = {p.id.hex(): p for p in self._identity.passkeys.of(account.id)}
        passkey = passkeys.get(key)
        if passkey is None:
            raise NotFound
        verifier = self._ledger.passkey_verifier()
        signer = passkey_signer(verifier, passkey.qx, passkey.qy)
        message = KeyRemoval(subject_of(account), signer)
        is_last = len(passkeys) == 1 and not self._has_wallet(account)
        return RemovalReview(self._signatures.prepare(account, message), is_last, passkey, signer)

    def _has_wallet(self, account: Account) -> bool:
        """Return whether a wallet can sign in; while the ledger is unavailable, no."""
        try:
            keys = self._ledger.keys.of_subject(subject_of(account))
        except ConsentError:
            return False
        active = {key.key_hash for key in keys if not key.is_removed}
        return any(keccak(address) in active for address in self._identity.wallets.of(account.id))

    def rename(self, account: Account, key: str, label: str) -> None:
        """Give a passkey (its id in hex) a name that only the patient sees.

        Raises:
            Invalid: the name is empty, longer than 64 characters or not printable.
        """
        passkeys = {p.id.hex(): p for p in self._identity.passkeys.of(account.id)}
        if key not in passkeys:
            raise NotFound
        label = label.strip()
        if not 0 < len(label) <= MAX_LABEL or not label.isprintable():
            raise Invalid(fields={"label": ["1 to 64 printable characters"]})
        self._identity.passkeys.rename(account.id, passkeys[key].id, label)

    def addition_signer(self, request: SignatureRequest) -> bytes:
        """Return the key that an addition is about, from the passkey that the device created."""
        verifier, context = self._ledger.passkey_verifier(), request.context
        return passkey_signer(verifier, *(bytes.fromhex(context[name]) for name in ("qx", "qy")))

    def prepare_veto(self, account: Account, signer: str) -> SignatureRequest:
        """Return the refusal of a proposed key (its signer in hex) for the device to sign.

        Raises:
            NotFound: it was not proposed, or can no longer be refused.
        """
        subject = subject_of(account)
        for recovery in self._ledger.keys.recoveries_of(subject):
            if recovery.signer.hex() == signer and recovery.state in OPEN:
                return self._signatures.prepare(account, RecoveryVeto(subject, recovery.signer))
        raise NotFound
