"""Encodes calls of the contract and decodes its events, errors and answers (Solidity ABI)."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from consent.errors import LedgerUnavailable
from consent.typed_data import Op, keccak

_LEDGER_JSON = Path(__file__).with_name("ledger.json")
_WORD = 32
_COUNT_BITS = 63
_DYNAMIC_FIELDS = 2  # signer and signature of each signed entry

REFUSED: Final = 0
"""An entry that the contract refused by event: no operation, and not in the head."""

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AccessControlBadConfirmation": "not-that-account",
        "AccessControlUnauthorizedAccount": "role-missing",
        "AlreadyEnrolled": "already-enrolled",
        "ConsentIdUsed": "consent-id-used",
        "EnforcedPause": "paused",
        "ExpectedPause": "not-paused",
        "GasTooLow": "gas-too-low",
        "InvalidShortString": "not-deployable",
        "KeyEnded": "key-ended",
        "KeyNotEnded": "key-not-ended",
        "KeyUnknown": "key-unknown",
        "KeyUsed": "key-used",
        "NotEnrolled": "not-enrolled",
        "NotTheCustodian": "not-the-custodian",
        "PeriodEmpty": "period-empty",
        "RecoveryNotPending": "recovery-not-pending",
        "RecoveryTooEarly": "recovery-too-early",
        "RoleForbids": "role-forbids",
        "RoleInvalid": "role-invalid",
        "SignatureInvalid": "badly-signed",
        "SignerMalformed": "signer-malformed",
        "SignerNotAlone": "signer-not-alone",
        "StoppedSince": "stopped-since",
        "StringTooLong": "not-deployable",
        "TimeInFuture": "time-in-future",
        "VerifierWithoutCode": "verifier-without-code",
    }
)
"""Our code for each custom error of the contract; a test compares the names with the ABI."""


class Change(NamedTuple):
    """One event: `body` holds the words that the head is rolled over, 32 bytes each.

    `signer` is the key itself where the body holds its hash. `op` 0 is a refused entry, whose body
    is subject, terms hash and the selector of the reason. `transaction` is the hash of the
    transaction that the node names as its cause; it is not in the head.
    """

    op: int
    body: bytes
    signer: bytes
    block_number: int
    transaction: bytes = b""


@functools.cache
def contract() -> Mapping[str, Any]:
    """Return consent/ledger.json: the compiled ledger and verifier, with ABIs and code."""
    return MappingProxyType(json.loads(_LEDGER_JSON.read_text(encoding="utf-8")))


@functools.cache
def reasons_by_selector() -> Mapping[bytes, str]:
    """Return our code for the selector of each custom error."""
    reasons = {}
    for item in contract()["abi"]:
        if item["type"] == "error":
            types = ",".join(argument["type"] for argument in item["inputs"])
            reasons[keccak(f"{item['name']}({types})".encode())[:4]] = REASONS[item["name"]]
    return MappingProxyType(reasons)


BADLY_SIGNED: Final = REASONS["SignatureInvalid"]


def refusal_reason(change: Change) -> str:
    """Return our code of the reason in an event by which the contract refused an entry."""
    return reasons_by_selector().get(change.body[64:68], "refused")


def word(number: int) -> bytes:
    """Return an integer as one word of the ABI."""
    return number.to_bytes(_WORD, "big")


def _bytes(value: bytes) -> bytes:
    return word(len(value)) + value + bytes(-len(value) % _WORD)


class Entry(NamedTuple):
    """One signed entry of a batch: its words of fixed size, joined, then signer and signature."""

    words: bytes
    signer: bytes
    signature: bytes


def encode_entry(entry: Entry) -> bytes:
    """Return one struct of a batch: fixed words, two offsets, signer, signature."""
    signer = _bytes(entry.signer)
    at = len(entry.words) + _DYNAMIC_FIELDS * _WORD
    offsets = word(at) + word(at + len(signer))
    return entry.words + offsets + signer + _bytes(entry.signature)


def encode_batch(signature: str, structs: Sequence[bytes]) -> bytes:
    """Return the calldata of a function whose one argument is an array of encoded structs."""
    offsets, at = [], len(structs) * _WORD
    for struct in structs:
        offsets.append(word(at))
        at += len(struct)
    head = keccak(signature.encode())[:4] + word(_WORD) + word(len(structs))
    return head + b"".join(offsets) + b"".join(structs)


GRANT: Final = "grant((bytes32,bytes32,uint40,uint40,bytes,bytes)[])"
WITHDRAW: Final = "withdraw((bytes32,bytes32,bytes,bytes)[])"
STOP: Final = "stop((bytes32,uint40,bytes,bytes)[])"
ENROL: Final = "enrol((bytes32,bytes,bytes)[])"
ANCHOR: Final = "anchor(bytes32,bytes32,uint64)"
ADD_KEY: Final = "addKey(bytes32,bytes,uint8,uint40,bytes,bytes,bytes)"
REMOVE_KEY: Final = "removeKey(bytes32,bytes,bytes,bytes)"
END_KEY: Final = "endKey(bytes32,bytes)"
PROPOSE_RECOVERY: Final = "proposeRecovery(bytes32,bytes,bytes)"
VETO_RECOVERY: Final = "vetoRecovery(bytes32,bytes,bytes,bytes)"
GRANT_ROLE: Final = "grantRole(bytes32,address)"
REVOKE_ROLE: Final = "revokeRole(bytes32,address)"
COMPLETE_RECOVERY: Final = "completeRecovery(bytes32)"
RECOVERY_OF: Final = "recoveryOf(bytes32)"
HEAD_AND_COUNT: Final = "headAndCount()"
IS_VALID_SIGNATURE: Final = "isValidSignature(bytes32,bytes)"


def encode_call(function: str, *values: Any) -> bytes:
    """Return the calldata of a function whose arguments are no arrays and no structs."""
    types = [kind for kind in function[function.index("(") + 1 : -1].split(",") if kind]
    return keccak(function.encode())[:4] + encode(types, values)


def encode_constructor(
    admin: str, owner: str, verifiers: Sequence[str], recovery_delay_s: int
) -> bytes:
    """Return the code that deploys a ledger; `owner` is its custodian and anchorer."""
    inputs = next(item["inputs"] for item in contract()["abi"] if item["type"] == "constructor")
    values = (admin, [owner], [owner], verifiers, recovery_delay_s)
    types = [argument["type"] for argument in inputs]
    return data(contract()["bytecode"]) + encode(types, values)


def read_recovery(answer: bytes) -> tuple[bytes, int]:
    """Return what the contract says of a recovery: its signer, and from when it works (0: none).

    Raises:
        ValueError: not such an answer.
    """
    try:
        signer, ready_at_s = decode(["bytes", "uint40"], answer)
    except DecodingError as exc:
        raise ValueError("not a recovery") from exc
    return signer, ready_at_s


def is_yes_of_account(answer: bytes) -> bool:
    """Return whether an account's answer is exactly the magic value of ERC-1271."""
    return answer[:_WORD] == keccak(IS_VALID_SIGNATURE.encode())[:4].ljust(_WORD, b"\0")


def data(text: object, length: int | None = None) -> bytes:
    """Return the bytes of a 0x-hex string, exactly `length` of them where given."""
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError("not hexadecimal data")
    decoded = bytes.fromhex(text[2:])
    if len(decoded) * 2 != len(text) - 2 or (length is not None and len(decoded) != length):
        raise ValueError(f"data of {len(decoded)} bytes, not {length}")
    return decoded


def number(text: object) -> int:
    """Return the integer of a 0x-hex quantity of at most one word."""
    if not isinstance(text, str) or not text.startswith("0x") or not 2 < len(text) <= 2 + 2 * _WORD:
        raise ValueError("not a hexadecimal quantity")
    return int(text[2:], 16)


def count(text: object) -> int:
    """Return the integer of a quantity that fits 63 bits: a block's number or time, a nonce."""
    if (value := number(text)) >> _COUNT_BITS:
        raise ValueError("a number that is too large")
    return value


def _dynamic_bytes(body: bytes, index: int) -> bytes:
    start = int.from_bytes(body[index * _WORD : (index + 1) * _WORD], "big")
    length = int.from_bytes(body[start : start + _WORD], "big")
    value = body[start + _WORD : start + _WORD + length]
    if start + _WORD > len(body) or len(value) != length:
        raise ValueError("truncated bytes in an event")
    return value


_Parts = tuple[bytes, bytes]
_Reader = Callable[[bytes, bytes], _Parts]


def _plain(topics: bytes, body: bytes) -> _Parts:
    return topics + body, b""


def _with_signer(topics: bytes, body: bytes) -> _Parts:
    signer = _dynamic_bytes(body, 0)
    return topics + keccak(signer), signer


def _key_added(topics: bytes, body: bytes) -> _Parts:
    signer = _dynamic_bytes(body, 0)
    return topics + keccak(signer) + body[_WORD : 3 * _WORD], signer


def _role(topics: bytes, _body: bytes) -> _Parts:
    return topics[: 2 * _WORD], b""  # the sender, a third topic, is not in the head


_EVENTS: Final[Mapping[str, tuple[int, int, int, _Reader]]] = MappingProxyType(
    {
        # signature: operation, topics after the first, bytes of data (-1: any), reader
        "Refused(bytes32,bytes32,bytes4)": (REFUSED, 1, 64, _plain),
        "Enrolled(bytes32,address,bytes)": (Op.ENROLLED, 2, -1, _with_signer),
        "KeyAdded(bytes32,bytes,uint8,uint40)": (Op.KEY_ADDED, 1, -1, _key_added),
        "KeyRemoved(bytes32,bytes)": (Op.KEY_REMOVED, 1, -1, _with_signer),
        "Granted(bytes32,bytes32,bytes32,uint40,uint40)": (Op.GRANTED, 1, 128, _plain),
        "Withdrawn(bytes32,bytes32)": (Op.WITHDRAWN, 1, 32, _plain),
        "Stopped(bytes32,uint40)": (Op.STOPPED, 1, 32, _plain),
        "Anchored(bytes32,bytes32,uint64)": (Op.ANCHORED, 1, 64, _plain),
        "RecoveryProposed(bytes32,bytes,uint40)": (Op.RECOVERY_PROPOSED, 1, -1, _with_signer),
        "RecoveryVetoed(bytes32,bytes)": (Op.RECOVERY_VETOED, 1, -1, _with_signer),
        "Recovered(bytes32,bytes)": (Op.RECOVERED, 1, -1, _with_signer),
        "Paused(address)": (Op.PAUSED, 0, 32, _plain),
        "Unpaused(address)": (Op.UNPAUSED, 0, 32, _plain),
        "RoleGranted(bytes32,address,address)": (Op.ROLE_GRANTED, 3, 0, _role),
        "RoleRevoked(bytes32,address,address)": (Op.ROLE_REVOKED, 3, 0, _role),
    }
)


_BITS: Final[Mapping[int, Mapping[int, int]]] = MappingProxyType(
    {
        Op.KEY_ADDED: {2: 8, 3: 40},
        Op.GRANTED: {3: 40, 4: 40},
        Op.STOPPED: {1: 40},
        Op.ANCHORED: {2: 64},
    }
)
"""How many bits of these words of an event's body the contract can have written."""


def _require_writable(op: int, body: bytes) -> None:
    for index, bits in _BITS.get(op, {}).items():
        if int.from_bytes(body[index * _WORD : (index + 1) * _WORD], "big") >> bits:
            raise ValueError("an event with a number that its type cannot hold")


@functools.cache
def _readers() -> Mapping[str, tuple[int, int, int, _Reader]]:
    return {f"0x{keccak(name.encode()).hex()}": how for name, how in _EVENTS.items()}


def read_changes(logs: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return the events of the contract's logs, in order.

    Raises:
        LedgerUnavailable: a log that the contract cannot have written.
    """
    readers, changes = _readers(), []
    try:
        for log in logs:
            topics, body = log["topics"], data(log["data"])
            op, expected, length, read = readers[topics[0]]
            indexed = bytes.fromhex("".join([topic[2:] for topic in topics[1:]]))
            if len(indexed) != expected * _WORD or (length >= 0 and len(body) != length):
                raise ValueError("an event with the wrong number of topics or bytes")
            cause = data(log.get("transactionHash", "0x"))
            words, signer = read(indexed, body)
            _require_writable(op, words)
            changes.append(Change(op, words, signer, count(log["blockNumber"]), cause))
    except (KeyError, IndexError, TypeError, ValueError) as exc:
        raise LedgerUnavailable(f"the chain node's logs cannot be read: {exc}") from exc
    return changes
