"""Faults of a chain and reorganisations of every depth; FAULTS=200 for docs/assurance.md."""

from __future__ import annotations

import itertools
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from liar import DEPLOYMENT, DOMAIN, NOW_S, OURS
from scripted import MadeBlock, ScriptedChain, ScriptedChange, enrols, grants, open_ledger, revokes
from township import Clock, Patient, ask

from consent.chain import FINALITIES, Block, Chain, Finality
from consent.errors import LedgerUnavailable
from consent.freshness import MAX_AGE_S
from consent.terms import Grant, Signed
from consent.typed_data import Op, terms_hash

FAULTS = int(os.environ.get("FAULTS", "6"))
DEPTHS = 10
HALF = 0.5
FEW = 6
FIRST_S = NOW_S - 1_000


@dataclass
class House:
    """A ledger that answers for three patients, and all that it ever read."""

    folder: Path
    finality: Finality
    dice: random.Random
    clock: Clock = field(default_factory=lambda: Clock(NOW_S))
    patients: list[Patient] = field(default_factory=list)
    granted: list[Signed] = field(default_factory=list)
    seen: set[tuple[int, bytes]] = field(default_factory=set)
    read: list[ScriptedChange] = field(default_factory=list)
    accepted: Block = field(init=False)
    times_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        lag = self.dice.choice([DEPTHS, DEPTHS + 1, self.dice.randrange(DEPTHS)])
        lag = 0 if self.finality == "single" else lag
        self.chain = ScriptedChain(lag)
        name = f"{self.dice.getrandbits(64):x}.db"
        self.ledger = open_ledger(self.folder / name, self.chain, self.clock, self.finality)
        self.patients = [Patient(DOMAIN, OURS) for _ in range(3)]
        for patient in self.patients:
            self.mine(enrols(patient), self.new_grant(patient))
        self.mine_empty(self.chain.lag)

    def new_grant(self, patient: Patient) -> ScriptedChange:
        signed = patient.grants(FIRST_S + len(self.granted))
        assert isinstance(signed.message, Grant)
        self.granted.append(signed)
        self.ledger.consent_terms.put(patient.subject, signed.message.terms)
        return grants(signed)

    def mine(self, *changes: ScriptedChange) -> None:
        self.chain.mine(self.clock.now_s, *changes)

    def mine_empty(self, count: int) -> None:
        for _ in range(count):
            self.mine()

    def mine_something(self) -> None:
        """Mine a block with a grant, a withdrawal, a stop, or nothing."""
        patient, kind = self.dice.choice(self.patients), self.dice.randrange(4)
        if kind == 0:
            return self.mine(self.new_grant(patient))
        if kind == 1:
            own = [each for each in self.granted if each.signer == patient.key.address]
            return self.mine(revokes(patient.withdraws(self.dice.choice(own))))
        if kind == 2:
            issued_s = FIRST_S + self.dice.randrange(len(self.granted))
            return self.mine(revokes(patient.stops(issued_s)))
        return self.mine()

    def is_refused_by_rule(self) -> bool:
        """Return whether what the chain shows is not a continuation of what was read of it.

        A chain of a single validator may mine lost blocks again, so there the changes alone count.
        """
        if self.finality == "single":
            return self.chain.history(final=True)[: len(self.read)] != self.read
        if self.chain.final().number < self.accepted.number:
            return True
        return self.chain.block(self.accepted.number).hash != self.accepted.hash

    def permitted_by_rule(self) -> list[bool]:
        """Return of each patient whether a final grant is there that nothing seen revokes."""
        final = self.chain.history(final=True)
        final_grants = {change.body[:64] for change in final if change.op == Op.GRANTED}
        nos = self.seen | {(change.op, change.body) for change in self.chain.history()}
        return [
            any(_counts(signed, final_grants, nos) for signed in self.granted if signed.signer == k)
            for k in (patient.key.address for patient in self.patients)
        ]

    def permitted(self) -> list[bool]:
        started_s = time.monotonic()
        try:
            requests = [ask(patient) for patient in self.patients]
            answers = [each.permitted for each in self.ledger.decide_each(requests)]
        finally:
            self.times_s.append(time.monotonic() - started_s)
        self.seen |= {(t.op, t.body) for t in self.chain.history() if t.op != Op.GRANTED}
        if (history := self.chain.history(final=True)) != self.read:
            self.read, self.accepted = history, self.chain.final()
        return answers

    def check(self) -> None:
        expected = self.permitted_by_rule()
        assert self.permitted() == expected

    def require_refusal(self) -> None:
        with pytest.raises(LedgerUnavailable):
            self.permitted()


def _counts(signed: Signed, final_grants: set[bytes], nos: set[tuple[int, bytes]]) -> bool:
    assert isinstance(signed.message, Grant)
    subject, signed_s = signed.message.subject, signed.message.signed_at_s
    consent = subject + terms_hash(signed.message.terms)
    stops = [body for op, body in nos if op == Op.STOPPED and body[:32] == subject]
    return (
        consent in final_grants
        and (Op.WITHDRAWN, consent) not in nos
        and all(int.from_bytes(body[32:], "big") < signed_s for body in stops)
    )


def reorganised(lost: list[MadeBlock], dice: random.Random) -> list[MadeBlock]:
    """Return other blocks in their place, with a part of what they held in another order."""
    changes = [each for block in lost for each in block.changes if dice.random() < 0.6]
    dice.shuffle(changes)
    count = max(1, len(lost) + dice.choice([-1, 0, 0, 1]))
    made = [MadeBlock(lost[0].time_s) for _ in range(count)]
    for each in changes:
        at = dice.randrange(len(made))
        made[at] = replace(made[at], changes=(*made[at].changes, each))
    return made


def houses(folder: Path) -> Iterator[House]:
    """Yield as many houses as faults are tried, on each kind of chain in turn."""
    for number in range(FAULTS):
        yield House(folder, FINALITIES[number % len(FINALITIES)], random.Random(number))


def live(house: House) -> None:
    """Let patients change their minds, and look now and then."""
    for _ in range(DEPTHS + 1):
        house.mine_something()
        if house.dice.random() < HALF:
            house.check()
    house.check()


def test_no_reorganisation_permits_what_it_orphaned_or_forgets_a_no(tmp_path: Path) -> None:
    refused = 0
    for depth, house in zip(itertools.cycle(range(1, DEPTHS + 1)), houses(tmp_path), strict=False):
        live(house)
        whole = list(house.chain.blocks)
        lost = house.chain.lose(depth)
        house.chain.blocks += reorganised(lost, house.dice)
        if house.is_refused_by_rule():
            refused += 1
            house.require_refusal()
            is_single = house.finality == "single"  # which mines what it lost in other blocks
            house.chain.blocks = [MadeBlock(b.time_s, b.changes) if is_single else b for b in whole]
        house.check()
        house.mine_empty(house.chain.lag + 1)
        house.check()
    assert FAULTS <= FEW or 0 < refused < FAULTS
    print(f"{FAULTS} reorganisations, {refused} of them refused until all was there again")  # noqa: T201


def harms(house: House) -> dict[str, Callable[[], object]]:
    """Return what can be wrong with a chain after which nothing may be decided."""
    chain, looks = house.chain, house.chain.looks
    return {
        "down": lambda: setattr(chain, "is_down", True),
        "behind": lambda: setattr(chain, "hidden", len(chain.blocks) - 4),
        "another chain": lambda: looks.update(chain_id=DEPLOYMENT.chain_id + 1),
        "another genesis": lambda: looks.update(genesis_hash=b"\7" * 32),
        "another contract": lambda: looks.update(code_hash=b"\7" * 32),
        "stale": lambda: setattr(house.clock, "now_s", NOW_S + MAX_AGE_S + 1),
        "ahead": lambda: looks.update(latest=replace(chain.final(), time_s=NOW_S + 4_000)),
    }


def test_every_fault_of_a_chain_refuses_and_service_returns_with_the_chain(tmp_path: Path) -> None:
    tried, back_s = 0, list[float]()
    for house in houses(tmp_path):
        live(house)
        house.mine_empty(house.chain.lag)
        house.check()
        kinds = sorted(harms(house).items())
        for name, harm in kinds if FAULTS > FEW else house.dice.sample(kinds, 3):
            if name == "stale" and house.finality == "single":
                continue  # it mines only when something is sent
            harm()
            house.require_refusal()
            house.chain.is_down, house.chain.hidden, house.clock.now_s = False, 0, NOW_S
            house.chain.looks.clear()
            house.check()
            back_s.append(house.times_s[-1])
            tried += 1
    print(f"{tried} faults, answer after recovery in at most {max(back_s):.3f} s")  # noqa: T201


MUTE: dict[str, Callable[[socket.socket], object]] = {
    "mute": lambda _: None,
    "slow": lambda line: [line.sendall(b" ") or time.sleep(0.1) for _ in range(40)],
    "cut off": lambda line: line.sendall(b'[{"jsonrpc":"2.0","id":1,'),
    "closing": lambda line: line.close(),
    "garbage": lambda line: line.sendall(b"<html>502 Bad Gateway</html>\n"),
}


@pytest.mark.parametrize("kind", MUTE)
def test_a_node_that_answers_nothing_useful_is_a_refusal(tmp_path: Path, kind: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "mute.ipc"))
    listener.listen()
    lines: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                line = listener.accept()[0]
                lines.append(line)
                line.recv(1 << 16)
                threading.Thread(target=answer, args=(line,), daemon=True).start()

    def answer(line: socket.socket) -> None:
        with suppress(OSError):
            MUTE[kind](line)

    threading.Thread(target=serve, daemon=True).start()
    chain = Chain(str(tmp_path / "mute.ipc"))
    ledger = open_ledger(tmp_path / "mute.db", chain, Clock(NOW_S))  # type: ignore[arg-type]
    started_s = time.monotonic()
    with pytest.raises(LedgerUnavailable):
        ledger.decide(ask(Patient(DOMAIN, OURS)))
    print(f"{kind}: refused after {time.monotonic() - started_s:.2f} s")  # noqa: T201
    for line in (*lines, listener):
        line.close()
