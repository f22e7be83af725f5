"""Store blocks in a private Kubo node; the only file that imports ipfshttpclient."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import ipfshttpclient
import requests
import urllib3
from ipfshttpclient.exceptions import Error as ClientError
from requests import Response

from storage.bounded_stream import MIN_BYTES_PER_S, BoundedStream
from storage.car import (
    MAX_BLOCK_BYTES,
    MAX_LINKS,
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

MIN_VERSION: Final = (0, 43)
NEXT_MAJOR: Final = 1
SMALL_TIMEOUT_S: Final = (1.0, 2.0)
BULK_TIMEOUT_S: Final = (1.0, 30.0)
MIN_BULK_S: Final = 60.0
COLLECT_TIMEOUT_S: Final = 600.0
MAX_ERROR_BYTES: Final = 2_000
MAX_ANSWER_BYTES: Final = 2**20
MAX_LIST_BYTES: Final = 2**25
"""About 300,000 pins, one for each batch."""
MAX_EXPORT_BYTES: Final = 2**40
ROOT_PREFIX: Final = "bafyrei"  # CIDv1, dag-cbor, sha2-256
ATTEMPTS: Final = 2
_LIBRARY_ERRORS: Final = (
    ClientError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    # Answers of an unexpected shape; ipfshttpclient asserts part of it.
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_MISSING: Final = ("could not find", "is not pinned", "not pinned or pinned indirectly")
_MULTIADDR: Final = re.compile(r"/(?:ip4|ip6|dns|dns4|dns6)/([^/]+)/tcp/(\d+)(?:/(https?))?\Z")


class Kubo:
    """A Kubo node; safe to use from many threads, each with its own connections.

    `address` is called again after a failure, since a restarted node may listen elsewhere.
    """

    def __init__(self, address: Callable[[], Address]) -> None:
        self._find_address = address
        self._local = threading.local()

    def version(self) -> str:
        """See `BlockReader.version`."""
        version = self._call(lambda: str(self._client().version()["Version"]))
        numbers = re.match(r"(\d+)\.(\d+)\.", version)
        if not numbers or not MIN_VERSION <= tuple(map(int, numbers.groups())) < (NEXT_MAJOR, 0):
            raise StoreUnavailable(f"unsupported Kubo version {version}; use 0.43 or a later 0.x")
        return version

    def import_car(self, car: Path, root: bytes) -> None:
        """See `BlockStore.import_car`: one `dag/import`, one pin."""
        options = {"pin-roots": "true", "allow-big-block": "true", "stats": "false"}
        self.version()  # fails fast if the node is down: an import may take minutes
        limit_s = _limit_s(car.stat().st_size)

        def upload() -> str:
            with car.open("rb") as file:
                return self._post_and_read("dag/import", options, limit_s, files={"file": file})

        answer = self._call(upload)
        if f'"{text_cid(root)}"' not in answer or '"PinErrorMsg":""' not in answer:
            raise StoreUnavailable(f"Kubo did not confirm the pin of {text_cid(root)}; try again")
        self._require_pinned(root)

    def pin(self, cids: Sequence[bytes]) -> bytes:
        """See `BlockStore.pin`."""
        root = root_cid(links_block(cids))
        options = {"arg": text_cid(root), "recursive": "true", "progress": "false"}
        for _ in range(ATTEMPTS):
            self._put_links(cids)
            try:
                self._call(lambda: self._post_and_read("pin/add", options, MIN_BULK_S))
            except StorageNotFound:
                continue  # the block of links itself may have been collected: try once more
            self._require_pinned(root)
            return root
        raise StorageNotFound("a block is missing from the IPFS node")

    def _put_links(self, cids: Sequence[bytes]) -> bytes:
        """Store the block that lists links to these, without a pin; return its CID."""
        block, options = links_block(cids), {"cid-codec": "dag-cbor", "mhtype": "sha2-256"}
        self._call(lambda: self._client().block.put(io.BytesIO(block), opts=options))
        return root_cid(block)

    def list_pins(self) -> set[bytes]:
        """See `BlockStore.list_pins`."""

        def request() -> list[str]:
            answer = self._client().pin.ls(type="recursive", timeout=BULK_TIMEOUT_S)
            # Other programs may pin here too, and a new node pins an empty folder of its own.
            return [name for name in answer["Keys"] or () if name.startswith(ROOT_PREFIX)]

        return set(map(binary_cid, self._call(request)))

    def find_damaged(self, roots: Iterable[bytes]) -> set[bytes]:
        """See `BlockStore.find_damaged`."""
        return {root for root in roots if not self._is_intact(root)}

    def _is_intact(self, root: bytes) -> bool:
        try:
            self._block(root, MAX_BLOCK_BYTES)
        except (StorageNotFound, NameMismatch):
            return False
        return True

    def _require_pinned(self, root: bytes) -> None:
        name = text_cid(root)
        unlisted = f"Kubo confirmed the pin of {name} but does not list it; try again"
        try:
            listed = self._call(lambda: set(self._client().pin.ls(name, type="recursive")["Keys"]))
        except StorageNotFound as exc:
            raise StoreUnavailable(unlisted) from exc
        if name not in listed:
            raise StoreUnavailable(unlisted)

    def unpin(self, roots: Sequence[bytes]) -> None:
        """See `BlockStore.unpin`."""
        for root in roots:
            with suppress(StorageNotFound):
                self._call(partial(self._remove_pin, text_cid(root)))

    def _remove_pin(self, name: str) -> None:
        self._client().pin.rm(name, timeout=BULK_TIMEOUT_S)

    def get(self, cid: bytes, size: int) -> bytes:
        """See `BlockReader.get`."""
        block = self._block(cid, size)
        if len(block) != size:
            raise NameMismatch(f"block {text_cid(cid)} has {len(block)} bytes; expected {size}")
        return block

    def _block(self, cid: bytes, max_bytes: int) -> bytes:
        options = {"arg": text_cid(cid), "offline": "true"}
        answer = self._call(lambda: self._post("block/get", options, SMALL_TIMEOUT_S[1]))
        with answer, _translated_errors():
            block = BoundedStream(answer.raw, max_bytes + 1, SMALL_TIMEOUT_S[1]).read(max_bytes + 1)
        if cid not in (raw_cid(block), root_cid(block)):
            raise NameMismatch(f"block {text_cid(cid)} does not match its CID")
        return block

    def get_many(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `BlockReader.get_many`: an unpinned root over the blocks, and one `dag/export`."""
        for start in range(0, len(cids), MAX_LINKS):
            missing = dict.fromkeys(cids[start : start + MAX_LINKS])
            for _ in range(ATTEMPTS):
                for cid, block in self._export(list(missing)):
                    if cid in missing:
                        del missing[cid]
                        yield cid, block
                if not missing:
                    break
                # In another order, since a damaged block of links stays as it is when put again.
                missing = dict.fromkeys(reversed(missing))
            if len(missing) == 1:  # which has no other order
                cid = missing.popitem()[0]
                yield cid, self._block(cid, MAX_BLOCK_BYTES)
            elif missing:
                self._raise_cause(next(iter(missing)))

    def _export(self, cids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield the blocks that Kubo sends; an interrupted answer ends early without an error.

        So does one with a block that was not requested, or that came before: it could be endless.
        """
        root = self._put_links(cids)
        expected = {root, *cids}
        options = {"arg": text_cid(root), "offline": "true", "progress": "false"}
        try:
            answer = self._call(lambda: self._post("dag/export", options, BULK_TIMEOUT_S[1]))
        except StorageNotFound:
            return  # the block of links may have been collected before it was read
        with answer:
            blocks = read_car(BoundedStream(answer.raw, MAX_EXPORT_BYTES, BULK_TIMEOUT_S[1]))
            while True:
                try:
                    with _translated_errors():
                        cid, block = next(blocks)
                except (StopIteration, StoreUnavailable, NameMismatch):
                    return
                if cid not in expected:
                    return
                expected.remove(cid)
                if cid != root:
                    yield cid, block

    def _raise_cause(self, cid: bytes) -> None:
        """Raise why a block was not sent: missing, damaged, or an interrupted answer."""
        self._block(cid, MAX_BLOCK_BYTES)
        raise StoreUnavailable("the IPFS node closed the connection before the end; try again")

    def collect_garbage(self) -> None:
        """See `BlockStore.collect_garbage`."""
        self.version()
        # Kubo believes a damaged block of links: it would delete a block that a pin keeps.
        damaged = self.find_damaged(self.list_pins())
        if damaged:
            raise NameMismatch(
                f"the IPFS node's list of pinned blocks {text_cid(min(damaged))} is damaged or "
                "missing, so nothing was deleted. Restore the node's repository from a backup "
                "(docs/operations.md)"
            )
        self._call(lambda: self._post_and_read("repo/gc", {"silent": "true"}, COLLECT_TIMEOUT_S))

    def _client(self) -> Any:
        address, authorization = self._address()
        if getattr(self._local, "client", None) is None:
            headers = {"Authorization": authorization} if authorization else {}
            # connect() refuses every version after 0.7; Client() does not check it.
            self._local.client = ipfshttpclient.Client(
                address, headers=headers, auth=_Bounded(), session=True, timeout=SMALL_TIMEOUT_S
            )
        return self._local.client

    def _address(self) -> Address:
        if getattr(self._local, "address", None) is None:
            self._local.address = self._find_address()
        address: Address = self._local.address
        return address

    def _post(self, path: str, options: dict[str, str], read_s: float, **files: Any) -> Response:
        address, authorization = self._address()
        parts = _MULTIADDR.match(address)
        if not parts:
            raise StoreUnavailable(
                f"unsupported IPFS RPC address {address}; expected e.g. /ip4/127.0.0.1/tcp/5001"
            )
        if getattr(self._local, "session", None) is None:
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # requests never go through a proxy
        host, port, scheme = parts.groups()
        url_host = f"[{host}]" if ":" in host else host
        answer: Response = self._local.session.post(
            f"{scheme or 'http'}://{url_host}:{port}/api/v0/{path}",
            params=options,
            headers={"Authorization": authorization} if authorization else {},
            # A busy node may not read an upload for a while, and the first of the two limits that.
            timeout=(read_s if files else SMALL_TIMEOUT_S[0], read_s),
            allow_redirects=False,
            stream=True,
            **files,
        )
        if answer.status_code != requests.codes.ok:
            stream = BoundedStream(answer.raw, MAX_ERROR_BYTES, SMALL_TIMEOUT_S[1])
            error = stream.read(MAX_ERROR_BYTES)
            answer.close()
            raise requests.HTTPError(error.decode("utf-8", "replace"))
        return answer

    def _post_and_read(
        self, path: str, options: dict[str, str], limit_s: float, **files: Any
    ) -> str:
        """Return Kubo's answer to a request that may take up to `limit_s`."""
        with self._post(path, options, limit_s, **files) as answer:
            content = BoundedStream(answer.raw, MAX_ANSWER_BYTES, limit_s).read(MAX_ANSWER_BYTES)
        return content.decode("utf-8", "replace")

    def _call(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; try once more if the node has a new address."""
        try:
            with _translated_errors():
                return work()
        except StoreUnavailable:
            before = self._local.__dict__.get("address")
            self._local.__dict__.clear()
            if self._address() == before:
                raise
        with _translated_errors():
            return work()


class _Bounded(requests.auth.AuthBase):
    """Bounds every answer that ipfshttpclient reads, which it does without any limit.

    It needs no credentials of this class: this is how requests gives access to each answer.
    """

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Have the answer to this request bounded."""
        request.register_hook("response", _bound)  # type: ignore[no-untyped-call]
        return request


def _bound(answer: Response, *, timeout: tuple[float, float], **_: object) -> None:
    """Read an answer before anything else does, and refuse it if it is too long or too slow."""
    if answer.is_redirect:
        answer.close()
        raise requests.TooManyRedirects("the IPFS node refers to another address")
    content = BoundedStream(answer.raw, MAX_LIST_BYTES + 1, timeout[1]).read(MAX_LIST_BYTES + 1)
    answer.close()
    if len(content) > MAX_LIST_BYTES:
        raise requests.ConnectionError("the IPFS node sends more than any answer has")
    answer.raw = io.BytesIO(content)


def _limit_s(size: int) -> float:
    return MIN_BULK_S + size / MIN_BYTES_PER_S


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Translate what the libraries raise.

    Raises:
        StorageNotFound: there is no such block or pin.
        DiskFull: the node's disk is full.
        StoreUnavailable: everything else.
    """
    try:
        yield
    except _LIBRARY_ERRORS as exc:
        text = f"{exc} {exc.__cause__ or ''}".lower()
        if "no space left" in text or "disk quota" in text:
            raise DiskFull("the IPFS node's disk is full; free some space, then try again") from exc
        if any(pattern in text for pattern in _MISSING):
            raise StorageNotFound("a block or pin is missing from the IPFS node") from exc
        raise StoreUnavailable("the IPFS node does not answer; check that it is running") from exc
