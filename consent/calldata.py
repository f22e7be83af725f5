"""Reads back from a transaction's calldata which signatures it brought, and for what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from consent import abi
from consent.raw_transactions import SentCall
from consent.typed_data import Op, keccak

_WORD: Final = 32
_SELECTOR: Final = 4
_MAX_ENTRIES: Final = 4_096


class Claim(NamedTuple):
    """One signature that a call brought.

    `signer` is b"" where the contract asks for none: the end of an expired key, an anchor, a role.
    `signature` is None where the sender's own account speaks. `proof` is a new key's own signature.
    """

    signer: bytes
    signature: bytes | None
    new_signer: bytes = b""
    proof: bytes = b""


Message = tuple[int, bytes]
"""An operation and its words: those of the operation's event, a grant's without its key's hash."""
Claims = dict[Message, list[Claim]]
"""A batch may bring one message several times, of which one is badly signed: each is looked at."""


def list_claims(call: SentCall) -> list[tuple[Message, Claim]]:
    """Return what a call of the contract claims, in its order.

    Calldata that cannot be read claims nothing.
    """
    read = _BY_SELECTOR.get(call.data[:_SELECTOR])
    if read is None:
        return []
    try:
        return list(read(call, call.data[_SELECTOR:]))
    except ValueError:
        return []


def read_claims(call: SentCall) -> Claims:
    """Return what a call of the contract claims, by message."""
    claims: Claims = {}
    for message, claim in list_claims(call):
        claims.setdefault(message, []).append(claim)
    return claims


_Pairs = Iterator[tuple[Message, Claim]]


def _entries(body: bytes, fixed: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the fixed words, the signer and the signature of each struct of a batch."""
    array = _number(body, 0)
    count = _number(body, array)
    if count > _MAX_ENTRIES:
        raise ValueError("a batch of too many entries")
    start, read_bytes = array + _WORD, 0
    for index in range(count):
        at = start + _number(body, start + index * _WORD)
        words = body[at : at + fixed * _WORD]
        signer_at, signature_at = (
            at + _number(body, at + (fixed + part) * _WORD) for part in (0, 1)
        )
        signer, signature = _bytes(body, signer_at), _bytes(body, signature_at)
        read_bytes += len(signer) + len(signature)
        if read_bytes > len(body):  # entries that overlap would cost more than their own size
            raise ValueError("entries of a batch overlap")
        yield words, signer, signature


def _number(body: bytes, at: int) -> int:
    if at + _WORD > len(body):
        raise ValueError("calldata ends early")
    return int.from_bytes(body[at : at + _WORD], "big")


def _bytes(body: bytes, at: int) -> bytes:
    length = _number(body, at)
    value = body[at + _WORD : at + _WORD + length]
    if len(value) != length:
        raise ValueError("calldata ends early")
    return value


def _grants(_: SentCall, body: bytes) -> _Pairs:
    for words, signer, signature in _entries(body, 4):
        yield (Op.GRANTED, words), Claim(signer, signature)


def _withdrawals(_: SentCall, body: bytes) -> _Pairs:
    for words, signer, signature in _entries(body, 2):
        yield (Op.WITHDRAWN, words), Claim(signer, signature)


def _stops(_: SentCall, body: bytes) -> _Pairs:
    for words, signer, signature in _entries(body, 2):
        yield (Op.STOPPED, words), Claim(signer, signature)


def _enrolments(call: SentCall, body: bytes) -> _Pairs:
    custodian = call.sender.rjust(_WORD, b"\0")
    for subject, signer, signature in _entries(body, 1):
        yield (Op.ENROLLED, subject + custodian + keccak(signer)), Claim(signer, signature)


def _own_withdrawal(call: SentCall, body: bytes) -> _Pairs:
    yield (Op.WITHDRAWN, body[: 2 * _WORD]), Claim(call.sender, None)


def _own_stop(call: SentCall, body: bytes) -> _Pairs:
    # The event's time is the block's, which nobody signs: found by its subject alone.
    yield (Op.STOPPED, body[:_WORD]), Claim(call.sender, None)


def _key_addition(_: SentCall, body: bytes) -> _Pairs:
    signer, by, signature, proof = (_bytes(body, _number(body, _WORD * at)) for at in (1, 4, 5, 6))
    words = body[:_WORD] + keccak(signer) + body[2 * _WORD : 4 * _WORD]
    yield (Op.KEY_ADDED, words), Claim(by, signature, signer, proof)


def _of_key(op: int) -> Callable[[SentCall, bytes], _Pairs]:
    def read(_: SentCall, body: bytes) -> _Pairs:
        signer, by, signature = (_bytes(body, _number(body, _WORD * at)) for at in (1, 2, 3))
        yield (op, body[:_WORD] + keccak(signer)), Claim(by, signature)

    return read


def _key_end(_: SentCall, body: bytes) -> _Pairs:
    signer = _bytes(body, _number(body, _WORD))
    yield (Op.KEY_REMOVED, body[:_WORD] + keccak(signer)), Claim(b"", None)


def _proposal(_: SentCall, body: bytes) -> _Pairs:
    signer, signature = (_bytes(body, _number(body, _WORD * at)) for at in (1, 2))
    yield (Op.RECOVERY_PROPOSED, body[:_WORD] + keccak(signer)), Claim(signer, signature)


def _anchor(_: SentCall, body: bytes) -> _Pairs:
    yield (Op.ANCHORED, body[: 3 * _WORD]), Claim(b"", None)


def _role_change(op: int) -> Callable[[SentCall, bytes], _Pairs]:
    def read(_: SentCall, body: bytes) -> _Pairs:
        yield (op, body[: 2 * _WORD]), Claim(b"", None)

    return read


def _own_role_end(call: SentCall, body: bytes) -> _Pairs:
    yield (Op.ROLE_REVOKED, body[: 2 * _WORD]), Claim(call.sender, None)


_FUNCTIONS: Final[Sequence[tuple[str, Callable[[SentCall, bytes], Any]]]] = (
    (abi.GRANT, _grants),
    (abi.WITHDRAW, _withdrawals),
    (abi.STOP, _stops),
    (abi.ENROL, _enrolments),
    ("withdrawOwn(bytes32,bytes32)", _own_withdrawal),
    ("stopOwn(bytes32)", _own_stop),
    (abi.ADD_KEY, _key_addition),
    (abi.REMOVE_KEY, _of_key(Op.KEY_REMOVED)),
    (abi.END_KEY, _key_end),
    (abi.PROPOSE_RECOVERY, _proposal),
    (abi.VETO_RECOVERY, _of_key(Op.RECOVERY_VETOED)),
    (abi.ANCHOR, _anchor),
    (abi.GRANT_ROLE, _role_change(Op.ROLE_GRANTED)),
    (abi.REVOKE_ROLE, _role_change(Op.ROLE_REVOKED)),
    ("renounceRole(bytes32,address)", _own_role_end),
)
_BY_SELECTOR: Final = {keccak(name.encode())[:_SELECTOR]: read for name, read in _FUNCTIONS}
