"""The settings of a ledger, and how to open one: deployed at the first start, found later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

from consent.chain import Chain, Finality
from consent.chain_nodes import ChainNodes, NodeReport
from consent.consent_ledger import ConsentLedger
from consent.deployment import deploy, load, require_p256, require_production
from consent.errors import LedgerBroken, LedgerUnavailable
from consent.outbox import Outbox
from consent.own_accounts import OwnAccounts
from consent.raw_transactions import RelayerAccount
from consent.state_mark import StateMark


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is and who pays for its transactions.

    Attributes:
        endpoint: the path of the node's IPC socket, or an http(s) URL.
        further: the same of other nodes of the chain; with any, two of all nodes must agree.
        finality: ``single``, ``bft`` or ``pos``: when a block of this chain is final.
        record: the file that names the contract; written at the first start.
        relayer_key: the 32 bytes of the account that pays for what patients sign.
        custodian_key: those of the account that enrols; empty for the same.
        anchor_key: those of the account that anchors; empty for the one that enrols.
        former_keys: those of the accounts that enrolled earlier.
        admin: the account that the first start makes the contract's admin; "" for the same.
        development: allow chains on which any caller can act as any account.
        mark: the file, outside every backup, that shows a restored copy; None: none is noticed.
    """

    endpoint: str
    finality: Finality
    record: Path
    relayer_key: bytes = field(repr=False)
    development: bool = False
    mark: Path | None = None
    further: tuple[str, ...] = ()
    custodian_key: bytes = field(default=b"", repr=False)
    anchor_key: bytes = field(default=b"", repr=False)
    former_keys: tuple[bytes, ...] = field(default=(), repr=False)
    admin: str = ""

    def founder(self) -> str:
        """Return the account that deployed the ledger, which a chain of our own must fund.

        Raises:
            LedgerBroken: the record of the deployment cannot be read.
        """
        deployment = load(self.record)
        founder = deployment.founder if deployment is not None else ""
        return founder or self.own_accounts().custodian.address

    def own_accounts(self) -> OwnAccounts:
        """Return the accounts of these keys."""
        custodian = self.custodian_key or self.relayer_key
        return OwnAccounts(
            custodian=RelayerAccount(custodian),
            relayer=RelayerAccount(self.relayer_key),
            anchor=RelayerAccount(self.anchor_key or custodian),
            former=tuple(map(RelayerAccount, self.former_keys)),
        )


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
    chain = join_nodes((settings.endpoint, *settings.further), clock)
    own = settings.own_accounts()
    account = own.custodian
    deployment = load(settings.record)
    if deployment is None:  # by the first node: the others may not have the contract yet
        first = chain.each()[0]
        _require_suitable(first, settings)
        outbox = Outbox(engine, first, account)
        deployment = deploy(first, outbox, settings.finality, admin=settings.admin)
        deployment.save(settings.record)
    if not deployment.founder:  # before accounts could be exchanged, one had all roles
        deployment = replace(deployment, founder=account.address, admin=account.address)
        deployment.save(settings.record)
    for node in chain.each():
        with suppress(LedgerUnavailable):
            _require_suitable(node, settings)
            deployment.require_chain(node)
    if deployment.finality != settings.finality:
        raise LedgerBroken(
            f"finality {settings.finality} is set, but the ledger was deployed with finality "
            f"{deployment.finality}: set that one"
        )
    ledger = ConsentLedger(engine, chain, own, deployment, clock)
    if settings.mark is not None:
        ledger.protect(StateMark(settings.mark, deployment.contract))
    return ledger


def _require_suitable(node: Chain, settings: LedgerSettings) -> None:
    require_production(node, settings.development)
    require_p256(node)


def join_nodes(endpoints: Sequence[str], clock: Callable[[], float]) -> Chain:
    """Return one node, or several of which two must agree."""
    nodes = [Chain(endpoint) for endpoint in endpoints]
    return nodes[0] if len(nodes) == 1 else ChainNodes(nodes, clock)


def examine_nodes(
    record: Path, endpoints: Sequence[str], clock: Callable[[], float]
) -> list[NodeReport]:
    """Return what each of several nodes shows beside the others; nothing before the first start.

    Raises:
        LedgerBroken: the record of the deployment cannot be read.
    """
    deployment, chain = load(record), join_nodes(endpoints, clock)
    if deployment is None or not isinstance(chain, ChainNodes):
        return []
    try:
        return chain.examine(deployment.contract, deployment.finality)
    finally:
        chain.close()
