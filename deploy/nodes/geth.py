"""Our own chain of one machine: geth on our own genesis, reached by one Unix socket."""

from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path

from deploy.nodes.endpoint import ChainEndpoint, find_endpoint, write_endpoint
from deploy.nodes.errors import AnotherChain, NodeExposed, NodeFailed
from deploy.nodes.genesis import GAS_LIMIT, make_genesis
from deploy.nodes.ipc import NoAnswer, call
from deploy.nodes.ports import listening_addresses
from deploy.nodes.private_file import (
    find_json,
    make_private_folder,
    write_private,
    write_private_json,
)
from deploy.nodes.process import Launch, run_once
from deploy.nodes.space import require_space
from deploy.nodes.supervisor import ProgramStatus, Supervisor

# The path of a Unix socket has 108 bytes on Linux and 104 elsewhere, the last one a zero.
MAX_SOCKET_PATH_BYTES = 103
CACHE_MB = 256
POOL_TRANSACTIONS = 16_384
P256 = "0x0000000000000000000000000000000000000100"
# sha256("Vouchsafe asks for P-256 at 0x100"), r, s, x, y: signed once by a key thrown away since.
P256_VECTOR = (
    "0x4f5a0d5b3a9de34a1b0f961219cdb57a018048adcee430fc4246060af799ae26"
    "dc47a6f4bec9c1f30ff60bac3146ed0d23111f57b8f92fb9a903c5c87996f0ba"
    "26d437bfbc8e027f3ca5da7a5815f5b08ec702c2deadc4a8648c25359cddf7b6"
    "72892663caa68232185943d04071edf8b0bc5966cf71d0054a4a076af4dc62df"
    "5ba6678f63ce4fc5dd4f442152568622d49931a0a887f88247ccb7ea769d602f"
)
P256_WRONG_VECTOR = P256_VECTOR[:-1] + "e"
P256_YES = "0x" + "00" * 31 + "01"


class GethNode:
    """The chain that keeps its data in `home`, on which only the relayer has money."""

    name = "geth"

    def __init__(self, binary: Path, home: Path, relayer_address: str, chain_id: int):
        self._binary = binary
        self.folder = home.absolute()
        self._chain_id = chain_id
        self._relayer = relayer_address
        self._genesis = make_genesis(chain_id, relayer_address)
        self._genesis_file = self.folder / "genesis.json"
        self._endpoint_file = self.folder / "endpoint.json"
        self._socket = self.folder / "geth.ipc"
        self._supervisor = Supervisor(self)

    def start(self) -> ChainEndpoint:
        """Start it and keep it running; it answers at the endpoint returned.

        Raises:
            NodesError: it could not be started, or is not what it must be.
        """
        self._supervisor.start()
        return self.endpoint()

    def stop(self) -> None:
        """Stop it cleanly and remove its endpoint file."""
        self._supervisor.stop()
        self._endpoint_file.unlink(missing_ok=True)

    def endpoint(self) -> ChainEndpoint:
        """Return where it is."""
        return ChainEndpoint(str(self._socket), self._chain_id)

    def status(self) -> ProgramStatus:
        """Return how it is doing."""
        return self._supervisor.status()

    def attach(self) -> None:
        """Use the socket that another process has prepared."""
        self._socket = self._socket_path()

    def prepare(self) -> Launch:
        """Make the chain if there is none, and return how to start it; refuse another chain."""
        make_private_folder(self.folder)
        self._endpoint_file.unlink(missing_ok=True)  # it does not answer there yet
        require_space(self.folder, self.name)
        self._require_own_chain()
        if not (self.folder / "data").exists():
            self._make_chain()
        self._socket = self._socket_path()
        self._socket.unlink(missing_ok=True)
        return Launch((str(self._binary), *self._flags()), self._environment(), self.folder)

    def answers(self, pid: int) -> bool:
        """Return whether it answers; its endpoint file then names it to other processes.

        Raises:
            NodeFailed: it is another chain, or lacks P-256.
            NodeExposed: it can be reached by others.
        """
        try:
            if call(self._socket, "eth_chainId") != hex(self._chain_id):
                raise NodeFailed(
                    f"geth answers with another chain id than {self._chain_id}. Its last lines:",
                    self.status().last_lines,
                )
            self._require_p256()
            accounts = call(self._socket, "eth_accounts")
        except NoAnswer:
            return False
        self._require_private(pid, accounts)
        write_endpoint(self._endpoint_file, self.endpoint())
        return True

    def _require_p256(self) -> None:
        right, wrong = (
            call(self._socket, "eth_call", [{"to": P256, "data": vector}, "latest"])
            for vector in (P256_VECTOR, P256_WRONG_VECTOR)
        )
        if right != P256_YES or wrong != "0x":
            raise NodeFailed(
                "geth does not verify P-256 signatures at 0x100, which passkeys need. "
                "Use the geth that `make nodes` builds"
            )

    def _require_private(self, pid: int, accounts: object) -> None:
        mode = stat.S_IMODE(self._socket.stat().st_mode)
        addresses = listening_addresses(pid)
        if mode & 0o077 or addresses or accounts:
            raise NodeExposed(
                f"geth can be used by others, so it was stopped: its socket has mode {mode:o} (600 "
                f"required), it listens on {sorted(addresses)} and holds the accounts {accounts} "
                "(none allowed). Use the geth that `make nodes` builds"
            )

    def _require_own_chain(self) -> None:
        """Refuse a folder that holds a chain of another genesis.

        Raises:
            AnotherChain: it does.
        """
        known = find_json(self._genesis_file)
        if known is not None and known != self._genesis:
            raise AnotherChain(
                f"{self.folder} holds a chain made for another relayer or another chain id. "
                "Restore the relayer's key and LEDGER_CHAIN_ID, or choose another VOUCHSAFE_HOME"
            )
        if known is None and (self.folder / "data").exists():
            raise AnotherChain(
                f"{self._genesis_file} is missing or damaged, so the chain in "
                f"{self.folder / 'data'} cannot be identified. Restore the file from a backup"
            )

    def _make_chain(self) -> None:
        """Make the chain under another name, so that an incomplete one is never used."""
        write_private_json(self._genesis_file, self._genesis)
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        argv = (
            *(str(self._binary), "init", "--state.scheme=hash"),
            *("--datadir", str(draft), str(self._genesis_file)),
        )
        run_once(
            Launch(argv, self._environment(), self.folder),
            f"geth could not make its chain in {self.folder}",
        )
        draft.rename(self.folder / "data")

    def _socket_path(self) -> Path:
        """Return the socket's path: in our folder, or in a shorter one if that path is too long."""
        near = self.folder / "geth.ipc"
        if len(str(near).encode()) <= MAX_SOCKET_PATH_BYTES:
            return near
        note = self.folder / "socket-folder"
        if note.exists():
            folder = Path(note.read_text(encoding="utf-8"))
            if (
                folder.is_dir()
                and not folder.is_symlink()
                and folder.owner() == self.folder.owner()
            ):
                return make_private_folder(folder) / "geth.ipc"
        made = Path(tempfile.mkdtemp(prefix="vouchsafe-"))
        write_private(note, str(made))
        return made / "geth.ipc"

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder)}

    def _flags(self) -> list[str]:
        flags = {
            "datadir": self.folder / "data",
            "state.scheme": "hash",
            "gcmode": "archive",
            "dev.period": 0,
            "networkid": self._chain_id,  # `--dev` would say 1337
            "ipcpath": self._socket,
            # With a recipient given and no key in its keystore, `--dev` imports and unlocks no
            # developer account; fees go back to the one account that pays them.
            "miner.pending.feeRecipient": self._relayer,
            "miner.gaslimit": GAS_LIMIT,
            "rpc.gascap": 0,
            "rpc.txfeecap": 0,
            "history.transactions": 0,
            # The index of logs lags behind the newest blocks, and a search that meets one of them
            # fails. Without it geth searches the blocks' own filters; the mirror asks for few.
            "history.logs.disable": "true",
            "txpool.accountslots": POOL_TRANSACTIONS,
            "txpool.accountqueue": POOL_TRANSACTIONS,
            "txpool.globalslots": POOL_TRANSACTIONS,
            "txpool.globalqueue": POOL_TRANSACTIONS,
            "maxpeers": 0,
            "nat": "none",
            "cache": CACHE_MB,
            "verbosity": 1,
        }
        return ["--dev", "--nodiscover"] + [f"--{name}={value}" for name, value in flags.items()]


def find_running_chain(home: Path) -> ChainEndpoint | None:
    """Return the endpoint of the chain of `home` if it answers."""
    endpoint = find_endpoint(home / "endpoint.json", ChainEndpoint)
    return endpoint if endpoint is not None and endpoint.is_alive() else None
