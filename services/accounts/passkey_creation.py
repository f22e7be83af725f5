"""Has a device create a passkey and checks it, for joining, recovery and further passkeys alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define

from services.accounts import webauthn
from services.accounts.challenges import MAKE, Challenges
from services.accounts.errors import ProofInvalid
from services.accounts.passkeys import Passkeys
from services.accounts.site import Site
from services.accounts.webauthn import DeviceRequest, NewPasskey


@define(eq=False, repr=False, kw_only=True)
class PasskeyCreation:
    """Requests to create a passkey; each is bound to an account or a link."""

    _site: Site
    _challenges: Challenges
    _passkeys: Passkeys

    def begin(
        self, about: str, account_id: str, name: str, known: Sequence[bytes] = ()
    ) -> DeviceRequest:
        """Return the request to the device.

        Args:
            about: the id of the account or link that the passkey is for.
            account_id: in hex; a device replaces the passkey that it has for the same account.
            name: what the device shows; "" is the site's.
            known: credential ids of the account: a device that holds one of them refuses.
        """
        challenge = self._challenges.new(MAKE, about)
        handle, name = bytes.fromhex(account_id), name or self._site.name
        options = webauthn.creation_options(self._site, challenge.value, handle, name, list(known))
        return DeviceRequest(step="make", challenge=challenge.id, options=options)

    def finish(self, about: str, challenge_id: str, credential: Any) -> NewPasskey:
        """Return the passkey that the device created.

        Raises:
            ProofInvalid: not created for this challenge here, or in use already.
        """
        challenge = self._challenges.take(challenge_id, MAKE, about)
        if challenge is None:
            raise ProofInvalid("The request expired after 5 minutes. Start again.", "cancel")
        passkey = webauthn.require_created(self._site, challenge, credential)
        if self._passkeys.find(passkey.credential_id) is not None:
            raise ProofInvalid("The passkey is registered already; use another device.")
        return passkey
