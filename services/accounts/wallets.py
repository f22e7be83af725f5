"""Keeps which wallet is whose, and knows whose wallet signed a sign-in (ERC-4361, EIP-191)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from consent import ConsentError, keccak, recover
from services.accounts.challenges import Challenges
from services.accounts.errors import BadlyProven, NotSignedIn
from services.accounts.site import Site
from services.tables import METADATA

ADDRESS_BYTES: Final = 20
WALLET: Final = "wallet"
STATEMENT: Final = "This signs you in. It signs no permission."
_HIGH_NIBBLE: Final = 8

_WALLETS: Final = sa.Table(
    "web_wallets",
    METADATA,
    sa.Column("address", sa.LargeBinary(20), primary_key=True),
    sa.Column("account", sa.String(32), nullable=False, index=True),
    sa.Column("made_at_s", sa.BigInteger, nullable=False),
)


class Wallets:
    """The rows of all wallets; a wallet is one account's, and signs in by a message of text.

    That text begins with a length (EIP-191, version E), a permission with a domain (EIP-712): no
    signature of one is ever a signature of the other.
    """

    def __init__(
        self, engine: sa.Engine, clock: Callable[[], float], site: Site, challenges: Challenges
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._site = site
        self._challenges = challenges

    def add(self, connection: sa.Connection, address: bytes, account: str) -> None:
        """Write down a wallet in the caller's transaction.

        Raises:
            sa.exc.IntegrityError: it is somebody's already.
        """
        row = {"address": address, "account": account, "made_at_s": int(self._clock())}
        connection.execute(sa.insert(_WALLETS), row)

    def find_account(self, address: bytes) -> str | None:
        """Return the id of the account that signs in with this wallet."""
        asked = sa.select(_WALLETS.c.account).where(_WALLETS.c.address == address)
        with self._engine.connect() as connection:
            found = connection.scalar(asked)
        return None if found is None else str(found)

    def begin(self, address: bytes, chain_id: int) -> dict[str, Any]:
        """Return a fresh message for a wallet to sign; it tells nothing of who has an account."""
        issued_s = int(self._clock())
        challenge = self._challenges.new(WALLET, f"{address.hex()} {chain_id} {issued_s}")
        text = self._text(address, chain_id, challenge.value, issued_s)
        told = {"chain_id": chain_id, "issued_s": issued_s, "message": text}
        return {"challenge": challenge.id} | told

    def finish(self, address: bytes, sent: dict[str, str]) -> str:
        """Return the id of the account whose wallet signed the message of this challenge.

        Raises:
            NotSignedIn: for every cause alike.
        """
        chain_id, issued_s = (sent.get(name, "") for name in ("chain_id", "issued_s"))
        about = f"{address.hex()} {chain_id} {issued_s}"
        nonce = self._challenges.take(sent.get("challenge", ""), WALLET, about)
        if nonce is None:  # nor would the numbers be numbers
            raise NotSignedIn("this wallet opens nothing here")
        text = self._text(address, int(chain_id), nonce, int(issued_s)).encode()
        hashed = keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
        require_signed_by(address, hashed, sent.get("signature", ""), NotSignedIn)
        account = self.find_account(address)
        if account is None:
            raise NotSignedIn("this wallet opens nothing here")
        return account

    def _text(self, address: bytes, chain_id: int, nonce: bytes, issued_s: int) -> str:
        host = urlsplit(self._site.origin).netloc
        issued = datetime.fromtimestamp(issued_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"{host} wants you to sign in with your Ethereum account:\n{checksummed(address)}\n\n"
            f"{STATEMENT}\n\nURI: {self._site.origin}\nVersion: 1\nChain ID: {chain_id}\n"
            f"Nonce: {nonce.hex()}\nIssued At: {issued}"
        )


def require_signed_by(
    address: bytes, hashed: bytes, signature: str, error: type[BadlyProven | NotSignedIn]
) -> bytes:
    """Return the signature's 65 bytes, if this account made it.

    Raises:
        error: it did not, or it is none.
    """
    try:
        held = bytes.fromhex(signature.removeprefix("0x"))
        if recover(hashed, held) == address:
            return held
    except (ConsentError, ValueError) as exc:
        raise error("this is not this wallet's signature") from exc
    raise error("this is not this wallet's signature")


def address_of(text: str) -> bytes:
    """Return the 20 bytes of an account.

    Raises:
        BadlyProven: it is none.
    """
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as exc:
        raise BadlyProven("this is no account of a wallet") from exc
    if len(found) != ADDRESS_BYTES:
        raise BadlyProven("this is no account of a wallet")
    return found


def checksummed(address: bytes) -> str:
    """Return an account as EIP-55 writes it."""
    plain = address.hex()
    marks = keccak(plain.encode()).hex()
    pairs = zip(plain, marks, strict=False)
    return "0x" + "".join(a.upper() if int(m, 16) >= _HIGH_NIBBLE else a for a, m in pairs)
