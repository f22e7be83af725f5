"""Where a running node is reached, and the file that names it to other processes."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from deploy.nodes.errors import NodesError
from deploy.nodes.ipc import NoAnswer, call
from deploy.nodes.private_file import find_json, write_private_json

MULTIADDR = re.compile(r"/(ip4|ip6|dns|dns4|dns6)/([^/]+)/tcp/(\d+)(/https?)?$")
RPC_TIMEOUTS_S = (2.0, 5.0)


@dataclass(frozen=True, slots=True)
class KuboEndpoint:
    """An IPFS node's RPC: as a URL, as a multiaddr, and the Authorization header to send."""

    api_url: str
    multiaddr: str
    authorization: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that every call needs."""
        return {"Authorization": self.authorization} if self.authorization else {}

    def call(self, path: str, *, authorized: bool = True, **params: str) -> requests.Response:
        """Call `/api/v0/{path}`, without a proxy and without following redirects.

        Raises:
            requests.RequestException: there is no answer.
        """
        with requests.Session() as session:
            session.trust_env = False
            return session.post(
                f"{self.api_url}/api/v0/{path}",
                params=params,
                headers=self.headers() if authorized else {},
                timeout=RPC_TIMEOUTS_S,
                allow_redirects=False,
            )

    def find_version(self) -> str | None:
        """Return the version of the node that answers there, or None."""
        try:
            answer = self.call("version")
            return str(answer.json()["Version"]) if answer.status_code == 200 else None
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class ChainEndpoint:
    """A chain node: the path of its Unix socket or a URL; chain id 0 is unknown."""

    url: str
    chain_id: int = 0

    def is_alive(self) -> bool:
        """Return whether the right chain answers at this socket now."""
        try:
            return call(Path(self.url), "eth_chainId") == hex(self.chain_id)
        except NoAnswer:
            return False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Both nodes, as the rest of the platform needs them."""

    kubo: KuboEndpoint
    chain: ChainEndpoint


AnyEndpoint = TypeVar("AnyEndpoint", KuboEndpoint, ChainEndpoint)


def local_kubo(port: int, authorization: str) -> KuboEndpoint:
    """Return the endpoint of a node on this machine."""
    return KuboEndpoint(f"http://127.0.0.1:{port}", f"/ip4/127.0.0.1/tcp/{port}", authorization)


def parse_kubo_address(address: str, authorization: str) -> KuboEndpoint:
    """Return the endpoint of an external node, given as a multiaddr or a URL.

    Raises:
        NodesError: the address is neither.
    """
    parts = MULTIADDR.match(address)
    if parts:
        kind, host, port, scheme = parts.groups()
        host = f"[{host}]" if kind == "ip6" else host
        return KuboEndpoint(f"{(scheme or '/http')[1:]}://{host}:{port}", address, authorization)
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise NodesError(
            f"IPFS_API is {address!r}, which is neither a multiaddr such as "
            "/ip4/127.0.0.1/tcp/5001 nor a URL such as http://127.0.0.1:5001. Correct it"
        )
    host, port = url.hostname, str(url.port or (443 if url.scheme == "https" else 80))
    kind = "ip6" if ":" in host else "ip4" if re.fullmatch(r"[\d.]+", host) else "dns"
    return KuboEndpoint(
        f"{url.scheme}://{url.netloc}", f"/{kind}/{host}/tcp/{port}/{url.scheme}", authorization
    )


def write_endpoint(path: Path, endpoint: KuboEndpoint | ChainEndpoint) -> None:
    """Name the endpoint to other processes of this user."""
    write_private_json(path, asdict(endpoint))


def find_endpoint(path: Path, kind: type[AnyEndpoint]) -> AnyEndpoint | None:
    """Return the endpoint in `path`, whether or not a node answers there."""
    known = find_json(path) or {}
    types = {"chain_id": int}
    values = {each.name: known.get(each.name) for each in fields(kind)}
    if not all(isinstance(value, types.get(name, str)) for name, value in values.items()):
        return None
    return kind(**values)  # type: ignore[arg-type]  # each value's type was just checked
