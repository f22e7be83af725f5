"""Our chain has no port, no account of its own, Osaka rules, and comes back."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest
from oracle import EthAccount

from deploy.nodes import AnotherChain, DiskFull, GethNode, NodeFailed, NodesError
from deploy.nodes import geth as geth_module
from deploy.nodes.genesis import RELAYER_WEI, SYSTEM_CONTRACTS, make_genesis
from deploy.nodes.ipc import call
from deploy.nodes.ports import listening_addresses

pytestmark = pytest.mark.node
WELL_KNOWN_DEVELOPER = "0x71562b71999873db5b286df957af199ec94617f7"


def _signed(key: str, nonce: int) -> str:
    transaction = {
        "to": bytes.fromhex("ab" * 20),
        "value": 1,
        "gas": 60_000,
        "nonce": nonce,
        "chainId": 8686,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 1,
    }
    return "0x" + bytes(EthAccount.sign_transaction(transaction, key).raw_transaction).hex()


def _nonce(node: GethNode, address: str) -> int:
    return int(call(Path(node.endpoint().url), "eth_getTransactionCount", [address, "latest"]), 16)


def _send_until(node: GethNode, relayer: tuple[str, str], count: int) -> None:
    """Send what the chain does not have, as the outbox does."""
    address, key = relayer
    for nonce in range(_nonce(node, address), count):
        call(Path(node.endpoint().url), "eth_sendRawTransaction", [_signed(key, nonce)])


def test_it_listens_on_no_port_and_its_socket_is_its_owners(geth):
    endpoint = geth.start()
    assert listening_addresses(geth.status().pid) == set()
    assert stat.S_IMODE(Path(endpoint.url).stat().st_mode) == 0o600
    for name in ("endpoint.json", "log", "pid.json", "genesis.json", "data"):
        assert (geth.folder / name).stat().st_mode & 0o077 == 0, name


def test_only_the_relayer_has_money_and_geth_holds_no_key(geth, relayer):
    socket = Path(geth.start().url)
    assert call(socket, "eth_accounts") == []
    assert list((geth.folder / "data" / "keystore").iterdir()) == []
    assert int(call(socket, "eth_getBalance", [relayer[0], "latest"]), 16) == RELAYER_WEI
    for address in (WELL_KNOWN_DEVELOPER, "0x" + "00" * 20, *SYSTEM_CONTRACTS):
        assert call(socket, "eth_getBalance", [address, "latest"]) == "0x0"


def test_the_fees_go_back_to_the_relayer(geth, relayer, eventually):
    socket = Path(geth.start().url)
    _send_until(geth, relayer, 1)
    eventually(lambda: _nonce(geth, relayer[0]) == 1)
    block = call(socket, "eth_getBlockByNumber", ["latest", False])
    assert block["miner"] == relayer[0].lower()
    assert call(socket, "eth_getBalance", [WELL_KNOWN_DEVELOPER, "latest"]) == "0x0"


def test_it_names_our_chain_id_everywhere(geth):
    endpoint = geth.start()
    assert call(Path(endpoint.url), "eth_chainId") == hex(8686)
    assert call(Path(endpoint.url), "net_version") == "8686"


def test_its_rules_are_those_of_osaka_and_nothing_later(geth, relayer, eventually):
    socket = Path(geth.start().url)
    _send_until(geth, relayer, 1)
    eventually(lambda: _nonce(geth, relayer[0]) == 1)
    block = call(socket, "eth_getBlockByNumber", ["latest", False])
    assert int(block["gasLimit"], 16) == 60_000_000
    assert "requestsHash" in block  # since Prague
    assert not {"blockAccessListHash", "slotNumber"} & set(block)  # since Amsterdam
    config = call(socket, "eth_config")
    assert config["next"] is None
    assert config["current"]["activationTime"] == 0


def test_its_log_stays_empty_while_all_is_well(geth):
    geth.start()
    geth.stop()
    assert (geth.folder / "log").read_text() == ""


def test_killed_it_is_started_again_on_the_same_chain(geth, relayer, eventually):
    geth.start()
    _send_until(geth, relayer, 6)
    eventually(lambda: _nonce(geth, relayer[0]) == 6)
    geth.stop()  # these six are on the disk, however slow it is
    endpoint = geth.start()
    _send_until(geth, relayer, 12)
    eventually(lambda: _nonce(geth, relayer[0]) == 12)
    os.kill(geth.status().pid, signal.SIGKILL)
    eventually(lambda: geth.status().restarts == 1 and geth.status().state == "ready")
    assert geth.endpoint() == endpoint
    assert _nonce(geth, relayer[0]) >= 6  # the last few blocks may be gone: the outbox has them
    _send_until(geth, relayer, 15)
    eventually(lambda: _nonce(geth, relayer[0]) == 15)


def test_a_clean_stop_loses_nothing(geth, relayer, eventually):
    endpoint = geth.start()
    _send_until(geth, relayer, 5)
    eventually(lambda: _nonce(geth, relayer[0]) == 5)
    head = call(Path(endpoint.url), "eth_getBlockByNumber", ["latest", False])
    geth.stop()
    assert not Path(endpoint.url).exists()
    geth.start()
    # By number: an empty block may have followed before it stopped.
    again = call(Path(endpoint.url), "eth_getBlockByNumber", [head["number"], False])
    assert again == head


def test_a_home_with_a_long_path_gets_a_short_socket_and_keeps_it(geth_binary, tmp_path, relayer):
    home = tmp_path / ("long" * 30)
    node = GethNode(geth_binary, home, relayer[0], 8686)
    try:
        first = node.start()
        assert len(first.url.encode()) <= 103
        assert Path(first.url).parent.stat().st_mode & 0o077 == 0
        node.stop()
        assert node.start() == first
    finally:
        node.stop()
    Path(first.url).parent.rmdir()


@pytest.mark.parametrize(("address", "chain_id"), [("0x" + "22" * 20, 8686), (None, 8687)])
def test_a_chain_made_for_another_relayer_or_chain_id_is_refused(
    geth, geth_binary, relayer, address, chain_id
):
    geth.start()
    geth.stop()
    with pytest.raises(AnotherChain, match="VOUCHSAFE_HOME"):
        GethNode(geth_binary, geth.folder, address or relayer[0], chain_id).start()


def test_a_chain_without_its_genesis_file_is_refused(geth):
    geth.start()
    geth.stop()
    (geth.folder / "genesis.json").unlink()
    with pytest.raises(AnotherChain, match="backup"):
        geth.start()


def test_a_chain_that_was_half_made_is_made_again(geth):
    (geth.folder / "data.new" / "geth").mkdir(parents=True)
    geth.start()
    assert not (geth.folder / "data.new").exists()


def test_a_geth_that_does_not_know_p256_is_refused(geth, monkeypatch):
    monkeypatch.setattr(geth_module, "P256_VECTOR", geth_module.P256_WRONG_VECTOR)
    with pytest.raises(NodeFailed, match="0x100"):
        geth.start()


def test_a_full_disk_is_refused_before_geth_refuses_it(geth, monkeypatch):
    monkeypatch.setattr("deploy.nodes.space.MIN_FREE_BYTES", 2**62)
    with pytest.raises(DiskFull, match="Make room"):
        geth.start()


@pytest.mark.parametrize("chain_id", [0, 1337, 31337])
def test_the_chain_ids_of_development_chains_are_refused(chain_id):
    with pytest.raises(NodesError, match="LEDGER_CHAIN_ID"):
        make_genesis(chain_id, "0x" + "11" * 20)


def test_a_relayer_that_is_no_address_is_refused():
    with pytest.raises(NodesError, match="address"):
        make_genesis(8686, "0x1234")
