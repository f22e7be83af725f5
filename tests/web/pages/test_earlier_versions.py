"""A custodian keeps earlier versions; patient and clinician see them until they are destroyed."""

from __future__ import annotations

import json

import pytest
from research import add_numbers, key_of, permit
from visitors import HOSPITAL, signed_in

from records.merging import DocumentMerge
from services.tokens import CUSTODIAN
from storage import Arrival, Arriving, Record

pytestmark = pytest.mark.node


def sodium(subject: bytes, value: float) -> Arriving:
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Sodium"},
        "effectiveDateTime": "2024-02-15",
        "valueQuantity": {"value": value, "unit": "mmol/L"},
    }
    text = (json.dumps(resource).encode(),)
    arrivals = (Arrival("s", 1, 86_400),)
    record = Record(
        subject, "laboratory", HOSPITAL, "2024-02-15", {}, resources=text, arrivals=arrivals
    )
    return Arriving(record, f"sodium {subject.hex()}")


def test_earlier_versions_are_shown_until_the_custodian_ticks_and_destroys_them(
    hospital,
) -> None:
    subject = hospital.new_patient()
    (number,) = add_numbers(hospital, [subject])
    custodian, patient = signed_in(hospital, CUSTODIAN), signed_in(hospital, "patient", "", subject)
    assert "/custodian/versions" in custodian.get("/custodian/people").text
    custodian.post("/custodian/versions", wish="destroy")
    assert "Earlier versions are destroyed" in custodian.get("/custodian/versions").text
    custodian.post("/custodian/versions", wish="keep")
    versions = hospital.platform.store.versions
    for value in (139.5, 141.5):
        (record_id,) = versions.merge([sodium(subject, value)], DocumentMerge({})).record_ids
    page = patient.get(f"/patient/records/{record_id}").text
    assert page.index("141.5") < page.index("Earlier versions") < page.index("139.5")
    opened = patient.api("GET", f"/patient/records/{record_id}").get_json()
    assert [line["written"] for line in opened["earlier"]] == ["139.5"]
    permit(hospital, HOSPITAL, ("TREAT",), [subject])
    path = f"/clinician/patients/{key_of(hospital, number)}/records"
    clinician = signed_in(hospital, "clinician")
    assert "139.5" in clinician.get(path).text
    timeline = clinician.api("GET", path).get_json()
    assert [line["written"] for line in timeline["earlier"]] == ["139.5"]
    assert custodian.post("/custodian/versions", wish="destroy").status_code == 422
    assert custodian.api("GET", "/custodian/versions").get_json()["versions"] == 1
    state = custodian.api("POST", "/custodian/versions", {"keeps": False}).get_json()
    assert (state["keeps"], state["versions"]) == (False, 0)
    assert "139.5" not in patient.get(f"/patient/records/{record_id}").text
    assert "deleted the earlier versions" in patient.get("/patient/journal").text
