"""Adds a passkey to a patient's account, and removes one: on the ledger first, then here."""

from __future__ import annotations

from typing import Any, Final

from attrs import define

from consent import (
    ConsentLedger,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    passkey_signature,
    passkey_signer,
)
from services.accounts import webauthn
from services.accounts.accounts import Account
from services.accounts.errors import ProofInvalid
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.recovered_keys import RecoveredKeys
from services.accounts.sessions import Sessions
from services.accounts.signature_requests import SignatureRequest, SignatureRequests
from services.accounts.webauthn import DeviceRequest, NewPasskey

OWN_KEY: Final = 0
NO_END: Final = 0
MAX_LABEL: Final = 64
POINT_BYTES: Final = 64


@define(eq=False, repr=False, kw_only=True)
class PasskeyChanges:
    """Adding takes three touches: create the passkey, prove it, confirm with an existing passkey.

    The new passkey waits in the context of its signature request: it is not valid before the
    ledger has it, and nothing remains of one that the ledger never gets.
    """

    _ledger: ConsentLedger
    _creation: PasskeyCreation
    _passkeys: Passkeys
    _sessions: Sessions
    _signatures: SignatureRequests
    _recovered: RecoveredKeys

    def begin(self, account: Account) -> DeviceRequest:
        """Return the request to create a passkey; a device that holds one of these refuses."""
        known = [passkey.id for passkey in self._passkeys.of(account.id)]
        return self._creation.begin(account.id, account.id, account.name, known)

    def add_passkey(
        self, account: Account, challenge_id: str, credential: Any, label: str = ""
    ) -> DeviceRequest:
        """Store the passkey that the device created; return what it must sign to prove itself.

        The `challenge` of the result is the id of the signature request, which waits for the new
        passkey and then for an existing one.

        Raises:
            ProofInvalid: not a passkey created for this challenge here, or one in use already.
        """
        if account.subject is None:
            raise ProofInvalid("Only a patient's account can have another passkey.", "cancel")
        passkey = self._creation.finish(account.id, challenge_id, credential)
        signer = passkey_signer(self._ledger.passkey_verifier(), passkey.qx, passkey.qy)
        context = {
            "passkey": passkey.credential_id.hex(),
            "qx": passkey.qx.hex(),
            "qy": passkey.qy.hex(),
            "label": label[:MAX_LABEL],
        }
        message = KeyAddition(account.subject, signer, OWN_KEY, NO_END)
        request = self._signatures.prepare(account, message, context)
        options = webauthn.request_options(
            self._signatures.site, request.digest, [passkey.credential_id]
        )
        return DeviceRequest(step="prove", challenge=request.id, options=options)

    def prove_passkey(self, account: Account, request_id: str, credential: Any) -> None:
        """Store that the new passkey signed its own addition; an existing one signs next.

        Raises:
            SignatureExpired: unknown, someone else's, or older than ten minutes.
            ProofInvalid: another passkey, message or site.
        """
        request = self._signatures.get(account, request_id)
        if request.kind != KeyAddition.__name__ or "passkey" not in request.context:
            raise ProofInvalid("Create a passkey first.", "cancel")
        passkey = _new_passkey(request)
        assertion = webauthn.require_signed(
            self._signatures.site,
            request.digest,
            credential,
            (passkey.qx, passkey.qy),
            passkey.credential_id,
        )
        proof = passkey_signature(*assertion.parts)
        context = {**request.context, "proof": proof.hex()}
        self._signatures.set_context(account, request_id, context)

    def proof_of(self, request: SignatureRequest) -> bytes:
        """Return the new passkey's signature.

        Raises:
            ProofInvalid: it has not signed yet.
        """
        if "proof" not in request.context:
            raise ProofInvalid("The new passkey has not proved itself yet.", "cancel")
        return bytes.fromhex(request.context["proof"])

    def apply(self, account: Account, request: SignatureRequest, message: Message) -> None:
        """Repeat here what the ledger has recorded: a passkey can sign in, or no longer can.

        A proposed key that was refused never can, and no page asks about it again.
        Every session of the account ends, so that a person who holds a removed key is signed out;
        the page that changed the keys begins a new one (web.cookies.with_new_session).
        """
        if isinstance(message, KeyAddition):
            label = request.context["label"]
            self._passkeys.add(account.id, _new_passkey(request), label=label)
        elif isinstance(message, KeyRemoval):
            for passkey in self._passkeys.of(account.id):
                if message.signer[-POINT_BYTES:] == passkey.qx + passkey.qy:
                    self._passkeys.remove(account.id, passkey.id)
        elif isinstance(message, RecoveryVeto):
            key = self._recovered.of_signer(message.signer)
            if key is not None and key.subject == account.subject:
                self._recovered.close(key)
        if isinstance(message, KeyAddition | KeyRemoval):
            self._sessions.end_all(account.id)


def _new_passkey(request: SignatureRequest) -> NewPasskey:
    return NewPasskey(*(bytes.fromhex(request.context[name]) for name in ("passkey", "qx", "qy")))
