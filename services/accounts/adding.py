"""Gives a patient one more passkey, and takes one away: by the ledger first, then here."""

from __future__ import annotations

from typing import Any, Final

from consent import (
    ConsentLedger,
    KeyAddition,
    KeyRemoval,
    Message,
    passkey_signature,
    passkey_signer,
)
from services.accounts import webauthn
from services.accounts.account import Account
from services.accounts.challenges import MAKE, Challenges
from services.accounts.errors import BadlyProven
from services.accounts.passkeys import Passkeys
from services.accounts.sessions import Sessions
from services.accounts.signing import Prepared, Signings

OWN: Final = 0
FOR_EVER: Final = 0
MOST_LABEL: Final = 64
POINT_BYTES: Final = 64


class Adding:
    """Three touches: the new device makes a passkey and proves it; a passkey of old says yes.

    What is made and proved waits in the note of its signing; nothing counts before the ledger has
    it, and nothing is kept of a passkey that never does.
    """

    def __init__(
        self,
        ledger: ConsentLedger,
        challenges: Challenges,
        passkeys: Passkeys,
        sessions: Sessions,
        signings: Signings,
    ) -> None:
        self._site = signings.site
        self._ledger = ledger
        self._challenges = challenges
        self._passkeys = passkeys
        self._sessions = sessions
        self._signings = signings

    def begin(self, account: Account) -> dict[str, Any]:
        """Return what the device is asked first: to make a passkey, if it holds none of these."""
        challenge = self._challenges.new(MAKE, account.id)
        known = [one.id for one in self._passkeys.of(account.id)]
        handle, name = bytes.fromhex(account.id), account.name or self._site.name
        options = webauthn.options_to_make(self._site, challenge.value, handle, name, known)
        return {"challenge": challenge.id, "options": options}

    def keep(
        self, account: Account, challenge: str, credential: Any, label: str = ""
    ) -> dict[str, Any]:
        """Note the passkey that the device made, and return what it is to prove.

        The ``challenge`` is the name of the signing that waits for the new passkey and one of old.

        Raises:
            BadlyProven: not a passkey made for this challenge here, or one that is known already.
        """
        asked = self._challenges.take(challenge, MAKE, account.id)
        if asked is None or account.subject is None:
            raise BadlyProven("this took too long: begin again", "cancel")
        made = webauthn.require_made(self._site, asked, credential)
        if self._passkeys.find(made.credential_id) is not None:
            raise BadlyProven("this passkey is in use already")
        signer = passkey_signer(self._ledger.passkey_verifier(), made.qx, made.qy)
        message = KeyAddition(account.subject, signer, OWN, FOR_EVER)
        noted = {
            "passkey": made.credential_id.hex(),
            "qx": made.qx.hex(),
            "qy": made.qy.hex(),
            "label": label[:MOST_LABEL],
        }
        prepared = self._signings.prepare(account, message, noted)
        options = webauthn.options_to_use(self._site, prepared.digest, [made.credential_id])
        return {"challenge": prepared.id, "options": options}

    def prove(self, account: Account, signing: str, credential: Any) -> None:
        """Note that the new passkey has signed its own addition; one of old signs it next.

        Raises:
            SigningOver: unknown, another's, or its ten minutes are over.
            BadlyProven: another passkey, message or site.
        """
        prepared = self._signings.get(account, signing)
        noted = dict(prepared.after)
        if prepared.kind != KeyAddition.__name__ or "passkey" not in noted:
            raise BadlyProven("make a passkey first", "cancel")
        key = bytes.fromhex(noted["qx"]), bytes.fromhex(noted["qy"])
        made = webauthn.require_used(self._site, prepared.digest, credential, key)
        if made.credential_id.hex() != noted["passkey"]:
            raise BadlyProven("another passkey was used than the one just made")
        proof = passkey_signature(made.authenticator_data, made.client_data, made.signature)
        self._signings.note(account, signing, noted | {"proof": proof.hex()})

    def proof_of(self, prepared: Prepared) -> bytes:
        """Return what the new passkey signed.

        Raises:
            BadlyProven: it has signed nothing yet.
        """
        if "proof" not in prepared.after:
            raise BadlyProven("the new passkey has not proved itself", "cancel")
        return bytes.fromhex(prepared.after["proof"])

    def settle(self, account: Account, prepared: Prepared, message: Message) -> None:
        """Do here what the ledger has done: a passkey signs in from now on, or never again.

        Every session of the account has then ended; the page that changed the keys begins a new
        one (web.cookies.renewed), so that who holds a key of old is signed out.
        """
        if isinstance(message, KeyAddition):
            noted = prepared.after
            point = bytes.fromhex(noted["qx"]), bytes.fromhex(noted["qy"])
            self._passkeys.keep(account.id, bytes.fromhex(noted["passkey"]), point, noted["label"])
        elif isinstance(message, KeyRemoval):
            for one in self._passkeys.of(account.id):
                if message.signer[-POINT_BYTES:] == one.qx + one.qy:
                    self._passkeys.remove(account.id, one.id)
        if isinstance(message, KeyAddition | KeyRemoval):
            self._sessions.end_all(account.id)
