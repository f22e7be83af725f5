"""Takes back into the outbox what the chain has and a restored database does not."""

from __future__ import annotations

from consent.chain import Chain
from consent.mirror import Mirror
from consent.outbox import WRITTEN, Outbox
from consent.raw import find_mined


def regain(outbox: Outbox, chain: Chain, mirror: Mirror) -> int:
    """Keep every transaction of our account that the chain has; return how many were missing.

    They are missing after an older copy of the database was put back, or while another program
    sends from the account. The mirror proves first that it has every change up to now. Then each
    is kept under its own nonce, so that a chain which loses its data can be given all of them
    again; what was written here under such a nonce, and so can never be mined, is written again
    with a nonce of its own. No nonce is used twice.

    Raises:
        LedgerUnavailable: the chain is away.
        LedgerBroken: the mirror cannot be proved, or the chain does not show what it counts.
    """
    address = outbox.address
    count, coming = chain.transaction_count(address), outbox.writer.find_next_nonce()
    if coming is None:
        return 0
    passed = [sent for sent in outbox.find(state=WRITTEN) if sent.nonce < count]
    receipts = chain.receipts([sent.hash for sent in passed]) if passed else []
    unmined = [s.nonce for s, receipt in zip(passed, receipts, strict=True) if receipt is None]
    nonces = {*range(coming, count), *unmined}
    if not nonces:
        return 0
    mirror.sync()
    missing = [one for one in find_mined(chain, address, nonces) if outbox.is_missing(one)]
    outbox.adopt(missing, count)
    return len(missing)
