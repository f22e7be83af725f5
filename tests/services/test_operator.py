"""What the operator does beside starting and stopping an installation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from consent import RestoreResult
from services.operator import OperatorService

FIRST, SECOND, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3))


def test_a_restore_is_confirmed_with_all_numbers_of_the_people_whose_refusals_may_be_lost() -> None:
    seen: list[set[bytes]] = []

    def confirm_restore(_evidence: Any, linked: Any) -> RestoreResult:
        seen.append(set(linked({FIRST, STRANGER})))
        return RestoreResult(0, 0)

    operator = OperatorService(
        installation=None,  # type: ignore[arg-type]
        ledger=SimpleNamespace(confirm_restore=confirm_restore),  # type: ignore[arg-type]
        store=SimpleNamespace(links=SimpleNamespace(groups=lambda _: {FIRST: (FIRST, SECOND)})),  # type: ignore[arg-type]
        diagnostics=None,  # type: ignore[arg-type]
    )
    operator.confirm_restore([])
    assert seen == [{FIRST, SECOND, STRANGER}]
