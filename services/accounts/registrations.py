"""Registers an invited person: a passkey is created, proves itself, and becomes valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from consent import (
    PENDING,
    ConsentError,
    ConsentLedger,
    Enrolment,
    LedgerUnavailable,
    Signed,
    digest,
    keccak,
    passkey_signature,
    passkey_signer,
    typed_message,
)
from services.accounts import webauthn
from services.accounts.accounts import PATIENT, Account
from services.accounts.challenges import SIGN_IN, Challenges
from services.accounts.errors import InvitationExpired, ProofInvalid, SignInFailed
from services.accounts.invitations import Invitation
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.pending_registrations import PendingRegistration, PendingRegistrations
from services.accounts.site import Site
from services.accounts.wallets import Wallets, require_signed_by
from services.accounts.webauthn import DeviceRequest, NewPasskey

ALREADY_ENROLLED: Final = "already-enrolled"
_OTHER_KEY: Final = "Another key is enrolled for this patient. Join or sign in with that key."
_NOT_SHOWN: Final = "the ledger does not show the enrolment yet; try again later"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletAccount:
    """A new account that signs in with a wallet.

    Attributes:
        account: the patient's.
        is_proved: whether the wallet has proved itself. An enrolment that was sent before
            proves nothing: everybody can read its signature there. Then the wallet must sign in.
    """

    account: Account
    is_proved: bool


@define(eq=False, repr=False, kw_only=True)
class Registrations:
    """The way from an invitation to an account; after a crash the same link continues."""

    _site: Site
    _ledger: ConsentLedger
    _challenges: Challenges
    _creation: PasskeyCreation
    _passkeys: Passkeys
    _wallets: Wallets
    _pending: PendingRegistrations

    def find_invitation(self, secret: str) -> Invitation | None:
        """Return the invitation with this secret if it is valid."""
        return self._pending.find_invitation(secret)

    def has_other_key(self, invitation: Invitation) -> bool:
        """Return whether the patient has keys on the ledger, none of which this link can use.

        A trial wallet or a hospital's system enrolled one. Then no passkey can join, but the wallet
        that has the key can. False for staff, and while the ledger cannot be read.
        """
        if invitation.invitee.subject is None:
            return False
        try:
            return self._has_other_key(self._pending.begin(invitation))
        except ConsentError:
            return False

    def begin(self, secret: str) -> DeviceRequest:
        """Return the first request to the device: create a passkey, or prove the one it created.

        Raises:
            InvitationExpired: the link is not valid.
            SignInFailed: the ledger has another key for the patient; no passkey is created.
        """
        invitation = self._pending.get_invitation(secret)
        pending = self._pending.begin(invitation)
        if self._has_other_key(pending):
            raise SignInFailed(_OTHER_KEY)
        if self._is_enrolled(pending):
            # A crash after the ledger's write: creating another key would lose the enrolled one.
            return self._possession_request(pending)
        account_id = pending.account_id
        return self._creation.begin(account_id, account_id, invitation.invitee.name)

    def add_passkey(self, secret: str, challenge_id: str, credential: Any) -> DeviceRequest:
        """Store the passkey that the device created; return what it must sign.

        A patient's key signs its own enrolment, so that nobody can enrol a key they do not hold;
        the others sign a challenge.

        Raises:
            InvitationExpired: as `begin`.
            ProofInvalid: not a passkey created for this challenge on this site.
        """
        invitation = self._pending.get_invitation(secret)
        pending = self._pending.begin(invitation)
        if self._is_enrolled(pending):
            raise ProofInvalid("Another passkey is enrolled already. Start again.", "cancel")
        passkey = self._creation.finish(pending.account_id, challenge_id, credential)
        self._pending.set_passkey(invitation, passkey)
        pending = PendingRegistration(invitation, pending.account_id, passkey)
        if invitation.invitee.role != PATIENT:
            return self._possession_request(pending)
        message = self._enrolment(invitation, self._signer(passkey))
        domain, name = self._ledger.domain(), passkey.credential_id
        return webauthn.request_proof(self._site, domain, message, name)

    def finish(self, secret: str, challenge_id: str, credential: Any, label: str = "") -> Account:
        """Return the new account, whose passkey has proved itself and is valid from now on.

        `label` is the device's name, for the list of passkeys.

        Raises:
            InvitationExpired: as `begin`.
            ProofInvalid: the device did not prove it, or sent the enrolment that the ledger has.
            SignInFailed: the ledger refused the enrolment, or has another key for the patient.
            LedgerUnavailable (consent): the same link continues later.
        """
        invitation = self._pending.get_invitation(secret)
        pending = self._pending.find(invitation)
        if pending is None or pending.passkey is None:
            raise ProofInvalid("Create a passkey first.", "cancel")
        passkey = pending.passkey
        if invitation.invitee.role == PATIENT and not challenge_id:
            if self._is_enrolled(pending) or self._was_sent(invitation, passkey):
                # Everybody can read that signature on the chain.
                raise ProofInvalid("The enrolment was sent already. Start again.", "cancel")
            self._enrol(invitation, passkey, credential)
        else:
            self._require_possession(pending, challenge_id, credential)
        if invitation.invitee.subject is not None:
            self._require_valid_key(invitation.invitee.subject, self._signer(passkey))
        return self._pending.complete(
            pending,
            lambda connection: self._passkeys.insert(
                connection, pending.account_id, passkey, label=label
            ),
        )

    def begin_with_wallet(self, secret: str, address: bytes) -> Mapping[str, Any]:
        """Return the enrolment that a patient's wallet signs, for `eth_signTypedData_v4`.

        Raises:
            InvitationExpired: as `begin`, or the invitation is not for a patient.
        """
        message = self._enrolment(self._pending.get_invitation(secret), address)
        return typed_message(self._ledger.domain(), message)

    def finish_with_wallet(self, secret: str, address: bytes, signature: str) -> WalletAccount:
        """Return the new account of a patient whose own wallet is the subject's key.

        Raises:
            InvitationExpired: as `begin_with_wallet`.
            ProofInvalid: signed by another wallet, or another message; or the wallet signs in to
                another account.
            SignInFailed: the ledger has another key for this patient.
        """
        invitation = self._pending.get_invitation(secret)
        message = self._enrolment(invitation, address)
        hashed = digest(self._ledger.domain(), message)
        signature_bytes = require_signed_by(address, hashed, signature, ProofInvalid)
        if self._wallets.find_account(address) is not None:  # before the ledger has its enrolment
            raise ProofInvalid("The wallet is registered already; use another one.")
        is_known = self._ledger.keys.was_sent(message.subject, address)
        is_known = is_known or self._ledger.is_enrolled(message.subject)
        self._submit(Signed(message, address, signature_bytes))
        self._require_valid_key(message.subject, address)
        pending = self._pending.begin(invitation)
        account = self._pending.complete(
            pending, lambda connection: self._wallets.add(connection, address, pending.account_id)
        )
        return WalletAccount(account=account, is_proved=not is_known)

    def _has_other_key(self, pending: PendingRegistration) -> bool:
        subject, passkey = pending.invitation.invitee.subject, pending.passkey
        if subject is None or not self._ledger.is_enrolled(subject):
            return False
        return passkey is None or not self._has_key(subject, self._signer(passkey))

    def _has_key(self, subject: bytes, signer: bytes) -> bool:
        keys = self._ledger.keys.of_subject(subject)
        return any(key.key_hash == keccak(signer) and not key.is_removed for key in keys)

    def _is_enrolled(self, pending: PendingRegistration) -> bool:
        """Return whether the ledger has the patient's key, or is to have the one created here."""
        subject, passkey = pending.invitation.invitee.subject, pending.passkey
        if subject is None or passkey is None:
            return False
        is_coming = self._ledger.keys.is_enrolling(subject, self._signer(passkey))
        return is_coming or self._ledger.is_enrolled(subject)

    def _was_sent(self, invitation: Invitation, passkey: NewPasskey) -> bool:
        signer = self._signer(passkey)
        return self._ledger.keys.was_sent(self._enrolment(invitation, signer).subject, signer)

    def _possession_request(self, pending: PendingRegistration) -> DeviceRequest:
        challenge = self._challenges.new(SIGN_IN, pending.account_id)
        known = [pending.passkey.credential_id] if pending.passkey else []
        options = webauthn.request_options(self._site, challenge.value, known)
        return DeviceRequest(step="prove", challenge=challenge.id, options=options)

    def _signer(self, passkey: NewPasskey) -> bytes:
        return passkey_signer(self._ledger.passkey_verifier(), passkey.qx, passkey.qy)

    def _enrolment(self, invitation: Invitation, signer: bytes) -> Enrolment:
        subject = invitation.invitee.subject
        if subject is None:
            raise InvitationExpired("The invitation is not for a patient. Join with a passkey.")
        return Enrolment(subject, self._ledger.custodian(), signer)

    def _enrol(self, invitation: Invitation, passkey: NewPasskey, credential: Any) -> None:
        message = self._enrolment(invitation, self._signer(passkey))
        hashed = digest(self._ledger.domain(), message)
        assertion = webauthn.require_signed(
            self._site, hashed, credential, (passkey.qx, passkey.qy), passkey.credential_id
        )
        self._submit(Signed(message, message.signer, passkey_signature(*assertion.parts)))

    def _submit(self, signed: Signed) -> None:
        outcome = self._ledger.enrol([signed])[0]
        if outcome.reason == PENDING:
            raise LedgerUnavailable(_NOT_SHOWN)
        if not outcome.ok and outcome.reason != ALREADY_ENROLLED:
            raise SignInFailed(f"The ledger refused the enrolment: {outcome.reason}.")

    def _require_valid_key(self, subject: bytes, signer: bytes) -> None:
        """Refuse a key that the ledger does not have for the subject: another was enrolled first.

        Such a person adds a key with the key that is enrolled.
        """
        if self._ledger.keys.is_enrolling(subject, signer):
            raise LedgerUnavailable(_NOT_SHOWN)
        if not self._has_key(subject, signer):
            raise SignInFailed(_OTHER_KEY)

    def _require_possession(
        self, pending: PendingRegistration, challenge_id: str, credential: Any
    ) -> None:
        challenge = self._challenges.take(challenge_id, SIGN_IN, pending.account_id)
        passkey = pending.passkey
        if challenge is None or passkey is None:
            raise ProofInvalid("The request expired after 5 minutes. Start again.", "cancel")
        webauthn.require_signed(
            self._site, challenge, credential, (passkey.qx, passkey.qy), passkey.credential_id
        )
