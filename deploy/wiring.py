"""Turns the settings into what the ledger and the nodes are made from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deploy.nodes import NodeSettings
from deploy.settings import PACKED_BLOCKS, Settings

if TYPE_CHECKING:
    from consent import LedgerSettings


def ledger_settings(settings: Settings, endpoint: str = "") -> LedgerSettings:
    """Return where the ledger of these settings is; the keys of its accounts are made if missing.

    With an `endpoint` and no deployment on record, that is the admin's key too.
    """
    # Kubo and the pages are started by commands that need no ledger, and start sooner.
    from consent import LedgerSettings
    from deploy.account_keys import former_keys, make_admin
    from deploy.secrets import account_key, anchor_key_path, custodian_key_path, relayer_key

    record = settings.home / "ledger.json"
    is_first = bool(endpoint) and not record.exists()
    return LedgerSettings(
        endpoint=endpoint,
        finality=settings.ledger_finality,
        record=record,
        relayer_key=relayer_key(settings.home),
        custodian_key=account_key(custodian_key_path(settings.home)),
        anchor_key=account_key(anchor_key_path(settings.home)),
        development=settings.development,
        mark=settings.mark,
        further=settings.ledger_rpc_urls,
        former_keys=former_keys(settings.home),
        admin=make_admin(settings).address if is_first else "",
    )


def node_settings(settings: Settings, relayer_address: str = "") -> NodeSettings:
    """Return what the nodes need; without the relayer's address the chain cannot be started."""
    return NodeSettings(
        home=settings.home,
        cache=settings.cache,
        environment=os.environ,
        relayer_address=relayer_address,
        chain_id=settings.ledger_chain_id,
        ipfs_api=settings.ipfs_api,
        ipfs_authorization=settings.ipfs_authorization,
        ledger_rpc_url=settings.ledger_rpc_url,
        start_nodes=settings.start_nodes,
        packs_blocks=settings.blocks == PACKED_BLOCKS,
    )
