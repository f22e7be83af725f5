"""Both nodes of an install: started once, whoever asks first, and handed on when that one ends."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from deploy.nodes.build import find_or_build
from deploy.nodes.endpoint import (
    ChainEndpoint,
    Endpoints,
    KuboEndpoint,
    kubo_named,
)
from deploy.nodes.errors import NodeFailed, NodesError
from deploy.nodes.geth import GethNode, find_running_chain
from deploy.nodes.kubo import KuboNode, find_running_kubo
from deploy.nodes.private_file import make_private_folder
from deploy.nodes.watch import NodeState

LOCK_NAME = "nodes.lock"
POLL_S = 0.2
TAKE_OVER_POLL_S = 1.0
# Somebody else may be building the nodes before starting them.
OTHERS_READY_WITHIN_S = 900.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which nodes an install needs: its own where no other is named."""

    home: Path
    cache: Path
    environment: Mapping[str, str]
    relayer_address: str = ""
    chain_id: int = 8686
    ipfs_api: str = ""
    ipfs_authorization: str = ""
    ledger_rpc_url: str = ""

    @property
    def needs_none(self) -> bool:
        """True when both nodes are somebody else's, so that there is nothing to run."""
        return bool(self.ipfs_api and self.ledger_rpc_url)


class Nodes:
    """The nodes of an install, ours or somebody else's; also a context manager.

    One process at a time runs them. The others use the same nodes, and one of them goes on
    running them when the first ends.
    """

    def __init__(self, wanted: Wanted, progress: Callable[[str], None] | None = None):
        self._wanted = wanted
        self._tell = progress or (lambda line: None)
        self._lock: int | None = None
        self._kubo: KuboNode | None = None
        self._geth: GethNode | None = None
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._follower: threading.Thread | None = None

    @staticmethod
    def running(home: Path) -> Endpoints | None:
        """Return where the nodes of `home` answer now, or None if nobody runs them both."""
        return _find_running(Wanted(home, home, {})) if _is_locked(home) else None

    @property
    def is_owner(self) -> bool:
        """True when this process runs the nodes, False when it uses those of another."""
        return self._lock is not None

    def start(self) -> Endpoints:
        """Start what is not running yet; both nodes answer when this returns.

        Raises:
            NodesError: they do not; nothing of ours is left running.
        """
        self._stopping.clear()
        if self._wanted.needs_none:
            return self.endpoints()
        if not self._try_own():
            self._wait_for_others()
        if not self.is_owner:
            self._follower = threading.Thread(target=self._follow, name="follow-nodes", daemon=True)
            self._follower.start()
        return self.endpoints()

    def stop(self) -> None:
        """Stop what this process started; nodes of another go on."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.join()
            self._follower = None
        with self._guard:
            self._release()

    def endpoints(self) -> Endpoints:
        """Return where the nodes are now: Kubo's port may change when it has to be restarted.

        Raises:
            NodeFailed: they are down.
        """
        found = self._find_own() if self.is_owner else _find_running(self._wanted)
        if found is None:
            raise NodeFailed("the nodes do not answer at the moment; try again shortly")
        return found

    def states(self) -> tuple[NodeState, ...]:
        """Say how the nodes are doing that this process runs."""
        return tuple(node.state() for node in (self._kubo, self._geth) if node is not None)

    def __enter__(self) -> Endpoints:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _try_own(self) -> bool:
        """Start the nodes if no other process runs them; False if one does."""
        with self._guard:
            if self.is_owner:
                return True
            self._lock = _find_lock(self._wanted.home)
            if self._lock is None:
                return False
            started = False
            try:
                self._start_own()
                started = True
            finally:
                if not started:  # nothing is left running, whatever went wrong
                    self._release()
        return True

    def _wait_for_others(self) -> None:
        """Wait until the nodes of another process answer, or are ours to run."""
        until_s = time.monotonic() + OTHERS_READY_WITHIN_S
        if _find_running(self._wanted) is None:
            self._tell("another process starts the nodes; using them as soon as they answer")
        while _find_running(self._wanted) is None and not self._try_own():
            if time.monotonic() > until_s:
                raise NodeFailed(
                    f"another process holds {self._wanted.home / LOCK_NAME} and its nodes do not "
                    "answer; stop it, then start again"
                )
            time.sleep(POLL_S)

    def _start_own(self) -> None:
        wanted = self._wanted
        if not wanted.ipfs_api:
            binary = find_or_build("ipfs", wanted.cache, wanted.environment, self._tell)
            self._kubo = KuboNode(binary, wanted.home / "kubo")
            self._kubo.start()
        if not wanted.ledger_rpc_url:
            binary = find_or_build("geth", wanted.cache, wanted.environment, self._tell)
            self._geth = GethNode(
                binary, wanted.home / "chain", wanted.relayer_address, wanted.chain_id
            )
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
                if self._try_own():
                    return
            except NodesError as exc:
                self._tell(f"the nodes could not be taken over: {exc}")

    def _find_own(self) -> Endpoints | None:
        kubo, geth, wanted = self._kubo, self._geth, self._wanted
        named = _find_named(wanted)
        found_kubo = kubo.endpoint() if kubo is not None else named[0]
        found_chain = geth.endpoint() if geth is not None else named[1]
        return Endpoints(found_kubo, found_chain) if found_kubo and found_chain else None


def _find_named(wanted: Wanted) -> tuple[KuboEndpoint | None, ChainEndpoint | None]:
    """Return the nodes that the settings name; None for each that an install runs itself."""
    return (
        kubo_named(wanted.ipfs_api, wanted.ipfs_authorization) if wanted.ipfs_api else None,
        ChainEndpoint(wanted.ledger_rpc_url) if wanted.ledger_rpc_url else None,
    )


def _find_running(wanted: Wanted) -> Endpoints | None:
    named = _find_named(wanted)
    kubo = named[0] or find_running_kubo(wanted.home / "kubo")
    chain = named[1] or find_running_chain(wanted.home / "chain")
    return Endpoints(kubo, chain) if kubo and chain else None


def _is_locked(home: Path) -> bool:
    """True when a process runs the nodes of `home`."""
    try:
        descriptor = os.open(home / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _find_lock(home: Path) -> int | None:
    """Take the lock of `home`; None if another holds it. The kernel frees it when we die."""
    make_private_folder(home)
    descriptor = os.open(home / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_in_use(home: Path) -> bool:
    """Tell whether a process runs the nodes of `home` now."""
    descriptor = _find_lock(home)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None
