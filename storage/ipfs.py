"""The only file that knows ipfshttpclient: a private Kubo node behind the port of blobs.py."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ipfshttpclient
import requests
import urllib3
from ipfshttpclient.exceptions import Error as ClientError

from storage.car import (
    CBOR_PREFIX,
    MAX_LINKS,
    RAW_PREFIX,
    binary_cid,
    links_block,
    raw_cid,
    read_car,
    root_cid,
    text_cid,
)
from storage.errors import DiskFull, NameMismatch, NotFound, StoreUnavailable

Address = tuple[str, str]
"""(multiaddr of the RPC, value of the Authorization header or empty)."""

OLDEST: Final = (0, 43)
NEWEST_MAJOR: Final = 1
SMALL_TIMEOUT_S: Final = (1.0, 2.0)
BULK_TIMEOUT_S: Final = (1.0, 30.0)
# What the slowest disk that is worth running on does; a trickle is no answer.
SLOWEST_BYTES_PER_S: Final = 250_000
LEAST_BULK_S: Final = 60.0
_PORT: Final = re.compile(r"/(?:ip4|ip6|dns|dns4|dns6)/([^/]+)/tcp/(\d+)(?:/(https?))?\Z")


class Kubo:
    """A Kubo node; safe to use from many threads, each of which has connections of its own.

    `where` is asked again after a failure, since a node that was restarted may have moved.
    """

    def __init__(self, where: Callable[[], Address]) -> None:
        self._where = where
        self._local = threading.local()

    def version(self) -> str:
        """See `Blocks.version`."""
        with self._calling():
            found = str(self._client().version()["Version"])
        numbers = re.match(r"(\d+)\.(\d+)\.", found)
        if not numbers or not OLDEST <= tuple(map(int, numbers.groups())) < (NEWEST_MAJOR, 0):
            raise StoreUnavailable(f"Kubo {found} is not known to work; use 0.43 or a later 0.x")
        return found

    def put_many(self, car: Path, root: bytes) -> None:
        """See `Blobs.put_many`: one `dag/import`, one pin."""
        options = {"pin-roots": "true", "allow-big-block": "true", "stats": "false"}
        with self._calling(), car.open("rb") as file:
            limit_s = _limit_s(car.stat().st_size)
            answer = self._post("dag/import", options, limit_s, files={"file": file})
            _require_done(answer)
            told = answer.content.decode("utf-8", "replace")
        if f'"{text_cid(root)}"' not in told or '"PinErrorMsg":""' not in told:
            raise StoreUnavailable("Kubo did not confirm the pin of a batch")
        if root not in self._pinned([root]):
            raise StoreUnavailable("Kubo does not show the pin that it confirmed")

    def hold(self, cids: Sequence[bytes]) -> bytes:
        """See `Blobs.hold`."""
        root = self._list(cids)
        with self._calling(missing_is=NotFound("a block is not kept here")):
            options = {"arg": text_cid(root), "recursive": "true", "progress": "false"}
            _require_done(self._post("pin/add", options, LEAST_BULK_S))
        if root not in self._pinned([root]):
            raise StoreUnavailable("Kubo does not show the pin that it confirmed")
        return root

    def _list(self, cids: Sequence[bytes]) -> bytes:
        """Store the block that lists these links, without a pin; return its name."""
        block = links_block(cids)
        with self._calling():
            self._client().block.put(
                io.BytesIO(block), opts={"cid-codec": "dag-cbor", "mhtype": "sha2-256"}
            )
        return root_cid(block)

    def pinned(self) -> set[bytes]:
        """See `Blobs.pinned`."""
        return self._pinned([])

    def _pinned(self, roots: Sequence[bytes]) -> set[bytes]:
        with self._calling():
            try:
                listed = self._client().pin.ls(*map(text_cid, roots), type="recursive")
            except ipfshttpclient.exceptions.ErrorResponse as exc:
                if "is not pinned" in str(exc):
                    return set()
                raise
        # A new node pins an empty folder of its own, under a name of another kind.
        return {binary_cid(name) for name in (listed["Keys"] or {}) if name.startswith("baf")}

    def unpin(self, roots: Sequence[bytes]) -> None:
        """See `Blobs.unpin`."""
        held = self.pinned() if roots else set()
        with self._calling():
            for root in roots:
                if root in held:
                    self._client().pin.rm(text_cid(root))

    def get(self, cid: bytes, size: int) -> bytes:
        """See `Blocks.get`."""
        with self._calling(missing_is=NotFound("no such block")):
            options = {"arg": text_cid(cid), "offline": "true"}
            answer = self._post("block/get", options, LEAST_BULK_S, small=True, stream=True)
            _require_done(answer)
            with answer:
                block = _Capped(answer, size + 1, LEAST_BULK_S).read(size + 1)
        if len(block) != size or cid != raw_cid(block):
            raise NameMismatch(f"the bytes of {text_cid(cid)} are not what its name says")
        return block

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `Blocks.get_many`: a passing root over what is wanted, and one `dag/export`."""
        for start in range(0, len(cids), MAX_LINKS):
            yield from self._export(cids[start : start + MAX_LINKS])

    def _export(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        root, wanted = self._list(cids), set(cids)
        with self._calling(missing_is=NotFound("a block is not kept here")):
            options = {"arg": text_cid(root), "offline": "true", "progress": "false"}
            answer = self._post("dag/export", options, LEAST_BULK_S, stream=True)
            _require_done(answer)
            with answer:
                for cid, found in read_car(_Capped(answer, 2**40, _limit_s(2**20 * len(cids)))):
                    if cid[:4] == RAW_PREFIX and cid in wanted:
                        wanted.discard(cid)
                        yield cid, found
                    elif cid[:4] != CBOR_PREFIX:
                        raise NameMismatch("Kubo sent a block that nobody asked for")
        if wanted:
            raise NotFound("a block is not kept here")

    def collect(self) -> None:
        """See `Blobs.collect`."""
        with self._calling():
            _require_done(self._post("repo/gc", {"silent": "true"}, 600.0))

    def _client(self) -> Any:
        address, authorization = self._address()
        if getattr(self._local, "client", None) is None:
            headers = {"Authorization": authorization} if authorization else {}
            # Client() does not ask the version as connect() does, which knows none after 0.7.
            self._local.client = ipfshttpclient.Client(
                address, headers=headers, session=True, timeout=SMALL_TIMEOUT_S
            )
        return self._local.client

    def _address(self) -> Address:
        if getattr(self._local, "address", None) is None:
            self._local.address = self._where()
        address: Address = self._local.address
        return address

    def _post(
        self,
        path: str,
        options: dict[str, str],
        limit_s: float,
        *,
        small: bool = False,
        **how: Any,
    ) -> requests.Response:
        address, authorization = self._address()
        parts = _PORT.match(address)
        if not parts:
            raise StoreUnavailable(f"{address} is not an address of an IPFS node's RPC")
        if getattr(self._local, "session", None) is None:
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # no proxy ever sees a request of ours
        host, port, scheme = parts.groups()
        shown = f"[{host}]" if ":" in host else host
        read_s = SMALL_TIMEOUT_S[1] if small else max(BULK_TIMEOUT_S[1], limit_s)
        answer: requests.Response = self._local.session.post(
            f"{scheme or 'http'}://{shown}:{port}/api/v0/{path}",
            params=options,
            headers={"Authorization": authorization} if authorization else {},
            timeout=(SMALL_TIMEOUT_S[0], read_s),
            allow_redirects=False,
            **how,
        )
        return answer

    @contextmanager
    def _calling(self, missing_is: Exception | None = None) -> Iterator[None]:
        """Turn what the libraries raise into the errors of this package."""
        try:
            yield
        except (ClientError, requests.RequestException, urllib3.exceptions.HTTPError) as exc:
            said = f"{exc} {exc.__cause__ or ''}".lower()
            if isinstance(
                exc, requests.ConnectionError | ipfshttpclient.exceptions.ConnectionError
            ):
                self._local.__dict__.clear()
            if "no space left" in said or "disk quota" in said:
                raise DiskFull("the IPFS node's disk is full; make room, then try again") from exc
            if missing_is is not None and ("not found" in said or "could not find" in said):
                raise missing_is from exc
            raise StoreUnavailable("the IPFS node does not answer; is it running?") from exc


class _Capped:
    """Reads an answer, up to a number of bytes and of seconds, and notices a reported failure."""

    def __init__(self, answer: requests.Response, most: int, limit_s: float) -> None:
        self._raw = answer.raw
        self._left = most
        self._until_s = time.monotonic() + limit_s

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end."""
        held: list[bytes] = []
        while size > 0 and self._left > 0:
            if time.monotonic() > self._until_s:
                raise requests.Timeout("the answer trickles")
            part = self._raw.read(min(size, self._left, 2**20), decode_content=True)
            if not part:
                break
            held.append(part)
            size -= len(part)
            self._left -= len(part)
        return b"".join(held)


def _limit_s(size: int) -> float:
    return LEAST_BULK_S + size / SLOWEST_BYTES_PER_S


def _require_done(answer: requests.Response) -> None:
    if answer.status_code != requests.codes.ok:
        raise requests.HTTPError(answer.text[:500])
