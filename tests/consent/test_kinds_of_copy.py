"""The truth table of copies: the kind that is asked for, what was signed, and what came after."""

from __future__ import annotations

from itertools import product

import pytest
from world import ALICE, OPT_OUT, World, alices_world

from consent import HRESCH, MLTRAINING, PSEUDRESCH, RECRESCH
from consent.terms import ANY

KINDS = {"anonymised": HRESCH, "pseudonymised": PSEUDRESCH, "whole records": RECRESCH}
SIGNED: dict[str, tuple[str, ...]] = {
    "training alone": (MLTRAINING,),
    "an anonymised copy": (MLTRAINING, HRESCH),
    "a pseudonymised copy": (MLTRAINING, PSEUDRESCH),
    "a copy of whole records": (MLTRAINING, RECRESCH),
    "a copy of both other kinds": (MLTRAINING, HRESCH, PSEUDRESCH),
}
STATES = {
    "in force": "permitted",
    "withdrawn": "withdrawn",
    "stopped": "stopped",
    "opted out": "opted-out",
    "refused to this study": "denied",
    "expired": "expired",
}


def make_world(signed: tuple[str, ...], state: str) -> World:
    world = alices_world()
    ends_s = 150 if state == "expired" else 10_000
    given = world.grant(purposes=signed, categories=(ANY,), ends_s=ends_s)
    if state == "withdrawn":
        world.withdraw(given)
    elif state == "stopped":
        world.stop(ALICE, 300)
    elif state == "opted out":
        world.grant(**OPT_OUT, signed_s=200)
    elif state == "refused to this study":
        world.grant(decision="deny", purposes=tuple(KINDS.values()), categories=(ANY,))
    return world


@pytest.mark.parametrize(("signed", "state"), list(product(SIGNED, STATES)))
def test_a_copy_leaves_only_for_exactly_its_kind_and_while_nothing_else_was_said(
    signed: str, state: str
) -> None:
    world = make_world(SIGNED[signed], state)
    for purpose in KINDS.values():
        reason = world.reason(purpose=purpose)
        is_released = purpose in SIGNED[signed] and state == "in force"
        assert (reason == "permitted") == is_released
        if purpose in SIGNED[signed]:
            assert reason == STATES[state]
