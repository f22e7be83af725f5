"""Which network addresses a process listens on, and which ports are free."""

from __future__ import annotations

import ipaddress
import os
import random
import socket
from pathlib import Path

from deploy.nodes.errors import PortInUse

TCP_LISTENS = "0A"
UDP_BOUND = "07"
# Below the range that the kernel gives to outgoing connections, so that a port is still free
# when its node comes back.
PORTS = range(20_000, 32_000)
TRIES = 200


def is_free(port: int) -> bool:
    """True when a server may listen on `port` of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
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
    for _ in range(TRIES):
        port = random.choice(PORTS)  # noqa: S311 - any will do
        if is_free(port):
            return port
    raise PortInUse(
        f"no free port found on 127.0.0.1 between {PORTS.start} and {PORTS.stop}; "
        "stop some other programs, then start again"
    )


def listening(pid: int) -> set[str] | None:
    """Return the addresses ("127.0.0.1:5001") that `pid` listens on, TCP and UDP.

    None where the system does not say (no /proc).
    """
    proc = Path(f"/proc/{pid}")
    if not (proc / "net" / "tcp").exists():
        return None
    owned = _sockets_of(proc)
    found = set()
    for name, state in (("tcp", TCP_LISTENS), ("tcp6", TCP_LISTENS), ("udp", UDP_BOUND)) + (
        ("udp6", UDP_BOUND),
    ):
        table = proc / "net" / name
        rows = table.read_text(encoding="utf-8").splitlines()[1:] if table.exists() else []
        for fields in (row.split() for row in rows):
            if fields[3] == state and fields[9] in owned:
                found.add(_readable(fields[1]))
    return found


def is_loopback(address: str) -> bool:
    """True when only this machine can reach `address` (host:port)."""
    return ipaddress.ip_address(address.rpartition(":")[0].strip("[]")).is_loopback


def _sockets_of(proc: Path) -> set[str]:
    inodes = set()
    for link in (proc / "fd").iterdir():
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes


def _readable(packed: str) -> str:
    """Turn the kernel's hexadecimal address into host:port."""
    host, port = packed.split(":")
    words = [bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words))
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{int(port, 16)}"
