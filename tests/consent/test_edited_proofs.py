"""A row that says of a change that it was proved is not believed by verify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from liar import DEPLOYMENT, DOMAIN, NOW_S, OURS, NoOutbox, raw_call
from stranger_world import LIAR, RELAY, World
from township import Clock, Patient

from consent import abi
from consent.abi import word
from consent.mirror import Mirror
from consent.prover import Prover
from consent.terms import Enrolment, Signed
from consent.typed_data import Op, digest, keccak, terms_hash


def grant_without_signature(world: World) -> None:
    signed = world.patient.grants(NOW_S - 9)
    world.grant(replace(signed, signature=LIAR.sign(b"\1" * 32)))


def grant_by_another_key(world: World) -> None:
    message = world.patient.grants(NOW_S - 9).message
    world.grant(Signed(message, LIAR.address, LIAR.sign(digest(DOMAIN, message))))


def enrolment_by_another_account(world: World) -> None:
    world.enrol(Patient(DOMAIN, OURS), LIAR)


def withdrawal_that_nobody_signed(world: World) -> None:
    words = world.patient.subject + terms_hash(world.terms)
    world.chain.tell(Op.WITHDRAWN, words, raw_call(LIAR, b""))


def anchor_by_another_account(world: World) -> None:
    body = b"journal".ljust(32, b"\0") + b"\1" * 32 + word(9)
    call = abi.encode_call(abi.ANCHOR, body[:32], body[32:64], 9)
    world.chain.tell(Op.ANCHORED, body, raw_call(LIAR, call))


@pytest.mark.parametrize(
    "invent",
    [
        grant_without_signature,
        grant_by_another_key,
        enrolment_by_another_account,
        withdrawal_that_nobody_signed,
        anchor_by_another_account,
    ],
)
def test_a_change_without_proof_is_named_though_its_row_says_that_it_was_proved(
    sqlite_engine: sa.Engine, invent: Callable[[World], None]
) -> None:
    world, clock = World(), Clock(NOW_S)
    prover = Prover(world.chain, NoOutbox(), DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(sqlite_engine, world.chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.sync()
    assert mirror.find_misproved() == ([], [])
    invent(world)
    mirror.sync()
    position, change = len(world.chain.history), world.chain.history[-1]
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text("UPDATE consent_events SET proof = 1 WHERE proof = 0"))
    assert mirror.events.unproved() == []
    assert mirror.find_misproved() == ([(position, change)], [])


def test_a_proof_that_was_taken_from_a_row_is_named(sqlite_engine: sa.Engine) -> None:
    world, clock = World(), Clock(NOW_S)
    prover = Prover(world.chain, NoOutbox(), DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(sqlite_engine, world.chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.sync()
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text("UPDATE consent_events SET proof = 0 WHERE position = 1"))
    assert [position for position, _ in mirror.find_misproved().unproved] == [1]


def propose_a_key(world: World) -> None:
    new = replace(world.patient, key=LIAR)
    signed = new.sign(Enrolment(new.subject, OURS, LIAR.address))
    call = abi.encode_call(abi.PROPOSE_RECOVERY, new.subject, LIAR.address, signed.signature)
    body = new.subject + keccak(LIAR.address)
    world.chain.tell(Op.RECOVERY_PROPOSED, body, raw_call(RELAY, call), LIAR.address)


@pytest.mark.parametrize("edit", ["proof - 604800", "2", "-proof"])
def test_an_earlier_start_of_a_proposed_key_is_named(sqlite_engine: sa.Engine, edit: str) -> None:
    """Else the patient would have fewer than seven days to refuse the key."""
    world, clock = World(), Clock(NOW_S)
    world.chain.block_times = lambda numbers: [NOW_S - 9] * len(numbers)  # type: ignore[method-assign]
    prover = Prover(world.chain, NoOutbox(), DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(sqlite_engine, world.chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.sync()
    propose_a_key(world)
    mirror.sync()
    assert mirror.find_misproved() == ([], [])
    clock.now_s += 86_400  # the delay may count from later than the block
    assert mirror.find_misproved() == ([], [])
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE consent_events SET proof = {edit} WHERE op = 8"))
    position, change = len(world.chain.history), world.chain.history[-1]
    assert mirror.find_misproved() == ([], [(position, change)])


def test_a_key_that_signed_by_itself_does_not_pass_for_an_account_with_code(
    sqlite_engine: sa.Engine,
) -> None:
    """Else the chain node alone could say what that key signs from then on."""
    world, clock = World(), Clock(NOW_S)
    prover = Prover(world.chain, NoOutbox(), DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(sqlite_engine, world.chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.sync()
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text("UPDATE consent_events SET proof = -1 WHERE position = 1"))
    assert mirror.find_misproved() == ([], [(1, world.chain.history[0])])


@pytest.mark.parametrize(
    "edit",
    [
        "name = NULL WHERE op = 7",
        "name = zeroblob(32) WHERE op = 4",
        "name = NULL WHERE op = 1",
        "name = zeroblob(32) WHERE op = 5",
        "signer = zeroblob(20) WHERE op = 1",
    ],
)
def test_a_row_under_another_name_or_with_another_key_is_named(
    sqlite_engine: sa.Engine, edit: str
) -> None:
    """Else an anchor, a consent or a key could be hidden from the checks that look for it."""
    world, clock = World(), Clock(NOW_S)
    world.lines()
    world.withdraw()
    prover = Prover(world.chain, NoOutbox(), DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(sqlite_engine, world.chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.sync()
    assert mirror.events.misnamed() == []
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE consent_events SET {edit}"))
    op = int(edit[-1])
    positions = [at for at, each in enumerate(world.chain.history, 1) if each.op == op]
    assert positions
    assert mirror.events.misnamed() == positions
