"""Starts a geth of the tests' own, kills it and starts it again on what it kept."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

CHAIN_ID = 8686
AFTER_OSAKA = ("bogotaTime", "amsterdamTime")


def find_geth() -> str | None:
    """Return the path of a geth to test with, if this machine has one."""
    saved = Path(os.environ.get("VOUCHSAFE_CACHE", Path.home() / ".cache" / "vouchsafe"))
    built = sorted(saved.rglob("geth")) if saved.exists() else []
    files = [str(path) for path in built if path.is_file() and os.access(path, os.X_OK)]
    return os.environ.get("VOUCHSAFE_TEST_GETH") or shutil.which("geth") or (files or [None])[-1]


@cache
def _own_genesis(program: str) -> bytes:
    return subprocess.run([program, "--dev", "dumpgenesis"], check=True, capture_output=True).stdout


def genesis(program: str, address: str, chain_id: int = CHAIN_ID) -> dict[str, Any]:
    """Return geth's own development genesis under Osaka's rules, with one account funded."""
    made: dict[str, Any] = json.loads(_own_genesis(program))
    config = {k: v for k, v in made["config"].items() if k not in AFTER_OSAKA}
    config["blobSchedule"]["osaka"] = config["blobSchedule"]["prague"]
    coded = {k: v for k, v in made["alloc"].items() if "code" in v}
    funded = {address.removeprefix("0x"): {"balance": hex(10**27)}}
    settled = {"gasLimit": hex(60_000_000), "config": {**config, "chainId": chain_id}}
    return {**made, **settled, "alloc": coded | funded}


@cache
def _new_chain(program: str, address: str, chain_id: int) -> Path:
    """Return a folder with a chain of no block, to be copied: that is quicker than a new one."""
    folder = Path(tempfile.mkdtemp(prefix="vouchsafe-chain-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "genesis.json").write_text(json.dumps(genesis(program, address, chain_id)))
    run = [program, "init", "--state.scheme=hash", f"--datadir={folder}"]
    subprocess.run([*run, str(folder / "genesis.json")], check=True, capture_output=True)
    return folder


class Geth:
    """One development chain in a folder; its socket is `endpoint`."""

    def __init__(self, folder: Path, address: str, chain_id: int = CHAIN_ID) -> None:
        self.folder = folder
        self.endpoint = str(folder / "geth.ipc")
        self.program = str(find_geth())
        self.process: subprocess.Popen[bytes] | None = None
        self._prepared = _new_chain(self.program, address, chain_id)
        # With a recipient `--dev` makes no account of its own: a third of the work of a start.
        self._fees_to = f"--miner.pending.feeRecipient={address}"
        shutil.copytree(self._prepared, folder, dirs_exist_ok=True)

    def start(self, period_s: int = 0) -> Geth:
        """Start and return when the socket answers.

        It makes a block for each transaction, or one in each period for all that were sent.
        """
        options = (
            f"--dev --dev.period={period_s} --gcmode=archive --state.scheme=hash --ipcpath=geth.ipc"
        )
        quiet = "--nodiscover --maxpeers=0 --verbosity=1 --cache=128 --miner.gaslimit=60000000"
        logs = "--history.logs.disable"  # as the platform starts it: its index lags behind
        self.process = subprocess.Popen(
            [
                *(self.program, f"--datadir={self.folder}", self._fees_to, logs),
                *(*options.split(), *quiet.split()),
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "geth.log").open("ab"),
        )
        for _ in range(400):
            if self.answers():
                return self
            time.sleep(0.025)
        raise RuntimeError((self.folder / "geth.log").read_text()[-2000:])

    def answers(self) -> bool:
        """True when the socket takes a connection."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.endpoint)
            except OSError:
                return False
        return True

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the process as `how` ends one; SIGKILL takes the newest blocks with it."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def wipe(self) -> None:
        """Throw the chain away, as a lost disk does, and begin at the same genesis."""
        self.kill()
        shutil.rmtree(self.folder / "geth")
        shutil.copytree(self._prepared / "geth", self.folder / "geth")
