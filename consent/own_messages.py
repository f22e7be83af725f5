"""Finds signed messages in our own transactions, whatever other transaction brought them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import sqlalchemy as sa

from consent.calldata import Message, list_claims
from consent.outbox_rows import FAILED, OUTBOX, REFUSED, RESTORED, WRITTEN
from consent.raw_transactions import read_call
from consent.typed_data import Op

KIND_OF: Final = {
    Op.KEY_ADDED: "add-key",
    Op.KEY_REMOVED: "remove-key",
    Op.GRANTED: "grant",
    Op.WITHDRAWN: "withdraw",
    Op.STOPPED: "stop",
    Op.RECOVERY_VETOED: "veto",
}
"""What the contract takes from any account, and the kind of our own transactions for it."""
_UNSETTLED: Final = (WRITTEN, FAILED, REFUSED)
_PAGE_ROWS: Final = 1_000


class OwnMessages:
    """The messages that patients signed here, as they are stored before anybody else sees them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def find(
        self, messages: Collection[Message], *, is_whole: bool
    ) -> dict[Message, list[tuple[bytes, bool]]]:
        """Return each transaction with one of these messages, and whether it was written here.

        Only what the contract takes from any account is looked for. One that was read back from
        a chain was not written here: nobody here checked what it has.

        Args:
            messages: operations and their words, as `consent.calldata.list_claims` gives them.
            is_whole: look at settled transactions too. What is new on the ledger is in none.
        """
        sought = {message for message in messages if message[0] in KIND_OF}
        raws: dict[Message, list[tuple[bytes, bool]]] = {}
        for row in self._rows({KIND_OF[Op(op)] for op, _ in sought}, is_whole) if sought else ():
            call = read_call(row.raw)
            claims = list_claims(call) if call is not None else []
            for message in sought.intersection(message for message, _ in claims):
                raws.setdefault(message, []).append((row.raw, row.kind != RESTORED))
        return raws

    def _rows(self, kinds: Collection[str], is_whole: bool) -> Iterator[sa.Row[Any, Any]]:
        query = sa.select(OUTBOX.c.kind, OUTBOX.c.raw).where(OUTBOX.c.kind.in_([*kinds, RESTORED]))
        if not is_whole:
            query = query.where(OUTBOX.c.state.in_(_UNSETTLED))
        with self._engine.connect() as connection:
            paged = connection.execution_options(yield_per=_PAGE_ROWS)
            yield from paged.execute(query.order_by(OUTBOX.c.seq))
