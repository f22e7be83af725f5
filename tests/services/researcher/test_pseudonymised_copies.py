"""No copy leaves without an approved agreement, after its end, or while deletions are overdue."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from consent import DAY_S
from models.sealed_copy import make_key_pair
from services.errors import Invalid, NotFound
from services.requests.agreements import CopyAgreement
from services.requests.copy_deletions import CopyDeletion, DeletionCounts
from services.researcher.pseudonymised_copies import (
    ENDED,
    OVERDUE,
    CopyRefused,
    PseudonymisedCopies,
)

NOW_S = 1_800_000_000
TODAY = datetime.datetime.fromtimestamp(NOW_S, datetime.UTC).date()
STUDY = "study:s"
PARTY = "organisation:a"


def agreement(days: int) -> CopyAgreement:
    ends_on = (TODAY + datetime.timedelta(days=days)).isoformat()
    return CopyAgreement("Agreement 12", "Keep it locked.", ends_on, make_key_pair()[1])


class Parts:
    """Doubles of the ports, which keep what was called."""

    def __init__(self, agreed: CopyAgreement | None, *, wants_copy: bool = True) -> None:
        self.study: Any = SimpleNamespace(
            study=STUDY, agreement=agreed, wants_copy=wants_copy, question="q"
        )
        self.is_approved, self.overdue = True, 0
        self.calls: list[str] = []
        self.added: list[Any] = []
        self.acknowledged: list[str] = []

    def get_approved(self, party: str, name: str) -> Any:
        if not self.is_approved or party != PARTY:
            raise NotFound
        return self.study

    def update(self, study: Any) -> None:
        self.calls.append("list who left")

    def count(self, study: str) -> DeletionCounts:
        return DeletionCounts(waiting=self.overdue, overdue=self.overdue, acknowledged=0)

    def list_by_study(self, study: str) -> list[Any]:
        return []

    def require_room(self, study: str) -> None:
        self.calls.append("require room")

    def pseudonymise(self, question: str, request: Any) -> Any:
        self.calls.append("release")
        return SimpleNamespace(parts={"n": ("0/condition",)}, content=b"sealed")

    def clock(self) -> float:
        return NOW_S

    def add(self, copy: Any, names: Any) -> None:
        self.calls.append("store")
        self.added.append(copy)

    def acknowledge(self, study: str, names: Any) -> None:
        self.acknowledged += names


def copies_of(parts: Any) -> PseudonymisedCopies:
    return PseudonymisedCopies(
        owned=parts,
        copies=parts,
        deletions=parts,
        store=parts,
        diagnostics=parts,
        feasibility=parts,
    )


def test_a_copy_is_stored_with_the_agreements_end_before_it_leaves() -> None:
    agreed = agreement(30)
    parts = Parts(agreed)
    file = copies_of(parts).download(PARTY, "r", STUDY)
    assert (file.name, file.content) == ("s.sealed", b"sealed")
    assert parts.calls == ["list who left", "require room", "release", "store"]
    assert parts.added[0].ends_at_s == agreed.ends_at_s > NOW_S + 29 * DAY_S


@pytest.mark.parametrize(
    ("days", "overdue", "code"), [(30, 0, ""), (0, 0, ""), (-1, 0, ENDED), (30, 1, OVERDUE)]
)
def test_no_copy_leaves_after_the_end_or_while_a_deletion_is_overdue(days, overdue, code) -> None:
    parts = Parts(agreement(days))
    parts.overdue = overdue
    if not code:
        assert copies_of(parts).download(PARTY, "r", STUDY).content
        return
    with pytest.raises(CopyRefused) as refused:
        copies_of(parts).download(PARTY, "r", STUDY)
    assert refused.value.code == code
    assert "release" not in parts.calls


@pytest.mark.parametrize("case", ["another party", "not approved", "anonymised", "no copy"])
def test_only_an_approved_study_with_an_agreement_has_this_copy(case: str) -> None:
    parts = Parts(None if case == "anonymised" else agreement(30), wants_copy=case != "no copy")
    parts.is_approved = case != "not approved"
    party = "organisation:other" if case == "another party" else PARTY
    with pytest.raises(NotFound):
        copies_of(parts).download(party, "r", STUDY)
    assert parts.calls == []


def test_only_people_who_are_listed_can_be_acknowledged() -> None:
    parts = Parts(agreement(30))
    deletion = CopyDeletion(name="n", listed_at_s=1, due_at_s=2, acknowledged_at_s=None)
    parts.list_by_study = lambda study: [deletion]  # type: ignore[method-assign]
    for names in ([], ["m"], ["n", "m"]):
        with pytest.raises(Invalid):
            copies_of(parts).acknowledge(PARTY, STUDY, names)
    copies_of(parts).acknowledge(PARTY, STUDY, ["n"])
    assert parts.acknowledged == ["n"]
