"""Our Kubo is private, quiet, and comes back."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from pathlib import Path

import pytest
import requests

from deploy.nodes import (
    KuboEndpoint,
    KuboNode,
    NodeExposed,
    NodeFailed,
    NodesError,
    PortInUse,
)
from deploy.nodes import kubo as kubo_module
from deploy.nodes.endpoint import ChainEndpoint, find_endpoint, parse_kubo_address
from deploy.nodes.kubo_config import ALLOWED_PATHS, automatic_values, private_config
from deploy.nodes.ports import choose_port, listening_addresses

pytestmark = pytest.mark.node


def _put(endpoint: KuboEndpoint, content: bytes) -> str:
    answer = requests.post(
        f"{endpoint.api_url}/api/v0/block/put",
        params={"cid-codec": "raw", "mhtype": "sha2-256", "pin": "true"},
        files={"file": content},
        headers=endpoint.headers(),
        timeout=10,
    )
    return str(answer.json()["Key"])


def _config(node: KuboNode) -> dict[str, object]:
    loaded = json.loads((node.folder / "repo" / "config").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_it_listens_on_loopback_for_its_rpc_and_nowhere_else(kubo):
    endpoint = kubo.start()
    assert listening_addresses(kubo.status().pid) == {endpoint.api_url.removeprefix("http://")}


def test_its_log_holds_no_warning_and_no_error(kubo):
    kubo.start()
    kubo.stop()
    log = (kubo.folder / "log").read_text()
    assert "Daemon is ready" in log
    assert not re.search(r"warn|error|fail|⚠|deprecat|unable", log, re.IGNORECASE)


def test_a_call_without_the_secret_or_with_a_wrong_one_is_refused(kubo):
    endpoint = kubo.start()
    wrong = KuboEndpoint(endpoint.api_url, endpoint.multiaddr, endpoint.authorization + "x")
    for path in ("version", "id", "repo/stat", "refs/local", "config/show", "shutdown"):
        assert endpoint.call(path, authorized=False).status_code == 403
        assert wrong.call(path).status_code == 403


def test_the_secret_opens_only_what_the_platform_calls(kubo):
    endpoint = kubo.start()
    for path in ("config/show", "shutdown", "swarm/peers", "key/list", "repo/verify"):
        assert endpoint.call(path).status_code == 403
    for path in ("pin/remote/service/ls", "files/ls", "p2p/ls", "config", "get", "name/publish"):
        assert endpoint.call(path).status_code in (403, 404)
    for path in ("version", "id", "repo/stat", "pin/ls"):
        assert endpoint.call(path).status_code == 200


def test_a_proxy_of_the_environment_sees_nothing(kubo, monkeypatch):
    endpoint = kubo.start()
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.1)
        proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        assert endpoint.find_version() is not None
        with pytest.raises(TimeoutError):
            trap.accept()


def test_nothing_of_its_configuration_reaches_for_the_network(kubo):
    kubo.start()
    config = _config(kubo)
    assert list(automatic_values(config)) == []
    assert config["Routing"] == {"Type": "none", "DelegatedRouters": []}
    assert config["Bootstrap"] == []
    assert config["Addresses"]["Swarm"] == config["Addresses"]["Gateway"] == []
    for section in ("AutoConf", "AutoTLS", "Pubsub", "Provide", "HTTPRetrieval"):
        assert config[section]["Enabled"] is False
    assert config["Discovery"]["MDNS"]["Enabled"] is False
    assert config["Swarm"]["Transports"]["Network"]["Websocket"] is False
    assert config["Plugins"]["Plugins"]["telemetry"]["Disabled"] is True
    assert config["Datastore"]["Spec"]["mounts"][0]["sync"] is True
    assert config["API"]["Authorizations"]["vouchsafe"]["AllowedPaths"] == list(ALLOWED_PATHS)


def test_a_repository_stays_as_it_was_made_whatever_the_setting_says_now(kubo, ipfs_binary):
    name = _put(kubo.start(), b"sealed")
    kubo.stop()
    again = KuboNode(ipfs_binary, kubo.folder, packed=True)
    try:
        assert again.start().call("block/get", arg=name).content == b"sealed"
    finally:
        again.stop()
    assert _config(kubo)["Datastore"]["Spec"]["mounts"][0]["sync"] is True


def test_the_log_of_packed_blocks_cannot_be_switched_off():
    made = {"type": "pebbleds", "path": "pebbleds", "formatMajorVersion": 24}
    changed = made | {"disableWAL": True, "walMinSyncIntervalSeconds": 9}
    spec = private_config({"Addresses": {}, "Datastore": {"Spec": changed}}, 5001, "secret")
    stored = spec["Datastore"]["Spec"]
    assert made.items() <= stored.items()
    assert not {"disableWAL", "walMinSyncIntervalSeconds"} & set(stored)


def test_what_is_secret_is_readable_by_its_owner_only(kubo):
    kubo.start()
    for name in ("repo/config", "repo/swarm.key", "endpoint.json", "log", "pid.json"):
        assert (kubo.folder / name).stat().st_mode & 0o077 == 0, name
    assert kubo.folder.stat().st_mode & 0o077 == 0
    assert kubo.endpoint().authorization not in repr(kubo.endpoint())


def test_a_configuration_that_somebody_opened_is_closed_at_the_next_start(kubo):
    kubo.start()
    kubo.stop()
    config = _config(kubo)
    config["Bootstrap"] = ["auto"]
    config["Addresses"]["Swarm"] = ["/ip4/0.0.0.0/tcp/4001"]
    config["API"]["Authorizations"]["other"] = {"AuthSecret": "a", "AllowedPaths": ["/api/v0"]}
    (kubo.folder / "repo" / "config").write_text(json.dumps(config))
    kubo.start()
    assert _config(kubo)["Bootstrap"] == _config(kubo)["Addresses"]["Swarm"] == []
    assert list(_config(kubo)["API"]["Authorizations"]) == ["vouchsafe"]


def test_killed_it_is_started_again_on_the_same_blocks_and_the_same_port(kubo, eventually):
    endpoint = kubo.start()
    name = _put(endpoint, b"sealed")
    os.kill(kubo.status().pid, signal.SIGKILL)
    eventually(lambda: kubo.status().restarts == 1 and kubo.status().state == "ready")
    assert kubo.endpoint() == endpoint
    assert endpoint.call("block/get", arg=name).content == b"sealed"
    assert endpoint.call("pin/ls", arg=name).status_code == 200


def test_a_missing_block_is_missed_at_once(kubo):
    answer = kubo.start().call(
        "block/get", arg="bafkreigaknpexyvxt76zgkitavbwx6ejgfheup5oybpm77f3pxzrvwpfdi"
    )
    assert answer.status_code == 500
    assert answer.elapsed.total_seconds() < 1


def test_a_port_taken_by_another_is_left_to_it_and_so_is_the_old_secret(kubo):
    before = kubo.start()
    kubo.stop()
    port = int(before.api_url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        after = kubo.start()
        assert after.api_url != before.api_url
        assert after.authorization != before.authorization
        assert find_endpoint(kubo.folder / "endpoint.json", KuboEndpoint) == after


def test_no_free_port_says_what_to_do(monkeypatch):
    monkeypatch.setattr("deploy.nodes.ports.is_free", lambda port: False)
    with pytest.raises(PortInUse, match="Stop some other programs"):
        choose_port(None)


def test_a_kubo_that_answers_everybody_is_not_used(kubo, monkeypatch):
    def open_to_all(*arguments: object) -> dict[str, object]:
        config = private_config(*arguments)
        config["API"]["Authorizations"] = {}
        return config

    monkeypatch.setattr(kubo_module, "private_config", open_to_all)
    with pytest.raises(NodeExposed, match="must refuse"):
        kubo.start()
    assert kubo.status().pid is None
    assert not (kubo.folder / "endpoint.json").exists()


def test_a_kubo_that_listens_to_the_world_is_not_used(kubo, monkeypatch):
    def listens(*arguments: object) -> dict[str, object]:
        config = private_config(*arguments)
        port = config["Addresses"]["API"].rpartition("/")[2]
        config["Addresses"]["API"] = f"/ip4/0.0.0.0/tcp/{port}"
        return config

    monkeypatch.setattr(kubo_module, "private_config", listens)
    with pytest.raises(NodeExposed, match="listens on"):
        kubo.start()


def test_a_kubo_that_cannot_make_its_repository_says_why(tmp_path):
    broken = tmp_path / "ipfs"
    broken.write_text("#!/bin/sh\necho 'Error: the moon is wrong' >&2; exit 7\n")
    broken.chmod(0o755)
    with pytest.raises(NodeFailed, match="the moon is wrong"):
        KuboNode(broken, tmp_path / "kubo").start()


@pytest.mark.parametrize("damage", ["", "{", "{}", "[]"])
def test_a_damaged_configuration_is_said_and_not_replaced(kubo, damage):
    kubo.start()
    kubo.stop()
    (kubo.folder / "repo" / "config").write_text(damage)
    with pytest.raises(NodeFailed, match="backup"):
        kubo.start()
    assert (kubo.folder / "repo" / "config").read_text() == damage


@pytest.mark.parametrize(
    ("address", "url", "multiaddr"),
    [
        ("/ip4/10.0.0.1/tcp/5001", "http://10.0.0.1:5001", "/ip4/10.0.0.1/tcp/5001"),
        ("/ip6/::1/tcp/5001", "http://[::1]:5001", "/ip6/::1/tcp/5001"),
        ("/dns/ipfs/tcp/443/https", "https://ipfs:443", "/dns/ipfs/tcp/443/https"),
        ("http://ipfs:5001", "http://ipfs:5001", "/dns/ipfs/tcp/5001/http"),
        ("https://10.0.0.1", "https://10.0.0.1", "/ip4/10.0.0.1/tcp/443/https"),
    ],
)
def test_another_node_is_named_by_multiaddr_or_url(address, url, multiaddr):
    endpoint = parse_kubo_address(address, "Bearer x")
    assert (endpoint.api_url, endpoint.multiaddr) == (url, multiaddr)


def test_an_address_that_is_neither_is_refused():
    with pytest.raises(NodesError, match="multiaddr"):
        parse_kubo_address("localhost:5001", "")


def test_endpoints_of_another_install_are_not_mistaken(tmp_path: Path):
    file = tmp_path / "endpoint.json"
    for content in (None, '{"api_url": 5}', '{"url": "/x", "chain_id": "1"}', "[]"):
        if content is not None:
            file.write_text(content)
        assert find_endpoint(file, KuboEndpoint) is None
        assert find_endpoint(file, ChainEndpoint) is None
