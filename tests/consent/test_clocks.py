"""Wrong clocks and idle chains around the end of a consent; CLOCKS=10000 for docs/assurance.md."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from liar import DOMAIN, NOW_S, OURS
from scripted import ScriptedChain, enrols, grants, open_ledger
from township import Clock, Patient, ask

from consent.chain import FINALITIES, Finality
from consent.errors import LedgerUnavailable
from consent.terms import Grant

CLOCKS = int(os.environ.get("CLOCKS", "100"))
YEAR_S, HOUR_S = 31_557_600, 3_600
STEPS_S = (0, 1, 60, 61, 120, 121, HOUR_S, HOUR_S + 1, 10 * YEAR_S)
BOUND_S = {"single": HOUR_S, "bft": 120, "pos": 120}
"""How far the chain's clock may be ahead of the host's."""
AGE_S = 60
"""How old the newest block may be where blocks come by themselves."""
LASTING_S = 1_000
HALF = 0.5


def is_refused(finality: Finality, host_s: int, block_s: int) -> bool:
    is_old = finality != "single" and host_s - block_s > AGE_S
    return is_old or block_s - host_s > BOUND_S[finality]


def pair_of_clocks(dice: random.Random) -> tuple[int, int]:
    """Return the host's and the chain's time, around one end of the consent."""
    bound_s = dice.choice([NOW_S, NOW_S + LASTING_S])
    host_s = bound_s + dice.randint(-1, 1) + dice.choice([-1, 0, 1]) * dice.choice(STEPS_S)
    if dice.random() < HALF:
        return host_s, bound_s + dice.randint(-1, 1)
    return host_s, host_s + dice.choice([-1, 1]) * dice.choice(STEPS_S)


@pytest.mark.parametrize("finality", FINALITIES)
def test_nothing_is_permitted_after_its_end_by_either_clock(
    tmp_path: Path, finality: Finality
) -> None:
    dice, clock, chain = random.Random(finality), Clock(NOW_S), ScriptedChain()
    ledger = open_ledger(tmp_path / "clocks.db", chain, clock, finality)
    patient = Patient(DOMAIN, OURS)
    signed = patient.grants(NOW_S, until_s=NOW_S + LASTING_S)
    assert isinstance(signed.message, Grant)
    ledger.consent_terms.put(patient.subject, signed.message.terms)
    chain.mine(NOW_S, enrols(patient), grants(signed))
    assert ledger.decide(ask(patient)).permitted  # which accepts this block, and none after it
    counted = {True: 0, False: 0, None: 0}
    for _ in range(CLOCKS):
        host_s, block_s = pair_of_clocks(dice)
        clock.now_s = host_s
        chain.blocks = chain.blocks[:1]
        chain.mine(block_s)
        starts_s, ends_s = min(host_s, block_s), max(host_s, block_s)
        is_within = starts_s >= NOW_S and ends_s <= NOW_S + LASTING_S
        expected = None if is_refused(finality, host_s, block_s) else is_within
        try:
            assert ledger.decide(ask(patient)).permitted == expected
        except LedgerUnavailable:
            assert expected is None
        counted[expected] += 1
    assert all(counted.values())
    print(f"{finality}: {CLOCKS} pairs of clocks, permitted/denied/refused {counted}")  # noqa: T201
