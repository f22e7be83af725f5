"""The only file that knows ipfshttpclient: a private Kubo node behind the port of blobs.py."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import ipfshttpclient
import requests
import urllib3
from ipfshttpclient.exceptions import Error as ClientError
from requests import Response

from storage.bounded_stream import SLOWEST_BYTES_PER_S, BoundedStream
from storage.car import (
    MAX_BLOCK_BYTES,
    MAX_LINKS,
    RAW_PREFIX,
    binary_cid,
    links_block,
    raw_cid,
    read_car,
    root_cid,
    text_cid,
)
from storage.errors import DiskFull, NameMismatch, StorageNotFound, StoreUnavailable

T = TypeVar("T")
Address = tuple[str, str]
"""(multiaddr of the RPC, value of the Authorization header or empty)."""

OLDEST: Final = (0, 43)
NEWEST_MAJOR: Final = 1
SMALL_TIMEOUT_S: Final = (1.0, 2.0)
BULK_TIMEOUT_S: Final = (1.0, 30.0)
LEAST_BULK_S: Final = 60.0
COLLECT_WITHIN_S: Final = 600.0
MOST_ERROR_BYTES: Final = 2_000
MOST_TOLD_BYTES: Final = 2**20
MOST_EXPORT_BYTES: Final = 2**40
OURS: Final = "bafyrei"  # CIDv1, dag-cbor, sha2-256
TRIES: Final = 2
_THEIRS: Final = (
    ClientError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    # An answer of another shape than Kubo's; ipfshttpclient asserts some of it.
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
_MISSING: Final = ("could not find", "is not pinned", "not pinned or pinned indirectly")
_PORT: Final = re.compile(r"/(?:ip4|ip6|dns|dns4|dns6)/([^/]+)/tcp/(\d+)(?:/(https?))?\Z")


class Kubo:
    """A Kubo node; safe to use from many threads, each of which has connections of its own.

    `where` is asked again after a failure, since a node that was restarted may have moved.
    """

    def __init__(self, where: Callable[[], Address]) -> None:
        self._where = where
        self._local = threading.local()

    def version(self) -> str:
        """See `BlockReader.version`."""
        found = self._call(lambda: str(self._client().version()["Version"]))
        numbers = re.match(r"(\d+)\.(\d+)\.", found)
        if not numbers or not OLDEST <= tuple(map(int, numbers.groups())) < (NEWEST_MAJOR, 0):
            raise StoreUnavailable(f"Kubo {found} is not known to work; use 0.43 or a later 0.x")
        return found

    def put_many(self, car: Path, root: bytes) -> None:
        """See `BlockStore.put_many`: one `dag/import`, one pin."""
        options = {"pin-roots": "true", "allow-big-block": "true", "stats": "false"}
        self.version()  # found out now whether anybody answers: an import may take its time
        limit_s = _limit_s(car.stat().st_size)

        def bring() -> str:
            with car.open("rb") as file:
                return self._tell("dag/import", options, limit_s, files={"file": file})

        told = self._call(bring)
        if f'"{text_cid(root)}"' not in told or '"PinErrorMsg":""' not in told:
            raise StoreUnavailable("Kubo did not confirm the pin of a batch")
        self._require_pinned(root)

    def hold(self, cids: Sequence[bytes]) -> bytes:
        """See `BlockStore.hold`."""
        root = root_cid(links_block(cids))
        options = {"arg": text_cid(root), "recursive": "true", "progress": "false"}
        for _ in range(TRIES):
            self._list(cids)
            try:
                self._call(lambda: self._tell("pin/add", options, LEAST_BULK_S))
            except StorageNotFound:
                continue  # the list itself may have been collected: a second try tells
            self._require_pinned(root)
            return root
        raise StorageNotFound("a block is not kept here")

    def _list(self, cids: Sequence[bytes]) -> bytes:
        """Store the block that lists these links, without a pin; return its name."""
        block, kind = links_block(cids), {"cid-codec": "dag-cbor", "mhtype": "sha2-256"}
        self._call(lambda: self._client().block.put(io.BytesIO(block), opts=kind))
        return root_cid(block)

    def pinned(self) -> set[bytes]:
        """See `BlockStore.pinned`."""

        def ask() -> list[str]:
            listed = self._client().pin.ls(type="recursive", timeout=BULK_TIMEOUT_S)
            # Others may pin here too, and a new node pins an empty folder of its own.
            return [name for name in listed["Keys"] or () if name.startswith(OURS)]

        return set(map(binary_cid, self._call(ask)))

    def _require_pinned(self, root: bytes) -> None:
        try:
            self._call(lambda: self._client().pin.ls(text_cid(root), type="recursive"))
        except StorageNotFound as exc:
            raise StoreUnavailable("Kubo does not show the pin that it confirmed") from exc

    def unpin(self, roots: Sequence[bytes]) -> None:
        """See `BlockStore.unpin`."""
        for root in roots:
            with suppress(StorageNotFound):
                self._call(partial(self._let_go, text_cid(root)))

    def _let_go(self, name: str) -> None:
        self._client().pin.rm(name, timeout=BULK_TIMEOUT_S)

    def get(self, cid: bytes, size: int) -> bytes:
        """See `BlockReader.get`."""
        block = self._block(cid, size)
        if len(block) != size:
            raise NameMismatch(f"the bytes of {text_cid(cid)} are not what its name says")
        return block

    def _block(self, cid: bytes, most: int) -> bytes:
        options = {"arg": text_cid(cid), "offline": "true"}
        answer = self._call(lambda: self._post("block/get", options, SMALL_TIMEOUT_S[1]))
        with answer, _in_our_words():
            block = BoundedStream(answer.raw, most + 1, SMALL_TIMEOUT_S[1]).read(most + 1)
        if raw_cid(block) != cid:
            raise NameMismatch(f"the bytes of {text_cid(cid)} are not what its name says")
        return block

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `BlockReader.get_many`: a passing root over what is wanted, and one `dag/export`."""
        for start in range(0, len(cids), MAX_LINKS):
            wanted = dict.fromkeys(cids[start : start + MAX_LINKS])
            for _ in range(TRIES):
                for cid, block in self._export(list(wanted)):
                    if cid in wanted:
                        del wanted[cid]
                        yield cid, block
                if not wanted:
                    break
            if wanted:
                self._explain(next(iter(wanted)))

    def _export(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield what Kubo sends of these; an answer that breaks off ends early, without a word."""
        options = {"arg": text_cid(self._list(cids)), "offline": "true", "progress": "false"}
        try:
            answer = self._call(lambda: self._post("dag/export", options, BULK_TIMEOUT_S[1]))
        except StorageNotFound:
            return  # the list may have been collected before it was read
        with answer:
            sent = read_car(BoundedStream(answer.raw, MOST_EXPORT_BYTES, BULK_TIMEOUT_S[1]))
            while True:
                try:
                    with _in_our_words():
                        cid, block = next(sent)
                except (StopIteration, StoreUnavailable, NameMismatch):
                    return
                if cid[:4] == RAW_PREFIX:
                    yield cid, block

    def _explain(self, cid: bytes) -> None:
        """Say why a block was not sent: missing, damaged, or nothing but a broken answer."""
        self._block(cid, MAX_BLOCK_BYTES)
        raise StoreUnavailable("the IPFS node's answers break off")

    def collect(self) -> None:
        """See `BlockStore.collect`."""
        self.version()
        self._call(lambda: self._tell("repo/gc", {"silent": "true"}, COLLECT_WITHIN_S))

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

    def _post(self, path: str, options: dict[str, str], read_s: float, **how: Any) -> Response:
        address, authorization = self._address()
        parts = _PORT.match(address)
        if not parts:
            raise StoreUnavailable(f"{address} is not an address of an IPFS node's RPC")
        if getattr(self._local, "session", None) is None:
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # no proxy ever sees a request of ours
        host, port, scheme = parts.groups()
        shown = f"[{host}]" if ":" in host else host
        answer: Response = self._local.session.post(
            f"{scheme or 'http'}://{shown}:{port}/api/v0/{path}",
            params=options,
            headers={"Authorization": authorization} if authorization else {},
            timeout=(SMALL_TIMEOUT_S[0], read_s),
            allow_redirects=False,
            stream=True,
            **how,
        )
        if answer.status_code != requests.codes.ok:
            said = BoundedStream(answer.raw, MOST_ERROR_BYTES, SMALL_TIMEOUT_S[1]).read(
                MOST_ERROR_BYTES
            )
            answer.close()
            raise requests.HTTPError(said.decode("utf-8", "replace"))
        return answer

    def _tell(self, path: str, options: dict[str, str], limit_s: float, **how: Any) -> str:
        """Return what Kubo says when it has done something that may take its time."""
        with self._post(path, options, limit_s, **how) as answer:
            said = BoundedStream(answer.raw, MOST_TOLD_BYTES, limit_s).read(MOST_TOLD_BYTES)
        return said.decode("utf-8", "replace")

    def _call(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; a node that has moved is asked again, once."""
        try:
            with _in_our_words():
                return work()
        except StoreUnavailable:
            before = self._local.__dict__.get("address")
            self._local.__dict__.clear()
            if self._address() == before:
                raise
        with _in_our_words():
            return work()


def _limit_s(size: int) -> float:
    return LEAST_BULK_S + size / SLOWEST_BYTES_PER_S


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Turn what the libraries raise into the errors of this package.

    Raises:
        NotFound: no such block, or no such pin.
        DiskFull, StoreUnavailable: as it says.
    """
    try:
        yield
    except _THEIRS as exc:
        said = f"{exc} {exc.__cause__ or ''}".lower()
        if "no space left" in said or "disk quota" in said:
            raise DiskFull("the IPFS node's disk is full; make room, then try again") from exc
        if any(sign in said for sign in _MISSING):
            raise StorageNotFound("a block is not kept here") from exc
        raise StoreUnavailable("the IPFS node does not answer; is it running?") from exc
