"""A chain node that invents any history and the head that fits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp
import sqlalchemy as sa
from devices import Device
from township import RELAYER, Clock, Patient

from consent import abi
from consent.abi import Change, Entry, word
from consent.chain import Block, Look, Tip
from consent.deployment import Deployment
from consent.events import START, ChangeRun, Mark, roll
from consent.mirror import Mirror
from consent.prover import Prover
from consent.raw_transactions import RelayerAccount
from consent.signatures import LOWEST_V, SigningKey
from consent.terms import Grant, Signed, Terms
from consent.typed_data import GENESIS_HEAD, Domain, Op, consent_id, keccak, terms_hash

ENGINE = sa.create_engine("sqlite://")
NOW_S = 1_790_000_000
CONTRACT = "0x" + "ab" * 20
DEPLOYMENT = Deployment(
    8686, b"\1" * 32, CONTRACT, 1, b"\2" * 32, "single", ("0x" + "cd" * 20,), 604_800
)
DOMAIN = Domain(DEPLOYMENT.chain_id, CONTRACT)
RELAY = RelayerAccount(RELAYER)
OURS = bytes.fromhex(RELAY.address[2:])
LIAR = SigningKey(b"\5" * 32)
VERIFIER = bytes.fromhex(DEPLOYMENT.verifiers[0][2:])


def raw_call(key: SigningKey, data: bytes, to: str = CONTRACT, nonce: int = 0) -> bytes:
    """Return a transaction of any account that calls the contract."""
    fields: list[Any] = [DEPLOYMENT.chain_id, nonce, 1, 2, 1_000_000, bytes.fromhex(to[2:]), 0]
    fields += [data, []]
    signature = key.sign(keccak(b"\2" + rlp.encode(fields)))
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    raw: bytes = b"\2" + rlp.encode([*fields, signature[64] - LOWEST_V, r, s])
    return raw


def batch_call(function: str, *entries: Entry) -> bytes:
    return abi.encode_batch(function, [abi.encode_entry(entry) for entry in entries])


class LyingChain:
    """A node whose every answer agrees with the history that it was given."""

    def __init__(self) -> None:
        self.history: list[Change] = []
        self.raws: dict[bytes, bytes] = {}

    def tell(self, op: int, body: bytes, raw: bytes = b"", signer: bytes = b"") -> None:
        """Invent one more change and name this transaction as its cause."""
        name = keccak(raw) if raw else b""
        self.raws[name] = raw
        self.history.append(Change(op, body, signer, 2 + len(self.history), name))

    def change_reader(self) -> bool:
        return False

    def look(self, *_: object) -> Look:
        number = 2 + len(self.history)
        block = Block(number, word(number), NOW_S, 0)
        return Look(
            DEPLOYMENT.chain_id, DEPLOYMENT.genesis_hash, DEPLOYMENT.code_hash, block, block, None
        )

    def tips(self, _contract: str, hashes: Sequence[bytes]) -> list[Tip]:
        head = [GENESIS_HEAD, *roll(GENESIS_HEAD, self.history)][-1]
        return [Tip(head, len(self.history)) for _ in hashes]

    def changes(self, _contract: str, first: int, last: int) -> list[Change]:
        return [change for change in self.history if first <= change.block_number <= last]

    def raw_transactions(self, hashes: Sequence[bytes]) -> list[bytes]:
        return [self.raws[name] for name in hashes]

    def block_times(self, numbers: Sequence[int]) -> list[int]:
        return [1 for _ in numbers]  # long ago: every delay has passed


class NoOutbox:
    """An outbox with these transactions of our own."""

    def __init__(self, *raws: bytes) -> None:
        self.raws = {keccak(raw): raw for raw in raws}
        self.messages = self

    def find(self, _: object, *, is_whole: bool) -> dict[object, list[tuple[bytes, bool]]]:
        return {}

    def signed_here(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        return {name: self.raws[name] for name in hashes if name in self.raws}


class MemoryEvents:
    """The rows of events without a database."""

    def __init__(self) -> None:
        self.kept = START
        self.run = ChangeRun([], [], [])

    def mark(self) -> Mark:
        return self.kept

    def head_at(self, position: int) -> bytes | None:
        return GENESIS_HEAD if position == 0 else self.run.heads[position - 1]

    def append(self, _before: Tip, mark: Mark, run: ChangeRun) -> bool:
        self.kept = mark
        self.run = ChangeRun(
            [*self.run.changes, *run.changes],
            [*self.run.heads, *run.heads],
            [*self.run.proofs, *run.proofs],
        )
        return True


class NoRevocations:
    def all(self) -> list[tuple[int, bytes]]:
        return []

    def remove_final(self, _changes: object) -> None:
        pass


def mirror_of(chain: LyingChain, *ours: bytes, now_s: float = NOW_S) -> Mirror:
    """Return a mirror of what the node shows, beside an outbox with these transactions."""
    clock, outbox = Clock(now_s), NoOutbox(*ours)
    prover = Prover(chain, outbox, DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(ENGINE, chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.events = MemoryEvents()  # type: ignore[assignment]
    mirror.revocations = NoRevocations()  # type: ignore[assignment]
    return mirror


def enrolment(patient: Patient) -> bytes:
    """Return the real transaction by which our account enrolled a patient."""
    signed = patient.enrols()
    entry = Entry(patient.subject, signed.signer, signed.signature)
    return raw_call(SigningKey(RELAYER), batch_call(abi.ENROL, entry))


def enrolled_body(patient: Patient) -> bytes:
    return patient.subject + OURS.rjust(32, b"\0") + keccak(patient.key.address)


def granted_body(consent: bytes, key_hash: bytes, at_s: int, end_s: int) -> bytes:
    """Return the body of a grant's event; `consent` is subject and commitment, joined."""
    return consent + key_hash + word(at_s) + word(end_s)


@dataclass
class KnownTerms:
    """The terms that are known of each consent; the liar may have had them stored."""

    by_id: dict[bytes, Terms] = field(default_factory=dict)

    def of_subject(self, _subject: bytes) -> dict[bytes, Terms]:
        return self.by_id

    def know(self, subject: bytes, terms: Terms) -> bytes:
        hashed = terms_hash(terms)
        self.by_id[consent_id(subject, hashed)] = terms
        return hashed


def grant_call(signed: Signed, key: SigningKey = LIAR) -> bytes:
    assert isinstance(signed.message, Grant)
    grant = signed.message
    words = grant.subject + terms_hash(grant.terms) + word(grant.signed_at_s)
    entry = Entry(words + word(grant.not_after_s), signed.signer, signed.signature)
    return raw_call(key, batch_call(abi.GRANT, entry))


def tell_grant(chain: LyingChain, signed: Signed, raw: bytes) -> None:
    assert isinstance(signed.message, Grant)
    grant = signed.message
    times = grant.signed_at_s, grant.not_after_s
    body = granted_body(grant.subject + terms_hash(grant.terms), keccak(signed.signer), *times)
    chain.tell(Op.GRANTED, body, raw)


def new_patient(passkey: bool = False) -> Patient:
    return Device(DOMAIN, OURS, verifier=VERIFIER) if passkey else Patient(DOMAIN, OURS)
