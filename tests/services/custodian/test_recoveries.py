from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from consent import Recovery
from services.custodian.recoveries import CustodianRecoveries

SUBJECT, SIGNER = b"s" * 32, b"k" * 20
READY_AT_S = 1_000


def list_states(state: str, *, is_refused: bool, is_disabled: bool) -> list[tuple[str, int | None]]:
    """Return what the custodian's list has; doubles, since a node can hide a refusal."""
    recovery = Recovery(SUBJECT, SIGNER, state, READY_AT_S, 1, 5)
    is_open = state in ("waiting", "ready")
    keys = SimpleNamespace(
        open_recoveries=lambda: [recovery] * is_open,
        refused_recoveries=lambda _since_s: [recovery] * (state == "vetoed"),
        is_refused=lambda *_key: is_refused,
    )
    double: Any = SimpleNamespace
    recoveries = CustodianRecoveries(
        ledger=double(keys=keys),
        directory=double(numbers_of=lambda _subjects: {}),
        key_recoveries=double(is_on_hold=lambda *_key: is_refused or is_disabled),
        checks=double(),
        acts=double(),
        installation=double(organisation="", clock=lambda: 10.0),
    )
    return [(each.state, each.ready_at_s) for each in recoveries.list_pending()]


@pytest.mark.parametrize("state", ["waiting", "ready"])
@pytest.mark.parametrize(
    ("is_refused", "is_disabled", "other"),
    [
        (False, False, None),
        (False, True, ("on-hold", READY_AT_S)),
        (True, False, ("refused", None)),
        (True, True, ("refused", None)),
    ],
)
def test_a_key_that_the_patient_refused_is_not_said_to_be_on_hold(
    state: str, is_refused: bool, is_disabled: bool, other: tuple[str, int | None] | None
) -> None:
    expected = [other or (state, READY_AT_S)]
    assert list_states(state, is_refused=is_refused, is_disabled=is_disabled) == expected


def test_a_refusal_that_the_ledger_has_is_listed_and_an_ended_recovery_is_not() -> None:
    assert list_states("vetoed", is_refused=False, is_disabled=False) == [("refused", None)]
    assert list_states("finished", is_refused=False, is_disabled=False) == []
