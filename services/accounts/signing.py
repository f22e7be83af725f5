"""Has a patient sign one message: prepares it, checks what the device signed, hands it on once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from consent import (
    Domain,
    Message,
    Outcome,
    Signed,
    digest,
    passkey_signature,
    passkey_signer,
    typed_message,
)
from services.accounts import webauthn
from services.accounts.account import Account
from services.accounts.errors import AlreadyDone, BadlyProven, SigningOver
from services.accounts.messages import message_from, message_to
from services.accounts.passkeys import Passkeys
from services.accounts.site import Site
from services.tables import METADATA

VALID_S: Final = 600
WALLET_SIGNATURE_BYTES: Final = 65

_SIGNINGS: Final = sa.Table(
    "web_signings",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("message", sa.LargeBinary, nullable=False),
    sa.Column("after", sa.LargeBinary, nullable=False),
    sa.Column("prepared_at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("outcome", sa.LargeBinary),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a page shows and has signed; `after` is the caller's own note of what it is about."""

    id: str
    kind: str
    typed_data: Mapping[str, Any]
    digest: bytes
    options: Mapping[str, Any]
    after: Mapping[str, Any]
    outcome: Outcome | None


class Signings:
    """The rows of what is to be signed; the message that is kept here is the one that counts."""

    def __init__(
        self,
        engine: sa.Engine,
        clock: Callable[[], float],
        site: Site,
        passkeys: Passkeys,
        signing_domain: Callable[[], tuple[Domain, bytes]],
    ) -> None:
        """Join the parts; `ledger` tells the domain and the verifier of passkeys."""
        self._engine = engine
        self._clock = clock
        self.site = site
        self._passkeys = passkeys
        self._signing_domain = signing_domain

    def prepare(self, account: Account, message: Message, after: Mapping[str, Any]) -> Prepared:
        """Keep a message for ten minutes and return what the page needs to have it signed."""
        identity, now_s = secrets.token_hex(16), int(self._clock())
        kind, body = message_to(message)
        row = {
            "id": identity,
            "account": account.id,
            "kind": kind,
            "message": body,
            "after": orjson.dumps(dict(after)),
            "prepared_at_s": now_s,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_SIGNINGS), row)
        return self.get(account, identity)

    def get(self, account: Account, identity: str) -> Prepared:
        """Return what was prepared, for showing it again.

        Raises:
            SigningOver: unknown, another's, or its time is over and it was never signed.
        """
        row = self._row(account, identity)
        message, domain = message_from(row.kind, row.message), self._signing_domain()[0]
        hashed = digest(domain, message)
        known = [one.id for one in self._passkeys.of(account.id)]
        outcome = None if row.outcome is None else _outcome(orjson.loads(row.outcome))
        return Prepared(
            identity,
            row.kind,
            typed_message(domain, message),
            hashed,
            webauthn.options_to_use(self.site, hashed, known),
            orjson.loads(row.after),
            outcome,
        )

    def note(self, account: Account, identity: str, after: Mapping[str, Any]) -> None:
        """Write another note beside what was prepared and is not signed yet.

        Raises:
            SigningOver, AlreadyDone: as `finish`.
        """
        self._require_open(account, identity)
        mine = sa.update(_SIGNINGS).where(_SIGNINGS.c.id == identity)
        with self._engine.begin() as connection:
            connection.execute(mine.values(after=orjson.dumps(dict(after))))

    def finish(self, account: Account, identity: str, credential: Any) -> Signed:
        """Return the message signed by one of the account's passkeys.

        Origin, relying party, presence, verification and challenge are checked here; the ledger
        checks the signature again, over the message that was kept.

        Raises:
            SigningOver: as `get`.
            AlreadyDone: it was brought to the ledger before; holds what became of it.
            BadlyProven: another key, another message, another site; nothing is signed.
        """
        message = self._require_open(account, identity)
        domain, verifier = self._signing_domain()
        passkey = self._passkeys.find(webauthn.credential_id_of(credential))
        if passkey is None or passkey.account != account.id:
            raise BadlyProven("this passkey is not this account's")
        key = passkey.qx, passkey.qy
        made = webauthn.require_used(self.site, digest(domain, message), credential, key)
        signature = passkey_signature(made.authenticator_data, made.client_data, made.signature)
        self._passkeys.touch(passkey.id)
        return Signed(message, passkey_signer(verifier, *key), signature)

    def finish_by_wallet(
        self, account: Account, identity: str, address: bytes, signature: bytes
    ) -> Signed:
        """Return the message signed by a wallet's account; the ledger says whether it may.

        Raises:
            SigningOver, AlreadyDone: as `finish`.
            BadlyProven: not an account of 20 bytes and a signature of 65.
        """
        message = self._require_open(account, identity)
        if len(signature) != WALLET_SIGNATURE_BYTES or len(address) != 20:  # noqa: PLR2004
            raise BadlyProven("a wallet signs with 65 bytes, for an account of 20")
        return Signed(message, address, signature)

    def keep_outcome(self, account: Account, identity: str, outcome: Outcome) -> Outcome:
        """Remember what became of it and return that; of two presses at once, the first's counts.

        Raises:
            SigningOver: as `get`.
        """
        told = {
            "ok": outcome.ok,
            "reason": outcome.reason,
            "consent_id": outcome.consent_id.hex() if outcome.consent_id else None,
            "transaction_hash": outcome.transaction_hash,
        }
        mine = sa.update(_SIGNINGS).where(
            _SIGNINGS.c.id == identity,
            _SIGNINGS.c.account == account.id,
            _SIGNINGS.c.outcome.is_(None),
        )
        with self._engine.begin() as connection:
            connection.execute(mine.values(outcome=orjson.dumps(told)))
        return _outcome(orjson.loads(self._row(account, identity).outcome))

    def _require_open(self, account: Account, identity: str) -> Message:
        row = self._row(account, identity)
        if row.outcome is not None:
            raise AlreadyDone(_outcome(orjson.loads(row.outcome)))
        return message_from(row.kind, row.message)

    def _row(self, account: Account, identity: str) -> Any:
        asked = sa.select(_SIGNINGS).where(
            _SIGNINGS.c.id == identity, _SIGNINGS.c.account == account.id
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        if row is None:
            raise SigningOver("there is nothing of this name to sign")
        if row.outcome is None and self._clock() >= row.prepared_at_s + VALID_S:
            raise SigningOver("the time to sign this is over: open the page again")
        return row


def _outcome(told: dict[str, Any]) -> Outcome:
    consent_id = bytes.fromhex(told["consent_id"]) if told["consent_id"] else None
    return Outcome(told["ok"], told["reason"], consent_id, told["transaction_hash"])
