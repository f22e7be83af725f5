"""Identifies people: invite, register, sign in, stay signed in, sign out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from consent import ConsentError, ConsentLedger, keccak, passkey_signer
from services.accounts import webauthn
from services.accounts.accounts import Account, Accounts
from services.accounts.challenges import SIGN_IN, Challenges
from services.accounts.errors import AccountExists, ProofInvalid, SignInFailed
from services.accounts.invitations import Invitations, Invitee
from services.accounts.key_recoveries import KeyRecoveries
from services.accounts.passkey_changes import PasskeyChanges
from services.accounts.passkey_creation import PasskeyCreation
from services.accounts.passkeys import Passkeys
from services.accounts.pending_registrations import PendingRegistrations
from services.accounts.recovered_keys import RecoveredKeys
from services.accounts.registrations import Registrations
from services.accounts.sessions import Session, Sessions
from services.accounts.signature_requests import SignatureRequests
from services.accounts.site import Site
from services.accounts.wallets import SignInMessage, Wallets
from services.accounts.webauthn import DeviceRequest
from services.tokens import Tokens

_PASSKEY_REFUSED = "The passkey is not registered here."
_WALLET_REFUSED = "The wallet is not registered here."


class IdentityService:
    """Everybody who can sign in to this installation; safe to use from many threads.

    Attributes:
        accounts, passkeys, wallets, sessions, invitations: the stored rows.
        signatures: messages that patients sign.
        registrations: from an invitation to an account.
        passkey_changes: one more passkey for a patient, and one less.
        key_recoveries: a new key for a patient who lost every key.
    """

    def __init__(
        self,
        *,
        engine: sa.Engine,
        clock: Callable[[], float],
        site: Site,
        ledger: ConsentLedger,
    ) -> None:
        """Join the parts; nothing is read or written yet."""
        self.site = site
        self._ledger = ledger
        self.accounts = Accounts(engine)
        self.passkeys = Passkeys(engine, clock)
        self.sessions = Sessions(engine, clock)
        self.invitations = Invitations(engine, clock)
        self._challenges = Challenges(engine, clock)
        self._tokens = Tokens(engine, clock)
        self.wallets = Wallets(engine, clock, site, self._challenges)
        self.signatures = SignatureRequests(
            engine=engine, clock=clock, site=site, passkeys=self.passkeys, ledger=ledger
        )
        recovered = RecoveredKeys(
            engine=engine,
            clock=clock,
            accounts=self.accounts,
            passkeys=self.passkeys,
            wallets=self.wallets,
            invitations=self.invitations,
            sessions=self.sessions,
        )
        creation = PasskeyCreation(site=site, challenges=self._challenges, passkeys=self.passkeys)
        self.passkey_changes = PasskeyChanges(
            ledger=ledger,
            creation=creation,
            passkeys=self.passkeys,
            sessions=self.sessions,
            signatures=self.signatures,
            recovered=recovered,
        )
        self.registrations = Registrations(
            site=site,
            ledger=ledger,
            challenges=self._challenges,
            creation=creation,
            passkeys=self.passkeys,
            wallets=self.wallets,
            pending=PendingRegistrations(
                engine=engine,
                clock=clock,
                accounts=self.accounts,
                invitations=self.invitations,
            ),
        )
        self.key_recoveries = KeyRecoveries(
            site=site,
            ledger=ledger,
            creation=creation,
            invitations=self.invitations,
            accounts=self.accounts,
            passkeys=self.passkeys,
            keys=recovered,
            tokens=self._tokens,
        )

    def erase_messages(self, subject: bytes) -> None:
        """Delete the messages that a patient was to sign, with their terms."""
        account = self.accounts.of_subject(subject)
        if account is not None:
            self.signatures.erase(account.id)

    def invite(self, invitee: Invitee, by: str = "") -> str:
        """Return the link of a new invitation; it works once, for seven days.

        An earlier link for the same person no longer works.

        Raises:
            InvitationInvalid: unknown role, or a patient without a subject.
            AccountExists: the patient has an account already.
        """
        if self.has_account(invitee):
            raise AccountExists("The patient has an account already.")
        return f"{self.site.origin}/join/{self.invitations.add(invitee, by=by)}"

    def invite_all(
        self, connection: sa.Connection, invitees: Sequence[Invitee], by: str
    ) -> list[str]:
        """Store invitations in the caller's transaction; return the link of each, in their order.

        The caller leaves out who has an account. Earlier links of the same people no longer work.

        Raises:
            InvitationInvalid: unknown role, or a patient without a subject.
        """
        codes = self.invitations.add_all(connection, invitees, by=by)
        return [f"{self.site.origin}/join/{code}" for code in codes]

    def has_account(self, invitee: Invitee) -> bool:
        """Return whether a patient has an account already; False for staff."""
        subject = invitee.subject
        return subject is not None and self.accounts.of_subject(subject) is not None

    def disable(self, account_id: str, last_of: str = "") -> bool:
        """Lock an account: its sessions end, its passkeys are refused, its open links are revoked.

        Repeating it changes nothing. Nothing changes if it is the last account of the role
        `last_of` that can sign in; False then.
        """
        if not self.accounts.disable(account_id, last_of):
            return False
        self.sessions.end_all(account_id)
        self.invitations.revoke_issued_by(account_id)
        return True

    def revoke_token(self, token_id: str) -> bool:
        """Refuse a token from now on, and revoke the open links that were issued with it.

        New keys that were proposed with it for patients are put on hold. Repeating it changes
        nothing; False if no token has this id.
        """
        is_known = self._tokens.revoke(token_id)
        self.invitations.revoke_issued_by(token_id)
        return is_known

    def begin_sign_in(self) -> DeviceRequest:
        """Return a fresh challenge for any passkey of this site."""
        challenge = self._challenges.new(SIGN_IN)
        options = webauthn.request_options(self.site, challenge.value, [])
        return DeviceRequest(step="prove", challenge=challenge.id, options=options)

    def sign_in(self, challenge_id: str, credential: Any) -> Account:
        """Return the account whose passkey signed the challenge.

        Raises:
            SignInFailed: the same for every cause: unknown passkey, another account's, expired,
                malformed, account disabled, or key removed on the ledger.
        """
        try:
            credential_id = webauthn.credential_id_of(credential)
            challenge = self._challenges.take(challenge_id, SIGN_IN)
            passkey = self.passkeys.find(credential_id)
            if challenge is None or passkey is None:
                raise SignInFailed(_PASSKEY_REFUSED)
            webauthn.require_signed(self.site, challenge, credential, (passkey.qx, passkey.qy))
        except ProofInvalid as exc:
            raise SignInFailed(_PASSKEY_REFUSED) from exc
        account = self.accounts.find(passkey.account)
        if account is None or account.is_disabled:
            raise SignInFailed(_PASSKEY_REFUSED)
        if account.subject is not None:
            signer = passkey_signer(self._ledger.passkey_verifier(), passkey.qx, passkey.qy)
            self._require_not_removed(account.subject, signer)
        self.passkeys.touch(credential_id)
        return account

    def begin_wallet_sign_in(self, address: bytes) -> SignInMessage:
        """Return a fresh message for a wallet to sign (ERC-4361)."""
        return self.wallets.begin(address, self._ledger.domain().chain_id)

    def sign_in_with_wallet(self, address: bytes, answer: dict[str, str]) -> Account:
        """Return the account whose wallet signed the message.

        `answer` has the fields of the `SignInMessage`, and ``signature`` in hex.

        Raises:
            SignInFailed: the same for every cause, as `sign_in`.
        """
        account = self.accounts.find(self.wallets.finish(address, answer))
        if account is None or account.is_disabled:
            raise SignInFailed(_WALLET_REFUSED)
        if account.subject is not None:
            self._require_not_removed(account.subject, address)
        return account

    def find_signed_in(self, secret: str, *, extends_session: bool = True) -> Account | None:
        """Return the account of a session if it is valid; the call counts as use of the session.

        It does not unless `extends_session`: what a page's clock sends is not use by a person.
        """
        find = self.sessions.find if extends_session else self.sessions.peek
        session = find(secret) if secret else None
        account = self.accounts.find(session.account) if session else None
        return None if account is None or account.is_disabled else account

    def find_session(self, secret: str) -> Session | None:
        """Return the session with this secret; the call does not count as use of it."""
        return self.sessions.peek(secret) if secret else None

    def _require_not_removed(self, subject: bytes, signer: bytes) -> None:
        """Refuse a key that was removed on the ledger, wherever that was done.

        Also one whose removal another key signed here: a chain node can hold that back, and what a
        contract brought to the ledger proves nothing. While the ledger is unavailable the local
        rows decide: withdrawing must always be possible.
        """
        try:
            keys = self._ledger.keys.of_subject(subject)
            is_removed = self._ledger.keys.is_removal_signed(subject, signer)
        except ConsentError:
            return
        if is_removed or any(key.key_hash == keccak(signer) and key.is_removed for key in keys):
            raise SignInFailed("The key has been revoked.")
