"""Gives a patient who lost every key a new one: created, proposed, and valid after the delay."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from attrs import define

from consent import (
    PENDING,
    ConsentError,
    ConsentLedger,
    Enrolment,
    LedgerUnavailable,
    Outcome,
    Recovery,
    Signed,
    digest,
    passkey_signature,
    passkey_signer,
    recover,
)
from services.accounts import webauthn
from services.accounts.accounts import PATIENT, Accounts, new_id
from services.accounts.errors import InvitationExpired, InvitationInvalid, ProofInvalid
from services.accounts.invitations import RECOVER, Invitation, Invitations, Invitee
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.recovered_keys import RecoveredKey, RecoveredKeys
from services.accounts.site import Site
from services.accounts.wallets import ADDRESS_BYTES
from services.accounts.webauthn import DeviceRequest
from services.tokens import Tokens

NEW: Final = "new"
WAITING: Final = "waiting"
READY: Final = "ready"
FINISHED: Final = "finished"
UNKNOWN: Final = "unknown"
OPEN: Final = (WAITING, READY)
LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryLink:
    """What a recovery link is for now.

    Attributes:
        state: ``new`` before a key is created; then that of the proposal on the ledger:
            ``waiting``, ``ready``, ``finished``, ``vetoed``, ``replaced``, ``void``; ``unknown``
            while the ledger does not show the proposal.
        ready_at_s: the end of the delay, seconds UTC; None if it is not known now.
    """

    state: str
    ready_at_s: int | None = None


@define(eq=False, repr=False, kw_only=True)
class KeyRecoveries:
    """The way from a recovery link to a key that signs in; no answer reveals who has an account."""

    _site: Site
    _ledger: ConsentLedger
    _creation: PasskeyCreation
    _invitations: Invitations
    _accounts: Accounts
    _passkeys: Passkeys
    _keys: RecoveredKeys
    _tokens: Tokens

    def invite(self, subject: bytes, by: str) -> str:
        """Return a link with which an enrolled patient creates a new key; it works once.

        Earlier recovery links of the patient no longer work.

        Raises:
            InvitationInvalid: the patient has no key on the ledger: there is none to recover.
        """
        if not self._ledger.is_enrolled(subject):
            raise InvitationInvalid("The patient has no key yet. Issue an invitation to join.")
        secret = self._invitations.add(Invitee(PATIENT, "", "", subject), RECOVER, by)
        return f"{self._site.origin}/recover/{secret}"

    def find(self, secret: str) -> RecoveryLink | None:
        """Return what a link is for now, or None if it is unknown, revoked or has expired.

        Raises:
            LedgerUnavailable, ViewRefused (consent): the state of the proposal is not known now.
        """
        if self._invitations.find(secret, RECOVER) is not None:
            return RecoveryLink(state=NEW)
        invitation = self._invitations.find_used(secret, RECOVER)
        key = self._keys.of_invitation(invitation) if invitation else None
        if key is None:
            return None
        recovery = self._find_proposal(key)
        if recovery is None:
            return RecoveryLink(state=UNKNOWN)
        # The worker finishes on the ledger first: until then the key cannot sign in here.
        state = READY if recovery.state == FINISHED and key.is_open else recovery.state
        return RecoveryLink(state=state, ready_at_s=recovery.ready_at_s)

    def begin(self, secret: str) -> DeviceRequest:
        """Return the request to create a passkey; a device that holds one of the patient's refuses.

        Raises:
            InvitationExpired: the link does not work.
            ProofInvalid: another tab is sending a key that was created with it. No other is made:
                a device would replace the key that the ledger gets.
        """
        invitation, subject = self._get(secret)
        if self._keys.is_sending(invitation):
            raise ProofInvalid("A key of this link is being proposed. Open the link in a minute.")
        account = self._accounts.of_subject(subject)
        known = [passkey.id for passkey in self._passkeys.of(account.id)] if account else []
        account_id = account.id if account else new_id()
        return self._creation.begin(invitation.id, account_id, "", known)

    def add_passkey(
        self, secret: str, challenge_id: str, credential: Any, label: str = ""
    ) -> DeviceRequest:
        """Store the passkey that the device created; return the enrolment that it signs next.

        Raises:
            InvitationExpired: as `begin`.
            ProofInvalid: not a passkey created for this challenge here, or one in use already.
        """
        invitation, subject = self._get(secret)
        passkey = self._creation.finish(invitation.id, challenge_id, credential)
        if self._keys.has_credential(passkey.credential_id):
            raise ProofInvalid("The passkey is registered already; use another device.")
        signer = passkey_signer(self._ledger.passkey_verifier(), passkey.qx, passkey.qy)
        self._keys.add(
            subject=subject,
            signer=signer,
            credential_id=passkey.credential_id,
            label=label,
            invitation=invitation,
        )
        message = self._enrolment(subject, signer)
        domain, name = self._ledger.domain(), passkey.credential_id
        return webauthn.request_proof(self._site, domain, message, name)

    def propose(self, secret: str, credential: Any) -> Outcome:
        """Propose the new passkey on the ledger; from then on the delay runs.

        Raises:
            InvitationExpired: as `begin`.
            ProofInvalid: no passkey was created with this link, or another one signed, or another
                tab has replaced it.
            LedgerUnavailable (consent): nothing was proposed; the same link continues later.
        """
        invitation, subject = self._get(secret)
        key = self._keys.of_invitation(invitation)
        if key is None or key.passkey is None:
            raise ProofInvalid("Create a passkey first.", "cancel")
        message = self._enrolment(subject, key.signer)
        hashed, point = digest(self._ledger.domain(), message), (key.passkey.qx, key.passkey.qy)
        assertion = webauthn.require_signed(
            self._site, hashed, credential, point, key.passkey.credential_id
        )
        signed = Signed(message, key.signer, passkey_signature(*assertion.parts))
        return self._propose(signed)

    def propose_signed(self, signed: Signed, by: str) -> Outcome:
        """Propose the key of a wallet, which signed its own enrolment elsewhere.

        `by` is the account or the token that proposes it.

        Raises:
            ProofInvalid: not signed by the wallet that it names, or by one that is registered or
                proposed already; nothing was stored.
            LedgerUnavailable (consent): nothing was proposed.
        """
        self._require_own_signature(signed)
        self._keys.add(subject=signed.message.subject, signer=signed.signer, by=by)
        return self._propose(signed)

    def _propose(self, signed: Signed) -> Outcome:
        self._keys.begin_sending(signed.signer)
        try:
            outcome = self._ledger.keys.propose_recovery(signed)
        except LedgerUnavailable:
            self._keys.end_sending(signed.signer)
            raise
        if outcome.ok or outcome.reason == PENDING:  # then it is sent again until the ledger has it
            self._keys.mark_proposed(signed.signer)
        else:
            self._keys.end_sending(signed.signer)
        return outcome

    def is_on_hold(self, subject: bytes, signer: bytes) -> bool:
        """Return whether a proposed key may not be completed.

        The account that proposed it has been disabled since, or the token revoked; or the patient
        signed its refusal here, whether or not the chain node has let the ledger have that.
        """
        if self._ledger.keys.is_refused(subject, signer):
            return True
        key = self._keys.of_signer(signer)
        if key is None or not key.by:
            return False
        account = self._accounts.find(key.by)
        return account.is_disabled if account else self._tokens.is_revoked(key.by)

    def admit_recovered(self) -> list[bytes]:
        """Let every proposed key sign in that the ledger has accepted; return whose they are.

        Call it after `SubjectKeys.finish_recovery`. A key that was refused or replaced never can.

        Raises:
            LedgerUnavailable, ViewRefused (consent): the next call continues.
        """
        subjects = []
        for key in self._keys.list_open():
            recovery = self._find_proposal(key)
            if recovery is None:
                continue
            self._keys.mark_proposed(key.signer)  # a crash may have come before it
            if recovery.state in OPEN:
                continue
            if recovery.state == FINISHED:
                is_on_hold = self.is_on_hold(key.subject, key.signer)
                subjects += [] if is_on_hold else self._admit(key)
            else:
                self._keys.close(key)
        return subjects

    def _admit(self, key: RecoveredKey) -> list[bytes]:
        """Let a key sign in; one that cannot delays no other key."""
        try:
            self._keys.admit(key)
        except sa.exc.IntegrityError:
            # If it is not in use, another process was faster: the next call finds its account.
            if self._keys.is_in_use(key):
                LOG.warning("recovered key of %s signs in already; closed", key.subject.hex())
                self._keys.close(key)
            return []
        return [key.subject]

    def _require_own_signature(self, signed: Signed) -> None:
        message = signed.message
        hashed = digest(self._ledger.domain(), message)
        is_named = isinstance(message, Enrolment) and message.signer == signed.signer
        is_named = is_named and len(signed.signer) == ADDRESS_BYTES
        try:
            is_own = is_named and recover(hashed, signed.signature) == signed.signer
        except ConsentError as exc:
            raise ProofInvalid("Not a signature of this wallet.") from exc
        if not is_own:
            raise ProofInvalid("Not a signature of this wallet.")

    def has_open(self, subject: bytes) -> bool:
        """Return whether a new key is on its way for a patient."""
        return self._keys.has_open(subject)

    def _find_proposal(self, key: RecoveredKey) -> Recovery | None:
        """Return the newest proposal of a key on the ledger."""
        proposals = self._ledger.keys.recoveries_of(key.subject)
        return next((r for r in reversed(proposals) if r.signer == key.signer), None)

    def _get(self, secret: str) -> tuple[Invitation, bytes]:
        invitation = self._invitations.find(secret, RECOVER)
        subject = invitation.invitee.subject if invitation else None
        if invitation is None or subject is None:
            raise InvitationExpired("The link has expired or was already used. Ask for a new one.")
        return invitation, subject

    def _enrolment(self, subject: bytes, signer: bytes) -> Enrolment:
        return Enrolment(subject, self._ledger.custodian_of(subject), signer)
