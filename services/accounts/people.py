"""The front door of people: invite, join, sign in, stay signed in, sign out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from consent import ConsentError, ConsentLedger, Domain, keccak, passkey_signer
from services.accounts import webauthn
from services.accounts.account import Account
from services.accounts.accounts import Accounts
from services.accounts.adding import Adding
from services.accounts.challenges import SIGN_IN, Challenges
from services.accounts.errors import BadlyProven, NotSignedIn
from services.accounts.invitations import Invitations, Invited
from services.accounts.joining import Doorway, Parts
from services.accounts.joinings import Joinings
from services.accounts.passkeys import Passkeys
from services.accounts.sessions import Session, Sessions
from services.accounts.signing import Signings
from services.accounts.site import Site
from services.accounts.wallets import Wallets


class IdentityService:
    """Everybody who can sign in to this install; safe to use from many threads.

    Attributes:
        accounts, passkeys, wallets, sessions, signings: the parts, for pages that show them.
        joining: the way from an invitation to an account.
        adding: the way to one more passkey, and one fewer.
    """

    def __init__(
        self, engine: sa.Engine, clock: Callable[[], float], site: Site, ledger: ConsentLedger
    ) -> None:
        """Join the parts; nothing is asked of them yet."""
        self.site = site
        self._ledger = ledger
        self.accounts = Accounts(engine, clock)
        self.passkeys = Passkeys(engine, clock)
        self.sessions = Sessions(engine, clock)
        self._invitations = Invitations(engine, clock)
        self._challenges = Challenges(engine, clock)
        self.wallets = Wallets(engine, clock, site, self._challenges)
        self.signings = Signings(engine, clock, site, self.passkeys, self._signing_domain)
        self.adding = Adding(ledger, self._challenges, self.passkeys, self.sessions, self.signings)
        self.joining = Doorway(
            Parts(
                engine,
                clock,
                site,
                ledger,
                self.accounts,
                self._invitations,
                self._challenges,
                self.passkeys,
                self.wallets,
                Joinings(engine, clock),
            )
        )

    def invite(self, wanted: Invited) -> str:
        """Return the link of a new invitation; it works once, for seven days.

        Raises:
            ValueError: no such role, or a patient without a subject, or who has an account already.
        """
        subject = wanted.subject
        if subject is not None and self.accounts.of_subject(subject) is not None:
            raise ValueError("this patient has an account already")
        return f"{self.site.origin}/join/{self._invitations.add(wanted)}"

    def sign_in_options(self) -> dict[str, Any]:
        """Return a fresh challenge for whoever has a passkey of this site."""
        challenge = self._challenges.new(SIGN_IN)
        options = webauthn.options_to_use(self.site, challenge.value, [])
        return {"challenge": challenge.id, "options": options}

    def sign_in(self, challenge: str, credential: Any) -> Account:
        """Return whose passkey answered the challenge.

        Raises:
            NotSignedIn: for every cause alike: unknown, another's, too late, malformed, disabled,
                or taken from the subject on the ledger.
        """
        try:
            identity = webauthn.credential_id_of(credential)
            asked = self._challenges.take(challenge, SIGN_IN)
            passkey = self.passkeys.find(identity)
            if asked is None or passkey is None:
                raise NotSignedIn("this passkey opens nothing here")
            webauthn.require_used(self.site, asked, credential, (passkey.qx, passkey.qy))
        except BadlyProven as exc:
            raise NotSignedIn("this passkey opens nothing here") from exc
        account = self.accounts.find(passkey.account)
        if account is None or account.is_disabled:
            raise NotSignedIn("this passkey opens nothing here")
        if account.subject is not None:
            signer = passkey_signer(self._ledger.passkey_verifier(), passkey.qx, passkey.qy)
            self._require_not_removed(account.subject, signer)
        self.passkeys.touch(identity)
        return account

    def wallet_options(self, address: bytes) -> dict[str, Any]:
        """Return a fresh message for a wallet to sign (ERC-4361)."""
        return self.wallets.begin(address, self._ledger.domain().chain_id)

    def sign_in_by_wallet(self, address: bytes, sent: dict[str, str]) -> Account:
        """Return whose wallet signed the message; `sent` is what the options told, and it signed.

        Raises:
            NotSignedIn: for every cause alike, as `sign_in`.
        """
        account = self.accounts.find(self.wallets.finish(address, sent))
        if account is None or account.is_disabled:
            raise NotSignedIn("this wallet opens nothing here")
        if account.subject is not None:
            self._require_not_removed(account.subject, address)
        return account

    def find_signed_in(self, secret: str, *, is_quiet: bool = False) -> Account | None:
        """Return whose session this secret is, if it is in force; asking keeps it alive.

        It does not if `is_quiet`: what a page's clock asks is no use by a person.
        """
        look = self.sessions.peek if is_quiet else self.sessions.find
        session = look(secret) if secret else None
        account = self.accounts.find(session.account) if session else None
        return None if account is None or account.is_disabled else account

    def session(self, secret: str) -> Session | None:
        """Return the session of this secret, without counting as a use of it."""
        return self.sessions.peek(secret) if secret else None

    def _require_not_removed(self, subject: bytes, signer: bytes) -> None:
        """Refuse a key that was taken from a subject, wherever that was done.

        While the ledger cannot be asked, what is kept here counts: taking back is always possible.
        """
        try:
            keys = self._ledger.keys.of_subject(subject)
        except ConsentError:
            return
        if any(one.key_hash == keccak(signer) and one.is_removed for one in keys):
            raise NotSignedIn("this key speaks for the patient no more")

    def _signing_domain(self) -> tuple[Domain, bytes]:
        return self._ledger.domain(), self._ledger.passkey_verifier()
