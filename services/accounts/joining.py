"""Brings an invited person in: a passkey is made, proves itself, and then counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from consent import (
    ConsentLedger,
    Enrolment,
    Signed,
    digest,
    keccak,
    passkey_signature,
    passkey_signer,
    typed_message,
)
from services.accounts import webauthn
from services.accounts.account import PATIENT, Account
from services.accounts.accounts import Accounts
from services.accounts.challenges import MAKE, SIGN_IN, Challenges
from services.accounts.errors import BadlyProven, InvitationOver, NotSignedIn
from services.accounts.invitations import Invitation, Invitations
from services.accounts.joinings import Joining, Joinings
from services.accounts.passkeys import Passkey, Passkeys
from services.accounts.site import Site
from services.accounts.wallets import Wallets, require_signed_by

KNOWN: Final = "already-enrolled"


@dataclass(frozen=True, slots=True)
class Parts:
    """What joining is made of."""

    engine: sa.Engine
    clock: Callable[[], float]
    site: Site
    ledger: ConsentLedger
    accounts: Accounts
    invitations: Invitations
    challenges: Challenges
    passkeys: Passkeys
    wallets: Wallets
    joinings: Joinings


class Doorway:
    """The way from an invitation to an account; killed anywhere, the same link goes on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def find(self, secret: str) -> Invitation | None:
        """Return an invitation that still counts.

        A patient's counts no more once somebody else's key speaks for the subject.
        """
        found = self._parts.invitations.find(secret)
        if found is None or found.invited.subject is None:
            return found
        is_taken = self._parts.accounts.of_subject(found.invited.subject) is not None
        return None if is_taken else found

    def begin(self, secret: str) -> dict[str, Any]:
        """Return what the device is asked first: to make a passkey, or to prove the one it made.

        Raises:
            InvitationOver: the link counts no more.
        """
        invitation = self._require(secret)
        parts, joining = self._parts, self._parts.joinings.begin(invitation.key)
        if joining.passkey is not None and self._is_enrolled(invitation):
            # Killed between the ledger and our rows: making another key would lose the enrolled.
            return {"step": "prove"} | self._to_prove_again(joining)
        challenge = parts.challenges.new(MAKE, joining.account)
        name = invitation.invited.name or parts.site.name
        handle = bytes.fromhex(joining.account)
        options = webauthn.options_to_make(parts.site, challenge.value, handle, name, [])
        return {"step": "make", "challenge": challenge.id, "options": options}

    def keep(self, secret: str, challenge: str, credential: Any) -> dict[str, Any]:
        """Keep the passkey that the device made, and return what it is to prove.

        A patient's key signs its own enrolment, so that nobody can enrol a key that they do not
        hold; the others' sign a challenge.

        Raises:
            InvitationOver: as `begin`.
            BadlyProven: not a passkey made for this challenge here.
        """
        invitation = self._require(secret)
        parts, joining = self._parts, self._parts.joinings.begin(invitation.key)
        if joining.passkey is not None and self._is_enrolled(invitation):
            raise BadlyProven("the passkey made before is enrolled already: begin again", "cancel")
        asked = parts.challenges.take(challenge, MAKE, joining.account)
        if asked is None:
            raise BadlyProven("this took too long: begin again", "cancel")
        made = webauthn.require_made(parts.site, asked, credential)
        if parts.passkeys.find(made.credential_id) is not None:
            raise BadlyProven("this passkey is in use already")
        parts.joinings.keep(invitation.key, made)
        kept = Joining(invitation.key, joining.account, made)
        if invitation.invited.role != PATIENT:
            return self._to_prove_again(kept)
        message, domain = self._enrolment(invitation, made), parts.ledger.domain()
        hashed = digest(domain, message)
        return {
            "challenge": "",
            "options": webauthn.options_to_use(parts.site, hashed, [made.credential_id]),
            "typed_data": typed_message(domain, message),
        }

    def prove(self, secret: str, challenge: str, credential: Any) -> Account:
        """Return the new account, whose passkey has proved itself and counts from now on.

        Raises:
            InvitationOver: as `begin`.
            BadlyProven: the device did not prove it.
            NotSignedIn: the ledger refused the enrolment.
            LedgerUnavailable (consent): the same link goes on later.
        """
        invitation = self._require(secret)
        joining = self._parts.joinings.find(invitation.key)
        if joining is None or joining.passkey is None:
            raise BadlyProven("make a passkey first", "cancel")
        if invitation.invited.role == PATIENT and not challenge:
            self._enrol(invitation, joining.passkey, credential)
        else:
            self._require_possession(joining, challenge, credential)
        if invitation.invited.subject is not None:
            self._require_speaks(invitation.invited.subject, self._signer(joining.passkey))
        return self._open_with_passkey(invitation, joining)

    def typed_for(self, secret: str, address: bytes) -> dict[str, Any]:
        """Return the enrolment that a patient's wallet signs to join, for `eth_signTypedData_v4`.

        Raises:
            InvitationOver: as `begin`, or the invitation is no patient's.
        """
        message = self._enrolment_of(self._require(secret), address)
        return {"typed_data": typed_message(self._parts.ledger.domain(), message)}

    def join_by_wallet(self, secret: str, address: bytes, signature: str) -> Account:
        """Return the new account of a patient whose own wallet is the subject's key.

        Raises:
            InvitationOver: as `typed_for`.
            BadlyProven: another wallet signed, or another message.
            NotSignedIn: another key speaks for this patient.
        """
        invitation, ledger = self._require(secret), self._parts.ledger
        message = self._enrolment_of(invitation, address)
        hashed = digest(ledger.domain(), message)
        held = require_signed_by(address, hashed, signature, BadlyProven)
        self._bring(Signed(message, address, held))
        self._require_speaks(message.subject, address)
        joining = self._parts.joinings.begin(invitation.key)
        return self._open(
            invitation, joining, lambda to: self._parts.wallets.add(to, address, joining.account)
        )

    def _require(self, secret: str) -> Invitation:
        found = self.find(secret)
        if found is None:
            raise InvitationOver("this link counts no more: ask for a new one")
        return found

    def _is_enrolled(self, invitation: Invitation) -> bool:
        subject = invitation.invited.subject
        return subject is not None and self._parts.ledger.is_enrolled(subject)

    def _to_prove_again(self, joining: Joining) -> dict[str, Any]:
        parts, made = self._parts, joining.passkey
        challenge = parts.challenges.new(SIGN_IN, joining.account)
        known = [made.credential_id] if made else []
        options = webauthn.options_to_use(parts.site, challenge.value, known)
        return {"challenge": challenge.id, "options": options}

    def _signer(self, made: webauthn.NewPasskey) -> bytes:
        return passkey_signer(self._parts.ledger.passkey_verifier(), made.qx, made.qy)

    def _enrolment(self, invitation: Invitation, made: webauthn.NewPasskey) -> Enrolment:
        return self._enrolment_of(invitation, self._signer(made))

    def _enrolment_of(self, invitation: Invitation, signer: bytes) -> Enrolment:
        subject = invitation.invited.subject
        if subject is None:
            raise InvitationOver("this invitation is no patient's")
        return Enrolment(subject, self._parts.ledger.custodian(), signer)

    def _enrol(self, invitation: Invitation, made: webauthn.NewPasskey, credential: Any) -> None:
        message, ledger = self._enrolment(invitation, made), self._parts.ledger
        hashed = digest(ledger.domain(), message)
        key = made.qx, made.qy
        proof = webauthn.require_used(self._parts.site, hashed, credential, key)
        if proof.credential_id != made.credential_id:
            raise BadlyProven("another passkey was used than the one just made")
        signature = passkey_signature(proof.authenticator_data, proof.client_data, proof.signature)
        self._bring(Signed(message, message.signer, signature))

    def _bring(self, signed: Signed) -> None:
        outcome = self._parts.ledger.enrol([signed])[0]
        if not outcome.ok and outcome.reason != KNOWN:
            raise NotSignedIn(f"the enrolment was refused: {outcome.reason}")

    def _require_speaks(self, subject: bytes, signer: bytes) -> None:
        """Refuse a key that is not the subject's on the ledger: another one was there first."""
        keys = self._parts.ledger.keys.of_subject(subject)
        if not any(one.key_hash == keccak(signer) and not one.is_removed for one in keys):
            raise NotSignedIn("another key speaks for this patient: it is added by that key")

    def _require_possession(self, joining: Joining, challenge: str, credential: Any) -> None:
        asked = self._parts.challenges.take(challenge, SIGN_IN, joining.account)
        made = joining.passkey
        if asked is None or made is None:
            raise BadlyProven("this took too long: begin again", "cancel")
        proof = webauthn.require_used(self._parts.site, asked, credential, (made.qx, made.qy))
        if proof.credential_id != made.credential_id:
            raise BadlyProven("another passkey was used than the one just made")

    def _open_with_passkey(self, invitation: Invitation, joining: Joining) -> Account:
        parts, made, now_s = self._parts, joining.passkey, int(self._parts.clock())
        if made is None:
            raise BadlyProven("make a passkey first", "cancel")
        passkey = Passkey(made.credential_id, joining.account, made.qx, made.qy, "", now_s, now_s)
        return self._open(invitation, joining, lambda to: parts.passkeys.add(to, passkey))

    def _open(
        self, invitation: Invitation, joining: Joining, add_key: Callable[[sa.Connection], None]
    ) -> Account:
        parts, invited, now_s = self._parts, invitation.invited, int(self._parts.clock())
        account = Account(
            joining.account, invited.role, invited.party, invited.name, invited.subject, "", now_s
        )
        with parts.engine.begin() as connection:
            if not parts.invitations.use(connection, invitation.key):
                raise InvitationOver("this link was used just now")
            parts.accounts.add(connection, account)
            add_key(connection)
            parts.joinings.forget(connection, invitation.key)
        return account
