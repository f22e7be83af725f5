"""Our own private Kubo: initialised once, offline, verified to answer nobody but us."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

import requests

from deploy.nodes.endpoint import KuboEndpoint, find_endpoint, local_kubo, write_endpoint
from deploy.nodes.errors import NodeExposed, NodeFailed
from deploy.nodes.kubo_config import PACKED, automatic_values, private_config
from deploy.nodes.ports import choose_port, is_loopback, listening_addresses
from deploy.nodes.private_file import (
    find_json,
    make_private_folder,
    write_private,
    write_private_json,
)
from deploy.nodes.process import Launch, run_once
from deploy.nodes.space import require_space
from deploy.nodes.supervisor import ProgramStatus, Supervisor

BEARER = "Bearer "
FORBIDDEN = 403


class KuboNode:
    """The Kubo that keeps its data in `home`; kubo_config.py says what is switched off."""

    name = "kubo"

    def __init__(self, binary: Path, home: Path, *, packed: bool = False):
        """Start nothing yet.

        Args:
            binary: Kubo's program.
            home: where its repository is, or will be made.
            packed: how a repository that is made stores blocks: several in a file, or each in a
                file of its own. One that exists stays as it is.
        """
        self._binary = binary
        self._packed = packed
        self.folder = home.absolute()
        self._repo = self.folder / "repo"
        self._endpoint_file = self.folder / "endpoint.json"
        self._endpoint: KuboEndpoint | None = None
        self._supervisor = Supervisor(self)

    def start(self) -> KuboEndpoint:
        """Start it and keep it running; it answers at the endpoint returned.

        Raises:
            NodesError: it could not be started, or is not private.
        """
        self._supervisor.start()
        return self.endpoint()

    def stop(self) -> None:
        """Stop it cleanly and remove its endpoint file."""
        self._supervisor.stop()
        self._endpoint_file.unlink(missing_ok=True)

    def endpoint(self) -> KuboEndpoint:
        """Return where it is now; the port changes only when another program took it.

        Raises:
            NodeFailed: it was never started.
        """
        if self._endpoint is None:
            raise NodeFailed("Kubo has not been started. Start it first")
        return self._endpoint

    def status(self) -> ProgramStatus:
        """Return how it is doing."""
        return self._supervisor.status()

    def attach(self) -> None:
        """Use the endpoint of the configuration: another process has prepared and started it."""
        port, secret = _last_used(find_json(self._repo / "config") or {})
        if port is None:
            raise NodeFailed(f"{self._repo} has no configuration. Run: vouchsafe node run kubo")
        self._endpoint = local_kubo(port, BEARER + secret)

    def prepare(self) -> Launch:
        """Make the repository if there is none, and write its private configuration."""
        make_private_folder(self.folder)
        self._endpoint_file.unlink(missing_ok=True)  # it does not answer there yet
        require_space(self.folder, self.name)
        if not self._repo.exists():
            self._make_repo()
        self._endpoint = self._configure()
        # A node without peers needs no network: a missing block is reported at once.
        argv = (str(self._binary), "daemon", "--migrate=true", "--offline")
        return Launch(argv, self._environment(), self.folder)

    def answers(self, pid: int) -> bool:
        """Return whether it answers; its endpoint file then names it to other processes.

        Raises:
            NodeExposed: it answers without the secret, answers calls that it must refuse, or
                listens on more than loopback.
        """
        endpoint = self.endpoint()
        try:
            if endpoint.call("version").status_code != requests.codes.ok:
                return False
            bare = endpoint.call("id", authorized=False).status_code
            beyond = endpoint.call("config/show").status_code
        except requests.RequestException:
            return False
        if bare != FORBIDDEN or beyond != FORBIDDEN:
            raise NodeExposed(
                "Kubo answers calls that it must refuse (without the secret, or config/show), so "
                "it was stopped. Use the Kubo that `make nodes` builds"
            )
        outside = [each for each in listening_addresses(pid) if not is_loopback(each)]
        if outside:
            raise NodeExposed(
                f"Kubo listens on {', '.join(outside)} and must listen on 127.0.0.1 only, so it "
                "was stopped. Use the Kubo that `make nodes` builds"
            )
        write_endpoint(self._endpoint_file, endpoint)
        return True

    def _environment(self, repo: Path | None = None) -> dict[str, str]:
        return {
            "IPFS_PATH": str(repo or self._repo),
            "HOME": str(self.folder),
            "LIBP2P_FORCE_PNET": "1",
            "IPFS_TELEMETRY": "off",
            "DO_NOT_TRACK": "1",
        }

    def _profile(self) -> tuple[str, ...]:
        return ("--profile", PACKED) if self._packed else ()

    def _make_repo(self) -> None:
        """Make the repository under another name, so that an incomplete one is never used."""
        draft = self.folder / "repo.new"
        shutil.rmtree(draft, ignore_errors=True)
        argv = (str(self._binary), "init", "--empty-repo", *self._profile())
        run_once(
            Launch(argv, self._environment(make_private_folder(draft)), self.folder),
            f"Kubo could not make its repository in {self.folder}",
        )
        key = secrets.token_hex(32)
        write_private(draft / "swarm.key", f"/key/swarm/psk/1.0.0/\n/base16/\n{key}\n")
        draft.rename(self._repo)

    def _configure(self) -> KuboEndpoint:
        """Write the configuration; port and secret stay the same while the port is free."""
        path = self._repo / "config"
        current = find_json(path)
        if current is None or not {"Identity", "Datastore"} <= set(current):
            raise NodeFailed(
                f"{path} is damaged. Restore it from a backup, or move {self._repo} away and "
                "deposit the records again"
            )
        last_port, secret = _last_used(current)
        port = choose_port(last_port)
        if port != last_port or not secret:
            # The program that took the port may receive the old secret.
            secret = secrets.token_urlsafe(32)
        config = private_config(current, port, secret)
        automatic = list(automatic_values(config))
        if automatic:
            raise NodeExposed(
                f"Kubo would fetch these settings from the network: {automatic}. Set them in {path}"
            )
        if config != current:
            write_private_json(path, config)
        return local_kubo(port, BEARER + secret)


def _last_used(config: dict[str, Any]) -> tuple[int | None, str]:
    """Return port and secret of a configuration that we wrote; None and "" of a new one."""
    try:
        secret = config["API"]["Authorizations"]["vouchsafe"]["AuthSecret"]
        return int(config["Addresses"]["API"].rpartition("/")[2]), secret.removeprefix("bearer:")
    except (KeyError, TypeError, ValueError):
        return None, ""


def find_running_kubo(home: Path) -> KuboEndpoint | None:
    """Return the endpoint of the Kubo of `home` if it answers."""
    endpoint = find_endpoint(home / "endpoint.json", KuboEndpoint)
    return endpoint if endpoint is not None and endpoint.find_version() else None
