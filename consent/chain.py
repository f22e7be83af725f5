"""Reads blocks, logs, receipts and answers of one EVM node, and sends it transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from consent import abi
from consent.errors import LedgerUnavailable
from consent.rpc import NodeRefused, Rpc
from consent.typed_data import keccak

Finality = Literal["single", "bft", "pos"]
FINALITIES: Final[tuple[Finality, ...]] = ("single", "bft", "pos")

MAX_TRANSACTION_BYTES: Final = 131_072
"""What geth's pool takes; a chain may take more."""
MAX_TRANSACTION_GAS: Final = 16_777_216
"""EIP-7825, Osaka."""
VIEW_TIMEOUT_S: Final = 1.0
"""A view takes two calls, and a request is refused within two seconds."""
LOGS_TIMEOUT_S: Final = 4.0
_MIN_LOGS, _MAX_LOGS, _FIRST_STEP = 1_000, 20_000, 64
_FEE_HEADROOM: Final = 16
_RAWS_PER_CALL: Final = 32

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Block:
    """A block by number, hash and time (seconds UTC); `base_fee` is None before London."""

    number: int
    hash: bytes
    time_s: int
    base_fee: int | None


@dataclass(frozen=True, slots=True)
class Tip:
    """The ledger's rolling hash (27 bytes) and number of changes."""

    head: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest block that one node shows, and the ledger there; `node` is its place in `each`."""

    node: int
    block: Block
    tip: Tip


@dataclass(frozen=True, slots=True)
class Look:
    """What a node reports at one moment: which chain, which code, how far.

    Several nodes also give the ledger at `final`, the newest block of each that agrees, and for
    how long one of them has shown blocks after `final`, in seconds.
    """

    chain_id: int
    genesis_hash: bytes
    code_hash: bytes
    latest: Block
    final: Block
    accepted: Block | None
    tip: Tip | None = None
    newest: tuple[Newest, ...] = ()
    behind_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction; `ok` is its status: false after a revert, which is no error here."""

    ok: bool
    block_number: int
    gas_used: int
    contract: str
    changes: tuple[abi.Change, ...]


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers, in wei for one gas."""

    max_fee: int
    tip: int


def name_of(endpoint: str) -> str:
    """Return a node's endpoint without the credentials and the path that may hold a token."""
    url = urlsplit(endpoint)
    if url.scheme not in ("http", "https"):
        return endpoint
    return f"{url.scheme}://{url.hostname}" + (f":{url.port}" if url.port else "")


def _read(what: str, read: Callable[[Any], _T], value: Any) -> _T:
    try:
        return read(value)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as exc:
        raise LedgerUnavailable(f"the chain node's {what} cannot be read: {exc}") from exc


def _block(block: Any) -> Block:
    fee = block.get("baseFeePerGas")
    return Block(
        abi.count(block["number"]),
        abi.data(block["hash"], 32),
        abi.count(block["timestamp"]),
        None if fee is None else abi.number(fee),
    )


# By the whole text, so that another code has another hash; every view reads the same one.
@lru_cache(maxsize=2)
def _code_hash(code: str) -> bytes:
    return keccak(abi.data(code))


def _tip(answer: Any) -> Tip:
    words = abi.data(answer, 64)
    count = int.from_bytes(words[32:], "big")
    if any(words[27:32]) or count >> 40:
        raise ValueError("not a head and a count")
    return Tip(words[:27], count)


def _receipt(receipt: Any) -> Receipt | None:
    if receipt is None:
        return None
    return Receipt(
        abi.number(receipt["status"]) == 1,
        abi.count(receipt["blockNumber"]),
        abi.number(receipt["gasUsed"]),
        (receipt.get("contractAddress") or "").lower(),
        tuple(abi.read_changes(receipt["logs"])),
    )


def _block_time(block: Any) -> int | None:
    return None if block is None else abi.count(block["timestamp"])


class Chain:
    """One node; every answer that is late, missing or unreadable is `LedgerUnavailable`."""

    def __init__(self, endpoint: str, timeout_s: float = 2.0) -> None:
        """Take the path of an IPC socket or an http(s) URL; nothing is sent yet."""
        self.rpc = Rpc(endpoint, timeout_s)
        self.name = name_of(endpoint)

    def each(self) -> tuple[Chain, ...]:
        """Return the nodes behind this object."""
        return (self,)

    def change_reader(self) -> bool:
        """Read from another node from now on; False: there is no other."""
        return False

    def client_version(self) -> str:
        """Return the node's own name for itself, e.g. ``Geth/v1.17.8-stable/…``."""
        return str(self.rpc.call("web3_clientVersion"))

    def chain_id(self) -> int:
        """Return the chain id."""
        return _read("chain id", abi.number, self.rpc.call("eth_chainId"))

    def look(self, contract: str, finality: Finality, accepted: int) -> Look:
        """Return, in one round trip, what must be checked before the chain is trusted.

        `accepted` is the number of a block accepted earlier, whose hash must not have changed; with
        finality ``single``, where the newest block is final and may be mined again, it is not read.
        """
        calls: list[tuple[str, list[Any]]] = [
            ("eth_chainId", []),
            ("eth_getBlockByNumber", ["0x0", False]),
            ("eth_getCode", [contract, "latest"]),
            ("eth_getBlockByNumber", ["latest", False]),
        ]
        if finality != "single":
            calls += [
                ("eth_getBlockByNumber", ["finalized", False]),
                ("eth_getBlockByNumber", [hex(accepted), False]),
            ]
        return _read("block", self._look, self.rpc.batch(calls, VIEW_TIMEOUT_S))

    @staticmethod
    def _look(answers: list[Any]) -> Look:
        chain_id, genesis, code, newest, *others = answers
        latest = _block(newest)
        final, accepted = others or (newest, None)
        return Look(
            abi.number(chain_id),
            abi.data(genesis["hash"], 32),
            _code_hash(code),
            latest,
            _block(final) if others else latest,
            None if accepted is None else _block(accepted),
        )

    def block(self, number: int) -> Block:
        """Return the block with this number.

        Raises:
            LedgerUnavailable: the node has no such block, or is unavailable.
        """
        return _read("block", _block, self.rpc.call("eth_getBlockByNumber", hex(number), False))

    def tips(self, contract: str, block_hashes: Sequence[bytes]) -> list[Tip]:
        """Return the ledger's head and count at each of these blocks, by hash (EIP-1898)."""
        call = {"to": contract, "data": "0x" + abi.encode_call(abi.HEAD_AND_COUNT).hex()}
        distinct = list(dict.fromkeys(block_hashes))
        calls: list[tuple[str, list[Any]]] = [
            ("eth_call", [call, {"blockHash": "0x" + block.hex()}]) for block in distinct
        ]
        answers = self.rpc.batch(calls, VIEW_TIMEOUT_S)
        tips = [_read("head", _tip, answer) for answer in answers]
        return [tips[distinct.index(block)] for block in block_hashes]

    def changes(self, contract: str, first: int, last: int) -> list[abi.Change]:
        """Return the contract's events from block `first` to block `last`, both included."""
        changes: list[abi.Change] = []
        step = _FIRST_STEP
        while first <= last:
            until = min(last, first + step - 1)
            query = {"address": contract, "fromBlock": hex(first), "toBlock": hex(until)}
            logs = self.rpc.call("eth_getLogs", query, timeout_s=LOGS_TIMEOUT_S)
            changes += _read("logs", abi.read_changes, logs)
            first = until + 1
            if len(logs) < _MIN_LOGS:
                step *= 2
            elif len(logs) > _MAX_LOGS:
                step = max(1, step // 2)
        return changes

    def newest_changes(
        self, contract: str, after: int, newest: Sequence[Newest]
    ) -> Mapping[int, Sequence[abi.Change]]:
        """Return the contract's events after a block up to the newest one, by node.

        A node that does not answer has no entry.

        Raises:
            LedgerUnavailable: there is one node, and it does not answer.
        """
        return {each.node: self.changes(contract, after + 1, each.block.number) for each in newest}

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        """Return the receipts of transactions by their hashes; None: not mined, as far as known."""
        calls: list[tuple[str, list[Any]]] = [
            ("eth_getTransactionReceipt", ["0x" + h.hex()]) for h in hashes
        ]
        return self.read_each(_receipt, calls)

    def raw_transactions(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Return the transactions with these hashes as they were signed; each hash is checked.

        Raises:
            LedgerUnavailable: the node does not have one of them, or returns another.
        """
        raws: list[bytes] = []
        for at in range(0, len(hashes), _RAWS_PER_CALL):
            part = hashes[at : at + _RAWS_PER_CALL]
            calls: list[tuple[str, list[Any]]] = [
                ("eth_getRawTransactionByHash", ["0x" + name.hex()]) for name in part
            ]
            answers = self.rpc.batch(calls, LOGS_TIMEOUT_S)
            raws += [_read("transaction", abi.data, answer) for answer in answers]
        for name, raw in zip(hashes, raws, strict=True):
            if keccak(raw) != name:
                raise LedgerUnavailable(
                    f"the chain node returned another transaction than 0x{name.hex()}"
                )
        return raws

    def send(self, raws: Sequence[bytes]) -> list[NodeRefused | None]:
        """Send raw transactions to the node, in order; return its error for each, or None.

        The errors are informative only: receipts show whether a transaction was mined.
        """
        calls: list[tuple[str, list[Any]]] = [
            ("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws
        ]
        answers = self.rpc.ask(calls)
        return [answer if isinstance(answer, NodeRefused) else None for answer in answers]

    def transaction_count(self, address: str) -> int:
        """Return how many transactions of an account the newest block and all before it hold."""
        count = self.rpc.call("eth_getTransactionCount", address, "latest")
        return _read("nonce", abi.count, count)

    def balance(self, address: str) -> int:
        """Return an account's balance in wei at the newest block."""
        return _read("balance", abi.number, self.rpc.call("eth_getBalance", address, "latest"))

    def fees(self) -> Fees:
        """Return what to offer now: headroom for many full blocks, zero on a chain without fees."""
        block, tip = self.rpc.batch(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
        )
        base = _read("block", _block, block).base_fee or 0
        # A miner that asks for fees would never include a transaction with a tip of zero.
        offered = max(_read("tip", abi.number, tip), 1 if base else 0)
        return Fees(_FEE_HEADROOM * base + offered, offered)

    def code(self, address: str) -> bytes:
        """Return the code at an address at the newest block; empty for a plain account."""
        return _read("code", abi.data, self.rpc.call("eth_getCode", address, "latest"))

    def answers(self, to: str, datas: Sequence[bytes]) -> list[bytes | None]:
        """Return a contract's answer to each call at the newest block; None: it reverts."""
        calls: list[tuple[str, list[Any]]] = [
            ("eth_call", [{"to": to, "data": "0x" + data.hex()}, "latest"]) for data in datas
        ]
        return [
            None if isinstance(answer, NodeRefused) else _read("answer", abi.data, answer)
            for answer in self.rpc.ask(calls)
        ]

    def signed_by_contract(self, account: bytes, digest: bytes, signature: bytes) -> bool:
        """Return whether an account's own code accepts a signature (ERC-1271); no code is a no."""
        call = abi.encode_call(abi.IS_VALID_SIGNATURE, digest, signature)
        answer = self.answers("0x" + account.hex(), [call])[0]
        return answer is not None and abi.is_yes_of_account(answer)

    def block_times(self, numbers: Sequence[int]) -> list[int | None]:
        """Return when these blocks were made, seconds UTC; None where the chain has no such block.

        Raises:
            LedgerUnavailable: the node is unavailable.
        """
        if not numbers:
            return []
        calls = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        return self.read_each(_block_time, calls)

    def read_each(
        self, read: Callable[[Any], _T], calls: Sequence[tuple[str, list[Any]]]
    ) -> list[_T]:
        """Return the node's answers to calls, each parsed by `read`."""
        return [_read("answer", read, answer) for answer in self.rpc.batch(calls)]

    def find_refusal(self, sender: str, to: str, data: bytes) -> str | None:
        """Return the code of the reason why a call would revert now; None: it would not."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex()}
        answer = self.rpc.ask([("eth_call", [call, "latest"])])[0]
        if not isinstance(answer, NodeRefused):
            return None
        selector = bytes.fromhex(answer.data[2:10]) if isinstance(answer.data, str) else b""
        return abi.reasons_by_selector().get(selector, "reverted")

    def close(self) -> None:
        """Close the connections to the node."""
        self.rpc.close()
