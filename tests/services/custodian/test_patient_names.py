"""What senders call their patients: a name of two people names nobody, whatever the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from memory_store import OBSERVATION, PATIENT, Custodian, bundle, send

from services.custodian import fhir_files


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def two_patients(shared: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return patients 7 of two servers, A-7 and B-7, who both have another number too."""
    a, b = (
        {
            "fullUrl": f"https://{each}.example/fhir/Patient/7",
            "resource": PATIENT
            | {"id": "7", "identifier": [{"system": "own", "value": f"{each}-7"}, shared]},
        }
        for each in "ab"
    )
    return a, b


@pytest.mark.parametrize(
    "subject",
    [{"reference": "Patient/7"}, {"identifier": {"system": "insurer", "value": "1"}}],
)
@pytest.mark.parametrize("order", ["together", "before", "after", "chunks"])
def test_a_name_of_two_patients_files_nothing_under_either(
    custodian: Custodian,
    subject: dict[str, Any],
    order: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    custodian.configure(("own",))
    patients = two_patients({"system": "insurer", "value": "1"})
    doubtful = OBSERVATION | {"subject": subject}
    if order == "before":
        send(custodian, bundle(doubtful))
        assert send(custodian, bundle(*patients)).joined == 0
    elif order == "after":
        send(custodian, bundle(*patients))
        send(custodian, bundle(doubtful))
    else:
        monkeypatch.setattr(fhir_files, "CHUNK_ENTRIES", 1 if order == "chunks" else 5_000)
        send(custodian, bundle(doubtful, *patients, doubtful))
    assert [record.category for each in "ab" for record in custodian.stored(f"{each}-7")] == [
        "demographics"
    ] * 2
    assert custodian.parked.count() == 1
