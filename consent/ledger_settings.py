"""Finds the ledger of an install, or deploys it at the first start, and opens the ledger on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from consent.chain import Account, Chain, Finality
from consent.consent_ledger import ConsentLedger
from consent.deployment import deploy, load, require_p256, require_production
from consent.errors import LedgerBroken, LedgerUnavailable
from consent.outbox import Outbox


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is: the node, its finality, the file that says which contract, the relayer.

    `endpoint` is the path of an IPC socket or an http(s) URL; `relayer_key` the 32 bytes of the
    account that pays, enrols and anchors. `development` allows chains on which anybody may act as
    anybody.
    """

    endpoint: str
    finality: Finality
    record: Path
    relayer_key: bytes = field(repr=False)
    development: bool = False

    def account(self) -> str:
        """Return the relayer's account, which a chain of our own must fund."""
        return Account(self.relayer_key).address


def open_ledger(
    engine: sa.Engine, clock: Callable[[], float], install: LedgerSettings
) -> ConsentLedger:
    """Return the ledger of an install; at the first start the ledger is deployed and written down.

    A chain that lost the deployment is given it again, at the same address, by
    `ConsentLedger.recover`.
    With a deployment on record the chain may be away: every request is refused until it is back.

    Raises:
        LedgerBroken: a development chain, a chain that does not check passkeys, another chain than
            the one on record, or a record that cannot be read.
        LedgerUnavailable: the first start, and the chain is away.
    """
    chain, account = Chain(install.endpoint), Account(install.relayer_key)
    deployment = load(install.record)
    try:
        require_production(chain, install.development)
        require_p256(chain)
        if deployment is None:
            deployment = deploy(chain, Outbox(engine, chain, account), install.finality)
            deployment.save(install.record)
        deployment.require_chain(chain)
    except LedgerUnavailable:
        if deployment is None:
            raise
    if deployment.finality != install.finality:
        raise LedgerBroken(f"the ledger was deployed with finality {deployment.finality}")
    return ConsentLedger(engine, chain, deployment, account, clock)
