"""Where a running node is reached, and the file that says so to other processes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from deploy.nodes.errors import NodesError
from deploy.nodes.ipc import NoAnswer, ask
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
        """Call `/api/v0/{path}`, past any proxy and without a redirect.

        Raises:
            requests.RequestException: nobody answers.
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
    """A chain node: an IPC path or a URL; what is 0 or empty is known to nobody but the node."""

    url: str
    chain_id: int = 0
    genesis_hash: str = ""

    @property
    def is_ipc(self) -> bool:
        """True when `url` is the path of a Unix socket."""
        return "://" not in self.url

    def is_alive(self) -> bool:
        """True when the right chain answers at this socket now."""
        try:
            return ask(Path(self.url), "eth_chainId") == hex(self.chain_id)
        except NoAnswer:
            return False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Both nodes, as the rest of the platform needs them."""

    kubo: KuboEndpoint
    chain: ChainEndpoint


def kubo_at(port: int, authorization: str) -> KuboEndpoint:
    """Return the endpoint of a node on this machine."""
    return KuboEndpoint(f"http://127.0.0.1:{port}", f"/ip4/127.0.0.1/tcp/{port}", authorization)


def kubo_named(address: str, authorization: str) -> KuboEndpoint:
    """Return the endpoint of somebody else's node, given as a multiaddr or a URL.

    Raises:
        NodesError: the address is neither.
    """
    parts = MULTIADDR.match(address)
    if parts:
        kind, host, port, scheme = parts.groups()
        shown = f"[{host}]" if kind == "ip6" else host
        return KuboEndpoint(f"{(scheme or '/http')[1:]}://{shown}:{port}", address, authorization)
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise NodesError(
            f"IPFS_API is {address!r}; give a multiaddr such as /ip4/127.0.0.1/tcp/5001, "
            "or a URL such as http://127.0.0.1:5001"
        )
    host, port = url.hostname, str(url.port or (443 if url.scheme == "https" else 80))
    kind = "ip6" if ":" in host else "ip4" if re.fullmatch(r"[\d.]+", host) else "dns"
    return KuboEndpoint(
        f"{url.scheme}://{url.netloc}", f"/{kind}/{host}/tcp/{port}/{url.scheme}", authorization
    )


def write_kubo(path: Path, endpoint: KuboEndpoint) -> None:
    """Tell other processes of this user where Kubo is."""
    write_private_json(
        path,
        {
            "api_url": endpoint.api_url,
            "multiaddr": endpoint.multiaddr,
            "authorization": endpoint.authorization,
        },
    )


def find_kubo(path: Path) -> KuboEndpoint | None:
    """Return the endpoint in `path`, whether or not anybody answers there."""
    known = find_json(path) or {}
    fields = [known.get(name) for name in ("api_url", "multiaddr", "authorization")]
    if not all(isinstance(value, str) for value in fields):
        return None
    return KuboEndpoint(*map(str, fields))


def write_chain(path: Path, endpoint: ChainEndpoint) -> None:
    """Tell other processes of this user where the chain node is."""
    write_private_json(
        path,
        {
            "url": endpoint.url,
            "chain_id": endpoint.chain_id,
            "genesis_hash": endpoint.genesis_hash,
        },
    )


def find_chain(path: Path) -> ChainEndpoint | None:
    """Return the endpoint in `path`, whether or not anybody answers there."""
    known = find_json(path) or {}
    url, chain_id, genesis = (known.get(name) for name in ("url", "chain_id", "genesis_hash"))
    if not isinstance(url, str) or not isinstance(chain_id, int) or not isinstance(genesis, str):
        return None
    return ChainEndpoint(url, chain_id, genesis)
