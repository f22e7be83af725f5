"""A request for access is complete, and takes as long whether or not the person exists."""

from __future__ import annotations

import time
from typing import Any

import pytest

from services.clinician.patients import MIN_REQUEST_S, CareRequest, ClinicianPatients
from services.errors import Invalid
from services.words import Words

SUBJECT = b"\1" * 32


class Known:
    """A directory of one patient, and the requests that were sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, list[bytes], str]] = []

    def find_subject(self, number: str) -> bytes | None:
        return SUBJECT if number == "MRN-1" else None

    def questions(self) -> list[Any]:
        return []

    def send(self, details: Any, subjects: list[bytes], by: str, note: str) -> int:
        self.sent.append((details, subjects, by))
        return len(subjects)


def request(known: Known, **changed: Any) -> None:
    values: dict[str, Any] = {"number": " MRN-1 ", "categories": ["laboratory"], "days": 30}
    ports: Any = {"diagnostics": known, "directory": known, "requests": known}
    ports |= dict.fromkeys(("care", "predictions", "names", "clock"))
    ClinicianPatients(**ports).request_access(
        "organisation:here", "account", CareRequest(**values | changed), Words("en")
    )


def test_a_request_reaches_the_person_with_this_number() -> None:
    known = Known()
    request(known, categories=["laboratory", "condition", "unknown"])
    ((details, subjects, by),) = known.sent
    assert (details.purposes, subjects, by) == (("TREATDS",), [SUBJECT], "account")
    assert set(details.categories) == {"laboratory", "condition"}


def test_a_request_may_be_for_reading_the_records() -> None:
    known = Known()
    request(known, purposes=["TREAT", "TREATDS", "MLTRAINING"])
    request(known, purposes=["TREAT"])
    assert [details.purposes for details, _, _ in known.sent] == [("TREATDS", "TREAT"), ("TREAT",)]


@pytest.mark.parametrize("number", ["MRN-1", "nobody"])
def test_a_request_takes_as_long_whether_the_person_exists_or_not(number) -> None:
    started_s = time.monotonic()
    request(Known(), number=number)
    assert time.monotonic() - started_s >= MIN_REQUEST_S


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": "x" * 501}, "reason"),
        ({"number": " "}, "number"),
        ({"categories": ["x"]}, "categories"),
        ({"days": 31}, "days"),
        ({"purposes": ["MLTRAINING"]}, "purposes"),
    ],
)
def test_what_is_missing_in_a_request_is_named(changed, field) -> None:
    known = Known()
    with pytest.raises(Invalid) as refused:
        request(known, **changed)
    assert set(refused.value.fields) == {field}
    assert known.sent == []
