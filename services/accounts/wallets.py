"""Stores which wallet belongs to which account, and checks wallet sign-ins (ERC-4361, EIP-191)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from attrs import define

from consent import ConsentError, keccak, recover
from services.accounts.challenges import Challenges
from services.accounts.errors import ProofInvalid, SignInFailed
from services.accounts.site import Site
from services.tables import METADATA

ADDRESS_BYTES: Final = 20
WALLET: Final = "wallet"
STATEMENT: Final = "This signs you in. It signs no permission."
_HIGH_NIBBLE: Final = 8
_REFUSED: Final = "The wallet is not registered here."

_WALLETS: Final = sa.Table(
    "web_wallets",
    METADATA,
    sa.Column("address", sa.LargeBinary(20), primary_key=True),
    sa.Column("account", sa.String(32), nullable=False, index=True),
    sa.Column("made_at_s", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMessage:
    """The text that a wallet signs to sign in, and what the browser sends back with it."""

    challenge: str
    chain_id: int
    issued_s: int
    message: str


@define(eq=False, repr=False)
class Wallets:
    """The rows of all wallets; each belongs to one account and signs in with a text message.

    That text begins with a length (EIP-191, version E), a consent with a domain (EIP-712): no
    signature of one is ever a signature of the other.
    """

    _engine: sa.Engine
    _clock: Callable[[], float]
    _site: Site
    _challenges: Challenges

    def add(self, connection: sa.Connection, address: bytes, account_id: str) -> None:
        """Insert a wallet in the caller's transaction.

        Raises:
            sa.exc.IntegrityError: it belongs to an account already.
        """
        row = {"address": address, "account": account_id, "made_at_s": int(self._clock())}
        connection.execute(sa.insert(_WALLETS), row)

    def find_account(self, address: bytes) -> str | None:
        """Return the id of the account that signs in with this wallet."""
        query = sa.select(_WALLETS.c.account).where(_WALLETS.c.address == address)
        with self._engine.connect() as connection:
            account_id = connection.scalar(query)
        return None if account_id is None else str(account_id)

    def of(self, account_id: str) -> list[bytes]:
        """Return the addresses of an account's wallets; the ledger says which may still sign."""
        query = sa.select(_WALLETS.c.address).where(_WALLETS.c.account == account_id)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def begin(self, address: bytes, chain_id: int) -> SignInMessage:
        """Return a fresh message to sign; it does not reveal who has an account."""
        issued_s = int(self._clock())
        challenge = self._challenges.new(WALLET, f"{address.hex()} {chain_id} {issued_s}")
        message = self._message(address, chain_id, challenge.value, issued_s)
        return SignInMessage(
            challenge=challenge.id, chain_id=chain_id, issued_s=issued_s, message=message
        )

    def finish(self, address: bytes, answer: dict[str, str]) -> str:
        """Return the id of the account whose wallet signed the message of this challenge.

        Raises:
            SignInFailed: the same for every cause.
        """
        chain_id, issued_s = (answer.get(name, "") for name in ("chain_id", "issued_s"))
        about = f"{address.hex()} {chain_id} {issued_s}"
        nonce = self._challenges.take(answer.get("challenge", ""), WALLET, about)
        if nonce is None:  # also if chain_id or issued_s are not the numbers we sent
            raise SignInFailed(_REFUSED)
        text = self._message(address, int(chain_id), nonce, int(issued_s)).encode()
        hashed = keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
        require_signed_by(address, hashed, answer.get("signature", ""), SignInFailed)
        account_id = self.find_account(address)
        if account_id is None:
            raise SignInFailed(_REFUSED)
        return account_id

    def _message(self, address: bytes, chain_id: int, nonce: bytes, issued_s: int) -> str:
        host = urlsplit(self._site.origin).netloc
        issued = datetime.fromtimestamp(issued_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"{host} wants you to sign in with your Ethereum account:\n{checksummed(address)}\n\n"
            f"{STATEMENT}\n\nURI: {self._site.origin}\nVersion: 1\nChain ID: {chain_id}\n"
            f"Nonce: {nonce.hex()}\nIssued At: {issued}"
        )


def require_signed_by(
    address: bytes, hashed: bytes, signature: str, error: type[ProofInvalid | SignInFailed]
) -> bytes:
    """Return the signature's 65 bytes if the wallet with this address made it.

    Raises:
        error: it did not, or the signature is malformed.
    """
    try:
        signature_bytes = bytes.fromhex(signature.removeprefix("0x"))
        if recover(hashed, signature_bytes) == address:
            return signature_bytes
    except (ConsentError, ValueError) as exc:
        raise error("Not a signature of this wallet.") from exc
    raise error("Not a signature of this wallet.")


def address_of(text: str) -> bytes:
    """Return the 20 bytes of an address in hex.

    Raises:
        ProofInvalid: it is not an address.
    """
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as exc:
        raise ProofInvalid("A wallet address must be hexadecimal.") from exc
    if len(address) != ADDRESS_BYTES:
        raise ProofInvalid(f"A wallet address has 20 bytes, not {len(address)}.")
    return address


def checksummed(address: bytes) -> str:
    """Return an address with the mixed-case checksum of EIP-55."""
    digits = address.hex()
    nibbles = keccak(digits.encode()).hex()
    pairs = zip(digits, nibbles, strict=False)
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= _HIGH_NIBBLE else digit for digit, nibble in pairs
    )
