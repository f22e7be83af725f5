"""Both nodes of an install: one process runs them, others use them and take over when it ends."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from deploy.nodes.build import find_or_build
from deploy.nodes.endpoint import ChainEndpoint, Endpoints, KuboEndpoint, parse_kubo_address
from deploy.nodes.errors import NodeFailed, NodesError
from deploy.nodes.geth import GethNode, find_running_chain
from deploy.nodes.kubo import KuboNode, find_running_kubo
from deploy.nodes.private_file import make_private_folder
from deploy.nodes.supervisor import ProgramStatus

LOCK_NAME = "nodes.lock"
SERVING_LOCK = "serving.lock"
POLL_S = 0.2
TAKE_OVER_POLL_S = 1.0
# The other process may be building the nodes before it starts them.
OTHERS_READY_WITHIN_S = 900.0


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Which nodes an install uses: those that are named, otherwise its own."""

    home: Path
    cache: Path
    environment: Mapping[str, str]
    relayer_address: str = ""
    chain_id: int = 8686
    ipfs_api: str = ""
    ipfs_authorization: str = ""
    ledger_rpc_url: str = ""
    start_nodes: bool = True
    packs_blocks: bool = False

    @property
    def has_nothing_to_start(self) -> bool:
        """Whether both nodes are external, or a service manager runs those that are not."""
        return not self.start_nodes or bool(self.ipfs_api and self.ledger_rpc_url)

    def make_kubo(self, report: Callable[[str], None]) -> KuboNode:
        """Return the install's own Kubo, not yet started; its program may be built first."""
        binary = find_or_build("ipfs", self.cache, self.environment, report)
        return KuboNode(binary, self.home / "kubo", packed=self.packs_blocks)

    def make_geth(self, report: Callable[[str], None]) -> GethNode:
        """Return the install's own chain, not yet started; its program may be built first."""
        return GethNode(
            find_or_build("geth", self.cache, self.environment, report),
            self.home / "chain",
            self.relayer_address,
            self.chain_id,
        )


class Nodes:
    """The nodes of an install, its own or external ones; also a context manager.

    One process at a time runs them. The others use the same nodes, and one of them goes on
    running them when the first ends.
    """

    def __init__(self, settings: NodeSettings, report: Callable[[str], None] | None = None):
        self._settings = settings
        self._report = report or (lambda line: None)
        self._lock: int | None = None
        self._kubo: KuboNode | None = None
        self._geth: GethNode | None = None
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._follower: threading.Thread | None = None

    @property
    def is_owner(self) -> bool:
        """Whether this process runs the nodes, and does not use those of another."""
        return self._lock is not None

    def start(self) -> Endpoints:
        """Start what is not running yet; both nodes answer when this returns.

        Raises:
            NodesError: they do not; nothing that was started is left running.
        """
        self._stopping.clear()
        if self._settings.has_nothing_to_start:
            return self.endpoints()
        if not self._try_to_own():
            self._wait_for_owner()
        if not self.is_owner:
            self._follower = threading.Thread(target=self._follow, name="follow-nodes", daemon=True)
            self._follower.start()
        return self.endpoints()

    def stop(self) -> None:
        """Stop what this process started; nodes of another process keep running."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.join()
            self._follower = None
        with self._guard:
            self._release()

    def endpoints(self) -> Endpoints:
        """Return where the nodes are now: Kubo's port may change when it is restarted.

        Raises:
            NodeFailed: they are down.
        """
        endpoints = self._find_own() if self.is_owner else find_running(self._settings)
        if endpoints is None:
            raise NodeFailed("the nodes do not answer at the moment. Try again shortly")
        return endpoints

    def statuses(self) -> tuple[ProgramStatus, ...]:
        """Return how the nodes are doing that this process runs."""
        return tuple(node.status() for node in (self._kubo, self._geth) if node is not None)

    def __enter__(self) -> Endpoints:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _try_to_own(self) -> bool:
        """Start the nodes if no other process runs them; return whether this one does."""
        with self._guard:
            if self.is_owner:
                return True
            self._lock = _find_lock(self._settings.home)
            if self._lock is None:
                return False
            started = False
            try:
                self._start_own()
                started = True
            finally:
                if not started:
                    self._release()
        return True

    def _wait_for_owner(self) -> None:
        """Wait until the nodes of another process answer, or are ours to run."""
        until_s = time.monotonic() + OTHERS_READY_WITHIN_S
        if find_running(self._settings) is None:
            self._report("another process is starting the nodes; waiting for them")
        while find_running(self._settings) is None and not self._try_to_own():
            if time.monotonic() > until_s:
                raise NodeFailed(
                    f"another process holds {self._settings.home / LOCK_NAME} and its nodes did "
                    f"not answer within {OTHERS_READY_WITHIN_S:.0f} s. Stop it and start again"
                )
            time.sleep(POLL_S)

    def _start_own(self) -> None:
        if not self._settings.ipfs_api:
            self._kubo = self._settings.make_kubo(self._report)
            self._kubo.start()
        if not self._settings.ledger_rpc_url:
            self._geth = self._settings.make_geth(self._report)
            self._geth.start()

    def _release(self) -> None:
        for node in (self._geth, self._kubo):
            if node is not None:
                node.stop()
        self._geth = self._kubo = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _follow(self) -> None:
        """Take the nodes over when the process that runs them has ended."""
        while not self._stopping.wait(TAKE_OVER_POLL_S):
            try:
                if self._try_to_own():
                    return
            except NodesError as exc:
                self._report(f"the nodes could not be taken over: {exc}")

    def _find_own(self) -> Endpoints | None:
        external = _external(self._settings)
        kubo = self._kubo.endpoint() if self._kubo is not None else external[0]
        chain = self._geth.endpoint() if self._geth is not None else external[1]
        return Endpoints(kubo, chain) if kubo and chain else None


def find_running(settings: NodeSettings) -> Endpoints | None:
    """Return where the nodes answer now, or None if one of an install's own does not."""
    external = _external(settings)
    kubo = external[0] or find_running_kubo(settings.home / "kubo")
    chain = external[1] or find_running_chain(settings.home / "chain")
    return Endpoints(kubo, chain) if kubo and chain else None


def is_in_use(home: Path) -> bool:
    """Return whether a process runs the nodes of `home` now."""
    if not (home / LOCK_NAME).exists():
        return False
    descriptor = _find_lock(home)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


@contextmanager
def served_alone(home: Path) -> Iterator[None]:
    """Hold `home` for one process that serves its pages; a second would end those of the first.

    Raises:
        NodesError: another process serves them.
    """
    descriptor = _find_lock(home, SERVING_LOCK)
    if descriptor is None:
        raise NodesError(
            f"the platform of {home} is running already. Use it, or stop it first; "
            "for another installation set VOUCHSAFE_HOME and VOUCHSAFE_PORT"
        )
    try:
        yield
    finally:
        os.close(descriptor)


def _external(settings: NodeSettings) -> tuple[KuboEndpoint | None, ChainEndpoint | None]:
    """Return the nodes that the settings name; None for each that an install runs itself."""
    return (
        parse_kubo_address(settings.ipfs_api, settings.ipfs_authorization)
        if settings.ipfs_api
        else None,
        ChainEndpoint(settings.ledger_rpc_url) if settings.ledger_rpc_url else None,
    )


def _find_lock(home: Path, name: str = LOCK_NAME) -> int | None:
    """Take a lock of `home`; None if another holds it. The kernel frees it when we die."""
    make_private_folder(home)
    descriptor = os.open(home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
