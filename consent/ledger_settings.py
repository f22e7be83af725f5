"""The settings of a ledger, and how to open one: deployed at the first start, found later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from consent.chain import Chain, Finality
from consent.consent_ledger import ConsentLedger
from consent.deployment import deploy, load, require_p256, require_production
from consent.errors import LedgerBroken, LedgerUnavailable
from consent.outbox import Outbox
from consent.raw_transactions import RelayerAccount
from consent.state_mark import StateMark


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is and who pays for its transactions.

    Attributes:
        endpoint: the path of the node's IPC socket, or an http(s) URL.
        finality: ``single``, ``bft`` or ``pos``: when a block of this chain is final.
        record: the file that names the contract; written at the first start.
        relayer_key: the 32 bytes of the account that pays, enrols and anchors.
        development: allow chains on which any caller can act as any account.
        mark: the file, outside every backup, that shows a restored copy; None: none is noticed.
    """

    endpoint: str
    finality: Finality
    record: Path
    relayer_key: bytes = field(repr=False)
    development: bool = False
    mark: Path | None = None

    def account(self) -> str:
        """Return the relayer's account, which a chain of our own must fund."""
        return RelayerAccount(self.relayer_key).address


def open_ledger(
    engine: sa.Engine, clock: Callable[[], float], settings: LedgerSettings
) -> ConsentLedger:
    """Return the ledger of these settings; the first start deploys it and writes the record.

    With a deployment on record the chain may be unavailable: every request is refused until it is
    back. A chain that lost the deployment gets it again, at the same address, by
    `ConsentLedger.recover`.

    Raises:
        LedgerBroken: a development chain, a chain that does not verify passkeys, another chain than
            the one on record, or a record that cannot be read.
        LedgerUnavailable: the first start, and the chain is unavailable.
    """
    chain, account = Chain(settings.endpoint), RelayerAccount(settings.relayer_key)
    deployment = load(settings.record)
    try:
        require_production(chain, settings.development)
        require_p256(chain)
        if deployment is None:
            deployment = deploy(chain, Outbox(engine, chain, account), settings.finality)
            deployment.save(settings.record)
        deployment.require_chain(chain)
    except LedgerUnavailable:
        if deployment is None:
            raise
    if deployment.finality != settings.finality:
        raise LedgerBroken(
            f"finality {settings.finality} is set, but the ledger was deployed with finality "
            f"{deployment.finality}: set that one"
        )
    ledger = ConsentLedger(engine, chain, deployment, account, clock)
    if settings.mark is not None:
        ledger.protect(StateMark(settings.mark, deployment.contract))
    return ledger
