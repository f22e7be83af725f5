"""The rows of the outbox, and what the state of each says."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from consent.tables import METADATA

RESTORED: Final = "regained"
"""The kind of a transaction that was not written here but read back from the chain."""
WRITTEN: Final = "written"
MINED: Final = "mined"
FAILED: Final = "failed"
REFUSED: Final = "refused"
"""The state of a mined transaction with a revocation that the contract refused by event."""
REVOCATIONS: Final = frozenset({"withdraw", "stop"})
REPLACED: Final = "replaced"
"""The state of a transaction whose messages were written again, from another account."""

OUTBOX = sa.Table(
    "consent_outbox",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(42), nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("entries", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.UniqueConstraint("account", "nonce"),
    sa.Index("consent_outbox_open", "state", "kind"),
)
