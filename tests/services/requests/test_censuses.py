"""The census: it ends with counting, with an erasure and with a change of links."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.custodian.counting import CustodianCounting
from services.requests.censuses import Censuses, CensusOutdated

HERE = "organisation:here"


class Rules:
    """A decision on counting, in memory."""

    def __init__(self) -> None:
        self.is_allowed = True

    def set(self, *, is_allowed: bool, by: str) -> None:
        self.is_allowed = is_allowed

    def get(self) -> bool:
        return self.is_allowed


class Store:
    """A store of nobody's records; `meanwhile` is what happens while they are opened."""

    def __init__(self) -> None:
        self.vault = self
        self.meanwhile: Any = lambda: None

    def open_for_counts(self, *_: Any) -> dict[bytes, Any]:
        self.meanwhile()
        return {}

    def pseudonyms(self, label: str) -> Any:
        return lambda name: bytes(32)

    def persons(self, subjects: Any) -> dict[bytes, bytes]:
        return {subject: subject for subject in subjects}

    def seal_bytes(self, label: str, content: bytes, about: bytes) -> bytes:
        return len(about).to_bytes(1, "big") + about + content

    def open_bytes(self, label: str, sealed: bytes, about: bytes) -> bytes:
        assert sealed[1 : 1 + sealed[0]] == about
        return sealed[1 + sealed[0] :]


@pytest.fixture
def censuses(tmp_path: Path) -> Censuses:
    store: Any = Store()
    installation: Any = SimpleNamespace(organisation=HERE, clock=lambda: 1.0, home=tmp_path)
    return Censuses(store, installation)


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "census").iterdir()}


def test_a_census_that_is_being_taken_does_not_outlive_the_end_of_counting(
    censuses: Censuses, tmp_path: Path
) -> None:
    rules: Any = Rules()
    counting = CustodianCounting(rules=rules, censuses=censuses)
    store: Any = censuses._store
    store.meanwhile = lambda: counting.forbid("c")
    with pytest.raises(CensusOutdated, match="Count again"):
        censuses.get(lambda *_: None)
    assert files(tmp_path) == {"deletion"}
    assert censuses.find_codes() is None


def test_a_deleted_census_is_taken_once_more_and_then_kept(
    censuses: Censuses, tmp_path: Path
) -> None:
    first = censuses.get(lambda *_: None)
    censuses.delete()
    assert files(tmp_path) == {"deletion"}
    assert censuses.get(lambda *_: None).subjects == first.subjects
    assert files(tmp_path) == {"deletion", "codes.json", "events.sealed"}
    assert censuses.find_codes() is not None


def test_a_census_of_another_version_is_taken_again(
    censuses: Censuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    censuses.get(lambda *_: None)
    monkeypatch.setattr("models.census.FORMAT", 99)
    assert censuses.get(lambda *_: None).taken_at_s == 1
    assert censuses.find_codes() is not None
