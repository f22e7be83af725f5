"""EIP-712 hashes of what patients sign, and the ledger's rolling head, as in the contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

import sha3

from consent.errors import TermsInvalid
from consent.terms import (
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Stop,
    Terms,
    Withdrawal,
)

HEAD_BYTES: Final = 27
GENESIS_HEAD: Final = bytes(HEAD_BYTES)
_WORD_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_SHARED_TERMS: Final = 4096
_SHARED_DOMAINS: Final = 64

_FIELDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "EIP712Domain": (
        ("string", "name"),
        ("string", "version"),
        ("uint256", "chainId"),
        ("address", "verifyingContract"),
    ),
    "Terms": (
        ("string", "decision"),
        ("string", "recipient"),
        ("string[]", "purposes"),
        ("string[]", "categories"),
        ("string[]", "records"),
        ("string", "dataFrom"),
        ("string", "dataTo"),
        ("string[]", "obligations"),
        ("string", "statement"),
        ("string", "policyUri"),
        ("bytes32", "policyHash"),
        ("bytes32", "salt"),
    ),
    "Grant": (
        ("bytes32", "subject"),
        ("Terms", "terms"),
        ("uint40", "signedAt"),
        ("uint40", "notAfter"),
    ),
    "Withdrawal": (("bytes32", "subject"), ("bytes32", "termsHash")),
    "Stop": (("bytes32", "subject"), ("uint40", "issuedAt")),
    "Enrolment": (("bytes32", "subject"), ("address", "custodian"), ("bytes", "signer")),
    "KeyAddition": (
        ("bytes32", "subject"),
        ("bytes", "signer"),
        ("uint8", "role"),
        ("uint40", "until"),
    ),
    "KeyRemoval": (("bytes32", "subject"), ("bytes", "signer")),
    "RecoveryVeto": (("bytes32", "subject"), ("bytes", "signer")),
}


class Op(IntEnum):
    """The operations of the ledger, numbered as in the rolling head."""

    ENROLLED = 1
    KEY_ADDED = 2
    KEY_REMOVED = 3
    GRANTED = 4
    WITHDRAWN = 5
    STOPPED = 6
    ANCHORED = 7
    RECOVERY_PROPOSED = 8
    RECOVERY_VETOED = 9
    RECOVERED = 10
    PAUSED = 11
    UNPAUSED = 12
    ROLE_GRANTED = 13
    ROLE_REVOKED = 14


@dataclass(frozen=True, slots=True)
class Domain:
    """The ledger that a signature is for: chain id and contract address (0x and 40 hex digits)."""

    chain_id: int
    contract: str


def keccak(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 of `data`."""
    return bytes(sha3.keccak_256(data).digest())


def encode_type(name: str) -> str:
    """Return the EIP-712 type string, e.g. ``Stop(bytes32 subject,uint40 issuedAt)``."""
    own = f"{name}({','.join(' '.join(field) for field in _FIELDS[name])})"
    return own + encode_type("Terms") if name == "Grant" else own


@lru_cache(maxsize=len(_FIELDS))
def type_hash(name: str) -> bytes:
    """Return the Keccak-256 of the type string."""
    return keccak(encode_type(name).encode())


def terms_hash(terms: Terms) -> bytes:
    """Return the 32-byte commitment to the terms; about 4 microseconds when only the salt is new.

    Raises:
        TermsInvalid: a hash is not 32 bytes, or a text is not Unicode.
    """
    before = _shared(terms.decision, terms.recipient, terms.purposes, terms.categories)
    after = _shared(
        terms.data_from, terms.data_to, terms.obligations, terms.statement, terms.policy_uri
    )
    hashes = _bytes32("policy_hash", terms.policy_hash) + _bytes32("salt", terms.salt)
    return keccak(type_hash("Terms") + before + _array(terms.records) + after + hashes)


def consent_id(subject: bytes, terms_hash: bytes) -> bytes:
    """Return the id of a consent on the ledger: one subject, one set of terms."""
    return keccak(_bytes32("subject", subject) + _bytes32("terms_hash", terms_hash))


def consent_ids(pairs: bytes) -> bytes:
    """Return the ids of many consents, joined, from their joined subjects and commitments."""
    step = 2 * _WORD_BYTES
    return b"".join([keccak(pairs[at : at + step]) for at in range(0, len(pairs), step)])


def digest(domain: Domain, message: Message) -> bytes:
    """Return the 32 bytes that a key signs for this message on this ledger.

    Raises:
        TermsInvalid: a field has the wrong length or is out of its range.
    """
    return keccak(b"\x19\x01" + separator(domain) + struct_hash(message))


def digest_of_words(domain: Domain, name: str, words: bytes) -> bytes:
    """Return what a key signs for a message of this type whose encoded fields are these words."""
    return keccak(b"\x19\x01" + separator(domain) + keccak(type_hash(name) + words))


@lru_cache(maxsize=_SHARED_DOMAINS)
def separator(domain: Domain) -> bytes:
    """Return the EIP-712 domain separator."""
    return keccak(
        type_hash("EIP712Domain")
        + keccak(b"Vouchsafe")
        + keccak(b"1")
        + _uint("chain_id", domain.chain_id, 256)
        + _address("contract", _unhex("contract", domain.contract))
    )


def struct_hash(message: Message) -> bytes:
    """Return the EIP-712 hash of a message, without its domain."""
    return keccak(type_hash(type(message).__name__) + _ENCODERS[type(message)](message))


def next_head(head: bytes, op: int, words: Sequence[bytes | int]) -> bytes:
    """Return the head (27 bytes) after one operation; words: 32 bytes, an address or a number."""
    if len(head) != HEAD_BYTES:
        raise TermsInvalid(f"a head is {HEAD_BYTES} bytes, not {len(head)}")
    encoded = b"".join([_word(word) for word in words])
    return keccak(head + b"\0" * 5 + op.to_bytes(_WORD_BYTES, "big") + encoded)[:HEAD_BYTES]


def typed_message(domain: Domain, message: Message) -> dict[str, Any]:
    """Return the JSON that a wallet displays and signs (eth_signTypedData_v4): the same digest."""
    struct_hash(message)  # a message that cannot be hashed must not be displayed
    name = type(message).__name__
    names = ["EIP712Domain", name, *(["Terms"] if isinstance(message, Grant) else [])]
    return {
        "types": {n: [{"type": t, "name": f} for t, f in _FIELDS[n]] for n in names},
        "primaryType": name,
        "domain": {
            "name": "Vouchsafe",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        "message": _json(name, message),
    }


def _json(name: str, value: object) -> dict[str, Any]:
    fields_json: dict[str, Any] = {}
    for kind, field in _FIELDS[name]:
        item = getattr(value, _attribute(kind, field))
        if kind == "Terms":
            fields_json[field] = _json("Terms", item)
        elif isinstance(item, bytes):
            fields_json[field] = "0x" + item.hex()
        else:
            fields_json[field] = list(item) if isinstance(item, tuple) else item
    return fields_json


def _attribute(kind: str, field: str) -> str:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)
    return f"{snake}_s" if kind == "uint40" else snake


@lru_cache(maxsize=_SHARED_TERMS)
def _shared(*texts: str | tuple[str, ...]) -> bytes:
    # Texts that many patients sign alike are hashed once; records and salts differ.
    return b"".join([_text(text) if isinstance(text, str) else _array(text) for text in texts])


def _array(texts: tuple[str, ...]) -> bytes:
    return keccak(b"".join([_text(text) for text in texts]))


def _text(text: str) -> bytes:
    try:
        return keccak(text.encode())
    except UnicodeEncodeError:
        raise TermsInvalid("text is not valid Unicode") from None


def _bytes32(field: str, value: bytes) -> bytes:
    if len(value) != _WORD_BYTES:
        raise TermsInvalid(f"{field} is 32 bytes, not {len(value)}")
    return value


def _address(field: str, value: bytes) -> bytes:
    if len(value) != _ADDRESS_BYTES:
        raise TermsInvalid(f"{field} is an address of 20 bytes, not {len(value)}")
    return value.rjust(_WORD_BYTES, b"\0")


def _uint(field: str, value: int, bits: int) -> bytes:
    if not 0 <= value < 1 << bits:
        raise TermsInvalid(f"{field} does not fit in {bits} bits")
    return value.to_bytes(_WORD_BYTES, "big")


def _unhex(field: str, value: str) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except ValueError as error:
        raise TermsInvalid(f"{field} is not hexadecimal") from error


def _word(word: bytes | int) -> bytes:
    if isinstance(word, int):
        return _uint("word", word, 256)
    return word if len(word) == _WORD_BYTES else _address("word", word)


def _grant(message: Grant) -> bytes:
    return (
        _bytes32("subject", message.subject)
        + terms_hash(message.terms)
        + _uint("signed_at_s", message.signed_at_s, 40)
        + _uint("not_after_s", message.not_after_s, 40)
    )


def _withdrawal(message: Withdrawal) -> bytes:
    return _bytes32("subject", message.subject) + _bytes32("terms_hash", message.terms_hash)


def _stop(message: Stop) -> bytes:
    return _bytes32("subject", message.subject) + _uint("issued_at_s", message.issued_at_s, 40)


def _enrolment(message: Enrolment) -> bytes:
    custodian = _address("custodian", message.custodian)
    return _bytes32("subject", message.subject) + custodian + keccak(message.signer)


def _addition(message: KeyAddition) -> bytes:
    period = _uint("role", message.role, 8) + _uint("until_s", message.until_s, 40)
    return _bytes32("subject", message.subject) + keccak(message.signer) + period


def _key(message: KeyRemoval | RecoveryVeto) -> bytes:
    return _bytes32("subject", message.subject) + keccak(message.signer)


_ENCODERS: Final[dict[type, Callable[[Any], bytes]]] = {
    Grant: _grant,
    Withdrawal: _withdrawal,
    Stop: _stop,
    Enrolment: _enrolment,
    KeyAddition: _addition,
    KeyRemoval: _key,
    RecoveryVeto: _key,
}
