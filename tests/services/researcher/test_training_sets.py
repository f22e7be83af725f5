"""Who no longer permits a record of their row is counted among those who left a copy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.requests import ReleasedCopy
from services.researcher.training_sets import TrainingSets
from storage import SubjectRecords

FIRST, SECOND = b"1" * 32, b"2" * 32
LABELS, TESTS = {"a1": "condition", "a2": "condition"}, {"b1": "laboratory", "b2": "laboratory"}
STUDY: Any = SimpleNamespace(study="study:s", question="q", copy_kind="anonymised")


def name_in(_: Any) -> Any:
    return lambda key: key.hex()[:32]


def withdrawals(permitted: dict[bytes, list[str]], parts: dict[str, tuple[str, ...]]) -> int:
    """Return how many people left a copy of two rows, as the researcher reads it."""
    known, decided = LABELS | TESTS, list[str]()
    records = {
        subject: SubjectRecords({name: known[name] for name in names})
        for subject, names in permitted.items()
    }
    store: Any = SimpleNamespace(
        persons=lambda subjects: {subject: subject for subject in subjects},
        permitted_records=lambda party, purpose: decided.append(party) or records,
        permitted_subjects=lambda party, purpose: {
            subject: dict.fromkeys(each.permitted.values(), b"")
            for subject, each in records.items()
        },
    )
    copy = ReleasedCopy(
        id="c",
        study="study:s",
        release="r",
        at_s=0,
        ends_at_s=9,
        rows=2,
        pseudonyms=tuple(map(name_in(None), (FIRST, SECOND))),
        plan=None,
        deleted_at_s=None,
        parts=parts,
    )
    question = SimpleNamespace(
        timeline=None,
        required=("condition",),
        label=SimpleNamespace(category="condition"),
        training_categories=("condition", "laboratory"),
    )
    ports: Any = {
        "owned": SimpleNamespace(list=lambda _: [STUDY], models=lambda _: []),
        "copies": SimpleNamespace(
            list_summaries=lambda _: [copy, copy], get=lambda _: copy, name_in=name_in
        ),
        "diagnostics": SimpleNamespace(question=lambda _: question, clock=lambda: 1),
        "feasibility": SimpleNamespace(leavers=lambda _, count: count),
    }
    notice, same = TrainingSets(store=store, **ports).notices("organisation:o").copies
    assert notice == same
    assert len(decided) <= 1  # of a large study each decision takes seconds
    assert notice.is_due is (notice.withdrawals > 0)
    return notice.withdrawals


@pytest.mark.parametrize(
    ("second", "left"),
    [
        (["a2", "b2"], 0),
        (["a2"], 1),  # narrowed: the laboratory record is permitted no longer
        (["b2"], 1),
        ([], 1),
    ],
)
def test_who_no_longer_permits_each_record_of_their_row_has_left(
    second: list[str], left: int
) -> None:
    parts = {
        name_in(None)(FIRST): ("a1", "b1"),
        name_in(None)(SECOND): ("a2", "b2"),
    }
    permitted = {FIRST: ["a1", "b1"], SECOND: second}
    assert withdrawals({who: names for who, names in permitted.items() if names}, parts) == left


def test_of_a_copy_from_before_its_parts_were_stored_the_needed_categories_count() -> None:
    assert withdrawals({FIRST: ["a1", "b1"], SECOND: ["a2"]}, {}) == 0
    assert withdrawals({FIRST: ["a1", "b1"], SECOND: ["b2"]}, {}) == 1
