"""Reads back into the outbox what the chain has and a restored database does not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from consent import abi
from consent.chain import Chain
from consent.errors import LedgerBroken
from consent.mirror import Mirror
from consent.outbox import MinedTransaction, Outbox
from consent.outbox_rows import WRITTEN
from consent.raw_transactions import read_call
from consent.typed_data import keccak

_BLOCKS_PER_CALL: Final = 64
_MAX_MISSING: Final = 1_000_000
"""Far more than an account sends between two backups; a node can count as many as it likes."""


def restore_outbox(outbox: Outbox, chain: Chain, mirror: Mirror) -> int:
    """Store every transaction of our account that the chain has; return how many were missing.

    They are missing after an older copy of the database was restored, or while another program
    sends from the account. The mirror first proves that it has every change up to now. Then each
    transaction is stored under its own nonce, so that a chain which loses its data can be given all
    of them again; what was written here under such a nonce, and so can never be mined, is written
    again under a new one. No nonce is used twice.

    Raises:
        LedgerUnavailable: the chain is unavailable.
        LedgerBroken: the mirror cannot be proved, or the chain does not show what it counts.
    """
    address = outbox.address
    count, next_nonce = chain.transaction_count(address), outbox.nonces.find_next()
    if next_nonce is None:
        return 0
    passed = [sent for sent in outbox.find(state=WRITTEN, account=address) if sent.nonce < count]
    receipts = chain.receipts([sent.hash for sent in passed]) if passed else []
    unmined = [
        sent.nonce for sent, receipt in zip(passed, receipts, strict=True) if receipt is None
    ]
    if count - next_nonce > _MAX_MISSING:
        raise LedgerBroken(
            f"the chain node counts {count - next_nonce} transactions of {address} that are not "
            f"stored here, more than {_MAX_MISSING}: check the node"
        )
    nonces = {*range(next_nonce, count), *unmined}
    if not nonces:
        return 0
    mirror.sync()
    mined = find_mined(chain, address, nonces)
    missing = [transaction for transaction in mined if outbox.is_missing(transaction)]
    outbox.adopt(missing, count)
    return len(missing)


def find_mined(chain: Chain, address: str, nonces: Collection[int]) -> list[MinedTransaction]:
    """Return the account's mined transactions with these nonces, newest block first.

    Each is signed by the account under its nonce: a nonce that the account never used would leave
    a gap before everything that is written from then on.

    Raises:
        LedgerUnavailable: the chain is unavailable.
        LedgerBroken: the chain does not have them, or returns others.
    """
    remaining, names = set(nonces), list[tuple[int, bytes]]()
    newest = chain.read_each(abi.count, [("eth_blockNumber", [])])[0]
    for last in range(newest, -1, -_BLOCKS_PER_CALL):
        if not remaining:
            break
        blocks = range(last, max(-1, last - _BLOCKS_PER_CALL), -1)
        calls = [("eth_getBlockByNumber", [hex(number), True]) for number in blocks]
        for sent in chain.read_each(lambda block: _sent_by(address, block), calls):
            names += [(nonce, name) for nonce, name in sent if nonce in remaining]
            remaining -= {nonce for nonce, _ in sent}
    if remaining:
        raise LedgerBroken(f"the chain does not show transaction {min(remaining)} of {address}")
    return _with_raw(chain, address, names)


def _sent_by(address: str, block: Any) -> list[tuple[int, bytes]]:
    return [
        (abi.count(transaction["nonce"]), abi.data(transaction["hash"], 32))
        for transaction in block["transactions"]
        if transaction["from"].lower() == address
    ]


def _with_raw(
    chain: Chain, address: str, names: Sequence[tuple[int, bytes]]
) -> list[MinedTransaction]:
    mined, account = [], bytes.fromhex(address[2:])
    for nonce, name in sorted(names):
        call = ("eth_getRawTransactionByHash", ["0x" + name.hex()])
        raw = chain.read_each(abi.data, [call])[0]
        sent = read_call(raw)
        is_own = sent is not None and (sent.sender, sent.nonce) == (account, nonce)
        if keccak(raw) != name or not is_own:
            raise LedgerBroken(f"the chain returned another transaction than 0x{name.hex()}")
        mined.append(MinedTransaction(nonce, name, raw))
    return mined
