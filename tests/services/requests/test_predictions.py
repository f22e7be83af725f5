"""Predictions end with the records that they rest on, whatever number they were made under."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.requests.predictions import StoredPredictions
from services.tables import METADATA

FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in (1, 2, 3))
RECORDS = {FIRST: ["0a"], SECOND: ["0b"], THIRD: ["0c"]}
PARTY = "organisation:here"
LATER_S = 1_900_000_000


class Linked:
    """A store in which the first two numbers were linked once."""

    links = SimpleNamespace(
        groups=lambda subjects, *, ever=False: (
            {each: (FIRST, SECOND) for each in subjects if each != THIRD} if ever else {}
        )
    )

    def records_of(self, subject: bytes) -> list[Any]:
        return [SimpleNamespace(record_id=bytes.fromhex(each)) for each in RECORDS[subject]]

    def seal_text(self, label: str, text: str, about: bytes = b"") -> bytes:
        return text.encode()

    def open_text(self, label: str, sealed: bytes, about: bytes = b"") -> str:
        return sealed.decode()


@pytest.fixture
def predictions() -> StoredPredictions:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    METADATA.create_all(engine)
    store: Any = Linked()
    made = StoredPredictions(engine, store, lambda: 1_800_000_000.0)
    for subject, records in ((FIRST, "0a"), (FIRST, "0a 0b"), (SECOND, "0b"), (THIRD, "0c")):
        made.add(PARTY, "account", subject, {"records": records.split()})
    return made


def list_kept(predictions: StoredPredictions) -> list[list[str]]:
    return sorted(each.body["records"] for each in predictions.read_since(0))


def test_a_withdrawal_reaches_predictions_under_every_number_that_was_linked(
    predictions: StoredPredictions,
) -> None:
    for subject in (FIRST, SECOND):
        assert len(list(predictions.read_of_person(subject))) == 3
    assert len(list(predictions.read_of_person(THIRD))) == 1


def test_an_erasure_deletes_what_rests_on_the_records_under_another_number(
    predictions: StoredPredictions,
) -> None:
    predictions.erase_subject(SECOND)
    assert list_kept(predictions) == [["0a"], ["0c"]]


def test_an_erasure_of_one_number_leaves_what_rests_on_the_other_alone(
    predictions: StoredPredictions,
) -> None:
    predictions.erase_subject(FIRST)
    assert list_kept(predictions) == [["0b"], ["0c"]]


def test_predictions_that_rest_on_a_moved_record_are_deleted(
    predictions: StoredPredictions,
) -> None:
    predictions.erase_resting_on("0b", FIRST)
    assert list_kept(predictions) == [["0a"], ["0c"]]


def test_the_predictions_since_a_moment_are_read_in_parts_each_once(
    predictions, monkeypatch
) -> None:
    monkeypatch.setattr("services.requests.predictions._ROWS_AT_ONCE", 2)
    for at_s, count in ((1, 1), (2, 5), (3, 1)):
        monkeypatch.setattr(predictions, "_clock", lambda at_s=at_s: LATER_S + at_s)
        for _ in range(count):
            predictions.add(PARTY, "a", FIRST, {"records": []})
    times = [each.at_s - LATER_S for each in predictions.read_since(LATER_S + 2)]
    assert times == [2] * 5 + [3]
    assert len({each.id for each in predictions.read_since(LATER_S)}) == 7
    assert list(predictions.read_since(LATER_S + 4)) == []
