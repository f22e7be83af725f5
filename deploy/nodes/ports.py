"""Which network addresses a process listens on, and which ports are free."""

from __future__ import annotations

import ipaddress
import random
import socket

import psutil

from deploy.nodes.errors import PortInUse

# Below the range that the kernel gives to outgoing connections, so that a port is still free
# when its node comes back.
PORTS = range(20_000, 32_000)
MAX_TRIES = 200


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server may listen on `port` of `host` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(last: int | None) -> int:
    """Return the port used last time if it is free, otherwise another free one.

    Raises:
        PortInUse: none of those tried is free.
    """
    if last is not None and is_free(last):
        return last
    for _ in range(MAX_TRIES):
        port = random.choice(PORTS)  # noqa: S311 - nothing depends on its being unpredictable
        if is_free(port):
            return port
    raise PortInUse(
        f"no free port on 127.0.0.1 between {PORTS.start} and {PORTS.stop} ({MAX_TRIES} tried). "
        "Stop some other programs and start again"
    )


def listening_addresses(pid: int) -> set[str]:
    """Return the addresses ("127.0.0.1:5001") on which `pid` listens, TCP and UDP.

    A process of another user, or one that has ended, shows none.
    """
    try:
        connections = psutil.Process(pid).net_connections(kind="inet")
    except psutil.Error:
        return set()
    listening = [
        connection.laddr
        for connection in connections
        # UDP has no state: a socket without a peer receives from anyone.
        if connection.status == psutil.CONN_LISTEN
        or (connection.type == socket.SOCK_DGRAM and not connection.raddr)
    ]
    return {f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}" for ip, port in listening}


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach `address` (host:port)."""
    return ipaddress.ip_address(address.rpartition(":")[0].strip("[]")).is_loopback
