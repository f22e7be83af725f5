"""The values of the ledger: terms, signed messages, requests, views and decisions."""

from __future__ import annotations

from dataclasses import dataclass, field

ANY = "*"
"""The one wildcard: it means every value, and only where the patient signed it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a patient agrees to; only its salted hash reaches the chain.

    ``recipient`` is one party id, e.g. ``study:diabetes-risk`` (``*`` only in a deny).
    ``purposes``, ``categories`` and ``records`` are never empty; categories and records may be
    ``("*",)``. ``data_from`` and ``data_to`` are ISO dates or "" for no bound.
    """

    decision: str
    recipient: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    records: tuple[str, ...]
    data_from: str
    data_to: str
    obligations: tuple[str, ...]
    statement: str
    policy_uri: str
    policy_hash: bytes
    salt: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A subject's first key at a custodian (its account, 20 bytes), signed by that key itself."""

    subject: bytes
    custodian: bytes
    signer: bytes


@dataclass(frozen=True, slots=True)
class Grant:
    """Terms signed by a subject; times are whole seconds, UTC."""

    subject: bytes
    terms: Terms
    signed_at_s: int
    not_after_s: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Ends one grant, whether or not it reached the ledger."""

    subject: bytes
    terms_hash: bytes


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends every grant of the subject that was signed at or before ``issued_at_s``."""

    subject: bytes
    issued_at_s: int


@dataclass(frozen=True, slots=True)
class KeyAddition:
    """Adds a key (20 or 84 bytes) to a subject.

    Role 0 is an own key, with no end (``until_s`` 0); role 1 is a delegate's.
    """

    subject: bytes
    signer: bytes
    role: int
    until_s: int


@dataclass(frozen=True, slots=True)
class KeyRemoval:
    """Removes a key permanently, whether or not it was added."""

    subject: bytes
    signer: bytes


@dataclass(frozen=True, slots=True)
class RecoveryVeto:
    """Ends the recovery that the custodian proposed with this key."""

    subject: bytes
    signer: bytes


Message = Enrolment | Grant | Withdrawal | Stop | KeyAddition | KeyRemoval | RecoveryVeto


@dataclass(frozen=True, slots=True)
class Signed:
    """A message, the key that signed it (20 or 84 bytes) and the signature.

    `proof` is only for a KeyAddition: the new key's own signature of the same message.
    """

    message: Message
    signer: bytes
    signature: bytes
    proof: bytes = b""


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A request by a party to use one record for exactly one purpose."""

    party: str
    purpose: str
    subject: bytes
    record_id: str
    category: str
    recorded_on: str


@dataclass(frozen=True, slots=True)
class View:
    """The ledger at one block; `count` and `head` identify its state whatever the block."""

    chain_id: int
    contract: str
    code_hash: bytes
    block_number: int
    block_hash: bytes
    block_time_s: int
    count: int
    head: bytes
    seen_at_s: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit or deny, with the evidence: the view, the deciding consents and the reason."""

    permitted: bool
    reason: str
    consent_ids: tuple[bytes, ...]
    obligations: tuple[str, ...]
    view: View
