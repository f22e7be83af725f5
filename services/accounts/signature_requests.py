"""Prepares messages for patients to sign, checks what the device signed, and keeps the result."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import orjson
import sqlalchemy as sa
from attrs import define

from consent import (
    PENDING,
    ConsentLedger,
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    Outcome,
    RecoveryVeto,
    Signed,
    Stop,
    Terms,
    Withdrawal,
    digest,
    passkey_signature,
    passkey_signer,
    typed_message,
)
from services.accounts import webauthn
from services.accounts.accounts import Account
from services.accounts.errors import AlreadySigned, ProofInvalid, SignatureExpired
from services.accounts.passkeys import Passkeys
from services.accounts.site import Site
from services.accounts.wallets import ADDRESS_BYTES
from services.tables import METADATA

VALID_S: Final = 600
KEPT_S: Final = 3_600
"""An unsigned message is kept this long: the ledger may answer after the time to sign."""
WALLET_SIGNATURE_BYTES: Final = 65

_REQUESTS: Final = sa.Table(
    "web_signings",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("message", sa.LargeBinary, nullable=False),
    sa.Column("after", sa.LargeBinary, nullable=False),
    sa.Column("prepared_at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("outcome", sa.LargeBinary),
    sa.Column("is_waiting", sa.Boolean, nullable=False, server_default=sa.false(), index=True),
)
"""`is_waiting`: signed and sent, and the ledger has not shown it yet; see `list_waiting`."""
_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (Enrolment, Grant, Withdrawal, Stop, KeyAddition, KeyRemoval, RecoveryVeto)
}


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    """What a page shows and has signed.

    Attributes:
        id: names the request, for ten minutes.
        kind: the class name of the message: ``Grant``, ``Withdrawal``, ….
        typed_data: the EIP-712 message, for wallets.
        digest: of the message, 32 bytes; what a passkey signs.
        options: WebAuthn request options with that digest as challenge.
        context: the caller's own notes about the purpose of the request.
        outcome: the ledger's answer; None until it was signed.
    """

    id: str
    kind: str
    typed_data: Mapping[str, Any]
    digest: bytes
    options: Mapping[str, Any]
    context: Mapping[str, Any]
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that was signed and sent, and that the ledger has not shown yet.

    Attributes:
        id: of its signature request.
        account_id: of the patient who signed it.
        message: what was signed.
        prepared_at_s: when it was prepared, seconds UTC.
    """

    id: str
    account_id: str
    message: Message
    prepared_at_s: int


@define(eq=False, repr=False, kw_only=True)
class SignatureRequests:
    """The rows of messages to sign; the stored message counts, never what a browser returns.

    `_ledger` gives the domain of signatures and the passkey verifier.
    """

    site: Site
    _passkeys: Passkeys
    _ledger: ConsentLedger
    _engine: sa.Engine
    _clock: Callable[[], float]

    def prepare(
        self, account: Account, message: Message, context: Mapping[str, Any]
    ) -> SignatureRequest:
        """Store a message for ten minutes and return what the page needs to have it signed."""
        request_id, now_s = secrets.token_hex(16), int(self._clock())
        kind, body = message_to(message)
        row = {
            "id": request_id,
            "account": account.id,
            "kind": kind,
            "message": body,
            "after": orjson.dumps(dict(context)),
            "prepared_at_s": now_s,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_REQUESTS), row)
        return self.get(account, request_id)

    def get(self, account: Account, request_id: str) -> SignatureRequest:
        """Return what was prepared, to show it again.

        Raises:
            SignatureExpired: unknown, someone else's, or never signed within ten minutes.
        """
        row = self._get_row(account, request_id)
        message, domain = message_from(row.kind, row.message), self._ledger.domain()
        hashed = digest(domain, message)
        known = [passkey.id for passkey in self._passkeys.of(account.id)]
        return SignatureRequest(
            id=request_id,
            kind=row.kind,
            typed_data=typed_message(domain, message),
            digest=hashed,
            options=webauthn.request_options(self.site, hashed, known),
            context=orjson.loads(row.after),
            outcome=None if row.outcome is None else _outcome(row.outcome),
        )

    def set_context(self, account: Account, request_id: str, context: Mapping[str, Any]) -> None:
        """Replace the context of a request that is not signed yet.

        Raises:
            SignatureExpired, AlreadySigned: as `finish`.
        """
        self._get_unsigned(account, request_id)
        update = sa.update(_REQUESTS).where(_REQUESTS.c.id == request_id)
        with self._engine.begin() as connection:
            connection.execute(update.values(after=orjson.dumps(dict(context))))

    def finish(self, account: Account, request_id: str, credential: Any) -> Signed:
        """Return the message signed by one of the account's passkeys.

        Origin, relying party, presence, verification and challenge are checked here; the ledger
        checks the signature again, over the stored message.

        Raises:
            SignatureExpired: as `get`.
            AlreadySigned: it was sent to the ledger before; holds the first result.
            ProofInvalid: another key, message or site; nothing is signed.
        """
        message = self._get_unsigned(account, request_id)
        passkey = self._passkeys.find(webauthn.credential_id_of(credential))
        if passkey is None or passkey.account != account.id:
            raise ProofInvalid("The passkey does not belong to this account.")
        key = passkey.qx, passkey.qy
        hashed = digest(self._ledger.domain(), message)
        assertion = webauthn.require_signed(self.site, hashed, credential, key)
        self._passkeys.touch(passkey.id)
        signer = passkey_signer(self._ledger.passkey_verifier(), *key)
        return Signed(message, signer, passkey_signature(*assertion.parts))

    def finish_with_wallet(
        self, account: Account, request_id: str, address: bytes, signature: bytes
    ) -> Signed:
        """Return the message signed by a wallet; the ledger checks whether it may sign.

        Raises:
            SignatureExpired, AlreadySigned: as `finish`.
            ProofInvalid: not an address of 20 bytes and a signature of 65.
        """
        message = self._get_unsigned(account, request_id)
        if len(signature) != WALLET_SIGNATURE_BYTES or len(address) != ADDRESS_BYTES:
            raise ProofInvalid(
                f"A wallet's address has 20 bytes and its signature 65, not {len(address)} and "
                f"{len(signature)}."
            )
        return Signed(message, address, signature)

    def delete_expired(self) -> int:
        """Delete every message without an answer of the ledger after an hour; return how many."""
        is_old = _REQUESTS.c.prepared_at_s < int(self._clock()) - KEPT_S
        with self._engine.begin() as connection:
            expired = sa.delete(_REQUESTS).where(is_old, _REQUESTS.c.outcome.is_(None))
            return int(connection.execute(expired).rowcount)

    def erase(self, account_id: str) -> None:
        """Delete every message that was prepared for an account; they contain its terms."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_REQUESTS).where(_REQUESTS.c.account == account_id))

    def record_outcome(self, account: Account, request_id: str, outcome: Outcome) -> Outcome:
        """Store the ledger's answer and return it; of two calls at once, the first one counts.

        One that is pending and not in force is listed by `list_waiting` until `end_waiting`.

        Raises:
            SignatureExpired: as `get`.
        """
        update = sa.update(_REQUESTS).where(
            _REQUESTS.c.id == request_id,
            _REQUESTS.c.account == account.id,
            _REQUESTS.c.outcome.is_(None),
        )
        is_waiting = outcome.reason == PENDING and not outcome.ok
        values = {"outcome": _outcome_body(outcome), "is_waiting": is_waiting}
        with self._engine.begin() as connection:
            connection.execute(update.values(**values))
        return _outcome(self._get_row(account, request_id).outcome)

    def list_waiting(self, kinds: Collection[str], account_id: str = "") -> list[WaitingMessage]:
        """Return the messages of these kinds that were sent and that wait for the ledger.

        They are of every account, or of the one that is named.
        """
        query = sa.select(_REQUESTS).where(_REQUESTS.c.is_waiting, _REQUESTS.c.kind.in_(kinds))
        if account_id:
            query = query.where(_REQUESTS.c.account == account_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_REQUESTS.c.prepared_at_s)).all()
        return [
            WaitingMessage(
                row.id, row.account, message_from(row.kind, row.message), row.prepared_at_s
            )
            for row in rows
        ]

    def end_waiting(self, request_id: str, outcome: Outcome) -> None:
        """Store what became of a message that waited; the first such call counts."""
        update = sa.update(_REQUESTS).where(_REQUESTS.c.id == request_id, _REQUESTS.c.is_waiting)
        values = {"outcome": _outcome_body(outcome), "is_waiting": False}
        with self._engine.begin() as connection:
            connection.execute(update.values(**values))

    def _get_unsigned(self, account: Account, request_id: str) -> Message:
        row = self._get_row(account, request_id)
        if row.outcome is not None:
            raise AlreadySigned(_outcome(row.outcome))
        return message_from(row.kind, row.message)

    def _get_row(self, account: Account, request_id: str) -> Any:
        query = sa.select(_REQUESTS).where(
            _REQUESTS.c.id == request_id, _REQUESTS.c.account == account.id
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise SignatureExpired("Unknown signature request.")
        if row.outcome is None and self._clock() >= row.prepared_at_s + VALID_S:
            raise SignatureExpired(
                "The signature request expired after 10 minutes. Open the page again."
            )
        return row


def message_to(message: Message) -> tuple[str, bytes]:
    """Return a message's kind and its bytes."""
    return type(message).__name__, orjson.dumps(_plain(message))


def message_from(kind: str, body: bytes) -> Message:
    """Return the message that `message_to` wrote."""
    values = _typed(orjson.loads(body))
    if "terms" in values:
        terms: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values["terms"].items()
        }
        values["terms"] = Terms(**terms)
    message: Message = _KINDS[kind](**values)
    return message


def _plain(message: Any) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for item in fields(message):
        value = getattr(message, item.name)
        if isinstance(value, bytes):
            document[item.name] = {"hex": value.hex()}
        else:
            document[item.name] = _plain(value) if isinstance(value, Terms) else value
    return document


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            values[name] = bytes.fromhex(value["hex"]) if set(value) == {"hex"} else _typed(value)
        else:
            values[name] = value
    return values


def _outcome_body(outcome: Outcome) -> bytes:
    document = {
        "ok": outcome.ok,
        "reason": outcome.reason,
        "consent_id": outcome.consent_id.hex() if outcome.consent_id else None,
        "transaction_hash": outcome.transaction_hash,
    }
    return orjson.dumps(document)


def _outcome(body: bytes) -> Outcome:
    document = orjson.loads(body)
    consent_id = bytes.fromhex(document["consent_id"]) if document["consent_id"] else None
    return Outcome(document["ok"], document["reason"], consent_id, document["transaction_hash"])
