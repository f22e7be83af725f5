"""Our own private Kubo: made once, started quiet, checked to answer nobody but us."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import requests

from deploy.nodes.endpoint import KuboEndpoint, find_kubo, kubo_at, write_kubo
from deploy.nodes.errors import NodeExposed, NodeFailed
from deploy.nodes.kubo_config import left_to_kubo, private_config
from deploy.nodes.private_file import (
    find_json,
    make_private_folder,
    write_private,
    write_private_json,
)
from deploy.nodes.process import Launch
from deploy.nodes.sockets import choose_port, is_loopback, listening
from deploy.nodes.space import require_space
from deploy.nodes.watch import NodeState, Watch

BEARER = "Bearer "
FORBIDDEN = 403
INIT_WITHIN_S = 60.0


class KuboNode:
    """The Kubo that keeps its data in `home`; kubo_config.py says what is switched off."""

    name = "kubo"

    def __init__(self, binary: Path, home: Path):
        self._binary = binary
        self.folder = home.absolute()
        self._repo = self.folder / "repo"
        self._endpoint_file = self.folder / "endpoint.json"
        self._endpoint: KuboEndpoint | None = None
        self._watch = Watch(self)

    def start(self) -> KuboEndpoint:
        """Start it and keep it running; it answers at the endpoint returned.

        Raises:
            NodesError: it could not be started, or is not private.
        """
        self._watch.start()
        return self.endpoint()

    def stop(self) -> None:
        """Stop it cleanly; its endpoint is forgotten."""
        self._watch.stop()
        self._endpoint_file.unlink(missing_ok=True)

    def endpoint(self) -> KuboEndpoint:
        """Return where it is now; the port changes only when somebody else took it.

        Raises:
            NodeFailed: it was never started.
        """
        if self._endpoint is None:
            raise NodeFailed("Kubo has not been started")
        return self._endpoint

    def state(self) -> NodeState:
        """Say how it is doing."""
        return self._watch.state()

    def prepare(self) -> Launch:
        """Make the repository if there is none, and its configuration what it must be."""
        make_private_folder(self.folder)
        self._endpoint_file.unlink(missing_ok=True)  # nobody is sent where nobody answers yet
        require_space(self.folder, self.name)
        if not self._repo.exists():
            self._make_repo()
        self._endpoint = self._configure()
        # A node alone in the world needs no network at all: what it lacks it misses at once.
        argv = (str(self._binary), "daemon", "--migrate=true", "--offline")
        return Launch(argv, self._environment(), self.folder)

    def answers(self, pid: int) -> bool:
        """True when it answers us, and only us.

        Raises:
            NodeExposed: it answers without the secret, or more than it should, or not only here.
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
                "it was stopped; use the Kubo that `make nodes` builds"
            )
        outside = [address for address in listening(pid) or () if not is_loopback(address)]
        if outside:
            raise NodeExposed(f"Kubo listens on {', '.join(outside)}, so it was stopped")
        write_kubo(self._endpoint_file, endpoint)
        return True

    def _environment(self, repo: Path | None = None) -> dict[str, str]:
        return {
            "IPFS_PATH": str(repo or self._repo),
            "HOME": str(self.folder),
            "LIBP2P_FORCE_PNET": "1",
            "IPFS_TELEMETRY": "off",
            "DO_NOT_TRACK": "1",
        }

    def _make_repo(self) -> None:
        """Make the repository beside its place, so that a half-made one is never used."""
        draft = self.folder / "repo.new"
        shutil.rmtree(draft, ignore_errors=True)
        done = subprocess.run(  # noqa: S603 - the program that build.py found
            [str(self._binary), "init", "--empty-repo"],
            env=self._environment(make_private_folder(draft)),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=INIT_WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise NodeFailed(
                f"Kubo could not make its repository in {self.folder}:",
                done.stderr.splitlines()[-6:],
            )
        key = secrets.token_hex(32)
        write_private(draft / "swarm.key", f"/key/swarm/psk/1.0.0/\n/base16/\n{key}\n")
        draft.rename(self._repo)

    def _configure(self) -> KuboEndpoint:
        """Write the configuration; the port and the secret stay what they were if they can."""
        path = self._repo / "config"
        made = find_json(path)
        if made is None or not {"Identity", "Datastore"} <= set(made):
            raise NodeFailed(
                f"{path} cannot be read; put it back from a backup, or move {self._repo} away "
                "and deposit the records again"
            )
        last_port, secret = _last_used(made)
        port = choose_port(last_port)
        if port != last_port or not secret:
            # Whoever took the port has been sent the old secret, or will be.
            secret = secrets.token_urlsafe(32)
        config = private_config(made, port, secret)
        auto = list(left_to_kubo(config))
        if auto:
            raise NodeExposed(f"Kubo would fetch these settings from the network: {auto}")
        if config != made:
            write_private_json(path, config)
        return kubo_at(port, BEARER + secret)


def _last_used(config: dict[str, Any]) -> tuple[int | None, str]:
    """Return the port and the secret of a configuration of ours; None and "" of a fresh one."""
    try:
        secret = config["API"]["Authorizations"]["vouchsafe"]["AuthSecret"]
        return int(config["Addresses"]["API"].rpartition("/")[2]), secret.removeprefix("bearer:")
    except (KeyError, TypeError, ValueError):
        return None, ""


def find_running_kubo(home: Path) -> KuboEndpoint | None:
    """Return the endpoint of the Kubo of `home` if one answers there."""
    endpoint = find_kubo(home / "endpoint.json")
    return endpoint if endpoint is not None and endpoint.find_version() else None
