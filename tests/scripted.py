"""A chain that a test scripts: blocks with real signed messages, reorganised or lost at will."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from liar import (
    DEPLOYMENT,
    OURS,
    RELAY,
    batch_call,
    enrolled_body,
    enrolment,
    grant_call,
    granted_body,
    raw_call,
)
from township import RELAYER, Clock, Patient

from consent import abi
from consent.abi import Change, Entry, word
from consent.chain import Block, Fees, Finality, Look, Newest, NodeRefused, Receipt, Tip
from consent.consent_ledger import ConsentLedger
from consent.errors import LedgerUnavailable
from consent.events import roll
from consent.own_accounts import OwnAccounts
from consent.signatures import SigningKey
from consent.tables import METADATA
from consent.terms import Grant, Signed, Stop, Withdrawal
from consent.typed_data import GENESIS_HEAD, Op, keccak, terms_hash
from deploy.database import make_engine

FIRST_BLOCK = 2
_RELAY_KEY = SigningKey(RELAYER)


@dataclass(frozen=True)
class ScriptedChange:
    """One change of the ledger and the transaction that made it."""

    op: int
    body: bytes
    raw: bytes


def enrols(patient: Patient) -> ScriptedChange:
    return ScriptedChange(Op.ENROLLED, enrolled_body(patient), enrolment(patient))


def grants(signed: Signed) -> ScriptedChange:
    assert isinstance(signed.message, Grant)
    given = signed.message
    consent = given.subject + terms_hash(given.terms)
    body = granted_body(consent, keccak(signed.signer), given.signed_at_s, given.not_after_s)
    return ScriptedChange(Op.GRANTED, body, grant_call(signed))


def revokes(signed: Signed) -> ScriptedChange:
    """Return the change that a withdrawal or a stop makes."""
    if isinstance(signed.message, Withdrawal):
        op, function, value = Op.WITHDRAWN, abi.WITHDRAW, signed.message.terms_hash
    else:
        assert isinstance(signed.message, Stop)
        op, function, value = Op.STOPPED, abi.STOP, word(signed.message.issued_at_s)
    body = signed.message.subject + value
    entry = Entry(body, signed.signer, signed.signature)
    return ScriptedChange(op, body, raw_call(_RELAY_KEY, batch_call(function, entry)))


@dataclass(frozen=True)
class MadeBlock:
    """A block of the script; its hash is its own, also if it holds what another one held."""

    time_s: int
    changes: tuple[ScriptedChange, ...] = ()
    hash: bytes = field(default_factory=lambda: secrets.token_bytes(32))


class ScriptedChain:
    """A node with these blocks, of which `lag` are not final and `hidden` are not visible.

    `looks` replaces fields of what it shows of itself; `is_down`: it gives no answer at all.
    """

    def __init__(self, lag: int = 0) -> None:
        self.blocks: list[MadeBlock] = []
        self.lag, self.hidden = lag, 0
        self.is_down = False
        self.looks: dict[str, object] = {}
        self.raws: dict[bytes, bytes] = {}

    def mine(self, time_s: float, *changes: ScriptedChange) -> None:
        self.blocks.append(MadeBlock(int(time_s), changes))
        self.raws.update((keccak(each.raw), each.raw) for each in changes)

    def lose(self, depth: int) -> list[MadeBlock]:
        """Remove the newest blocks and return them."""
        lost, self.blocks = self.blocks[-depth:], self.blocks[:-depth]
        return lost

    def history(self, *, final: bool = False) -> list[ScriptedChange]:
        """Return what the visible blocks hold, in order."""
        last = self.final().number if final else self._latest()
        return [each for block in self.blocks[: last + 1 - FIRST_BLOCK] for each in block.changes]

    def _latest(self) -> int:
        return FIRST_BLOCK + len(self.blocks) - 1 - self.hidden

    def final(self) -> Block:
        """Return the newest block that it shows as final."""
        return self.block(max(FIRST_BLOCK - 1, self._latest() - self.lag))

    def block(self, number: int) -> Block:
        if number < FIRST_BLOCK:
            return Block(number, DEPLOYMENT.genesis_hash, 1, 0)
        made = self.blocks[number - FIRST_BLOCK]
        return Block(number, made.hash, made.time_s, 0)

    def _require_up(self) -> None:
        if self.is_down:
            raise LedgerUnavailable("the chain node is down")

    def look(self, _contract: str, _finality: Finality, accepted: int) -> Look:
        self._require_up()
        latest, final = self.block(self._latest()), self.final()
        known = self.block(accepted) if accepted <= self._latest() else None
        look = Look(
            DEPLOYMENT.chain_id,
            DEPLOYMENT.genesis_hash,
            DEPLOYMENT.code_hash,
            latest,
            final,
            known,
        )
        return replace(look, **self.looks)  # type: ignore[arg-type]

    def tips(self, _contract: str, hashes: Sequence[bytes]) -> list[Tip]:
        self._require_up()
        return [self._tip(name) for name in hashes]

    def _tip(self, name: bytes) -> Tip:
        at = next((n for n, made in enumerate(self.blocks) if made.hash == name), -1)
        changes = self.changes("", FIRST_BLOCK, FIRST_BLOCK + at)
        return Tip([GENESIS_HEAD, *roll(GENESIS_HEAD, changes)][-1], len(changes))

    def changes(self, _contract: str, first: int, last: int) -> list[Change]:
        self._require_up()
        first = max(first, FIRST_BLOCK)
        part = enumerate(self.blocks[first - FIRST_BLOCK : last + 1 - FIRST_BLOCK], first)
        return [
            Change(change.op, change.body, b"", number, keccak(change.raw))
            for number, made in part
            for change in made.changes
        ]

    def newest_changes(
        self, contract: str, after: int, newest: Sequence[Newest]
    ) -> Mapping[int, Sequence[Change]]:
        return {each.node: self.changes(contract, after + 1, each.block.number) for each in newest}

    def raw_transactions(self, hashes: Sequence[bytes]) -> list[bytes]:
        self._require_up()
        return [self.raws[name] for name in hashes]

    def block_times(self, numbers: Sequence[int]) -> list[int | None]:
        return [self.block(number).time_s for number in numbers]

    def change_reader(self) -> bool:
        return False

    def fees(self) -> Fees:
        return Fees(1, 1)

    def chain_id(self) -> int:
        return DEPLOYMENT.chain_id

    def transaction_count(self, _address: str) -> int:
        return 0

    def send(self, raws: Sequence[bytes]) -> list[NodeRefused | None]:
        """Take what is sent and never mine it."""
        return [None for _ in raws]

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        return [None for _ in hashes]


def open_ledger(
    database: Path, chain: ScriptedChain, clock: Clock, finality: Finality = "single"
) -> ConsentLedger:
    """Return what a process that starts now holds over this database and this chain."""
    engine = make_engine(f"sqlite:///{database}")
    METADATA.create_all(engine)
    deployment = replace(DEPLOYMENT, finality=finality, founder="0x" + OURS.hex())
    own = OwnAccounts.single(RELAY)
    return ConsentLedger(engine, chain, own, deployment, clock)  # type: ignore[arg-type]
