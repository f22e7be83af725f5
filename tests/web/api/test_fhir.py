"""The FHIR endpoint: a hospital's system sends resources and reads what became of each."""

from __future__ import annotations

import gzip
import io
import secrets

import orjson
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from visitors import signed_in

from services.custodian.intake import FhirIntake
from storage import StoreUnavailable

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


@pytest.fixture
def system(hospital):
    """A system of the custodian: a client that sends bytes to /fhir with its token."""
    client = hospital.client("custodian", HOSPITAL)

    def send(path="", body=None, method="POST", **headers):
        headers = {"Authorization": f"Bearer {client.secret}", **headers}
        return client.http.open(f"/fhir{path}", method=method, data=body, headers=headers)

    return send


def person(number):
    identifier = [{"value": number}]
    return {"resourceType": "Patient", "id": number, "identifier": identifier, "gender": "male"}


def observation(number, value=70):
    return {
        "resourceType": "Observation",
        "id": f"o-{number}",
        "status": "final",
        "subject": {"reference": f"Patient/{number}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "effectiveDateTime": "2024-01-02",
        "valueQuantity": {"value": value, "code": "kg"},
    }


def ndjson(*resources):
    return b"\n".join(map(orjson.dumps, resources))


def path_of(answer):
    return answer.headers["Content-Location"].partition("/fhir")[2]


def test_an_import_is_accepted_then_reported_by_entry(hospital, system) -> None:
    number = secrets.token_hex(4)
    body = gzip.compress(ndjson(observation(number), person(number), {"resourceType": 7}))
    accepted = system("/$import", body, **{"Content-Type": "application/fhir+ndjson"})
    assert accepted.status_code == 202
    waiting = system(path_of(accepted), method="GET")
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "2")
    hospital.work("store-upload")
    result = system(path_of(accepted), method="GET")
    manifest = result.get_json()
    assert result.status_code == 200
    assert manifest["outcomes"]["stored"] == 2
    assert manifest["outcomes"]["refused"] == 1
    lines = system(f"{path_of(accepted)}/outcomes", method="GET").get_data().splitlines()
    issues = [orjson.loads(line)["issue"][0] for line in lines]
    assert [issue["severity"] for issue in issues] == ["information", "information", "error"]
    subject = hospital.platform.requests.directory.find_subject(number)
    categories = {record.category for record in hospital.platform.store.records_of(subject)}
    assert categories == {"demographics", "vital-signs"}


def test_a_corrected_resource_that_is_posted_alone_is_a_new_version(hospital, system) -> None:
    number = secrets.token_hex(4)
    for body in (person(number), observation(number), observation(number, 71)):
        headers = {"Content-Type": "application/fhir+json"}
        accepted = system("", orjson.dumps(body), **headers)
        hospital.work("store-upload")
    outcomes = system(path_of(accepted), method="GET").get_json()["outcomes"]
    assert outcomes["corrected"] == 1


def test_a_file_that_cannot_be_read_is_answered_with_an_operation_outcome(hospital, system) -> None:
    headers = {"Content-Type": "application/fhir+json"}
    refused = system("", b"<Bundle xmlns='http://hl7.org/fhir'/>", **headers)
    assert (refused.status_code, refused.get_json()["resourceType"]) == (422, "OperationOutcome")
    (issue,) = refused.get_json()["issue"]
    assert issue["diagnostics"].startswith("The file is XML.")
    assert "{" not in issue["diagnostics"]
    assert issue["diagnostics"].count("The file is XML.") == 1
    assert system("", b"x", **{"Content-Type": "text/html"}).status_code == 415
    broken = system("", b'{"resourceType":"Bundle"', **headers)
    assert broken.status_code == 202
    hospital.work("store-upload")
    unusable = system(path_of(broken), method="GET")
    assert (unusable.status_code, unusable.get_json()["resourceType"]) == (422, "OperationOutcome")


def test_the_status_of_an_import_that_did_not_finish_says_why(
    hospital, system, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = {"resourceType": "Patient", "id": secrets.token_hex(4)}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": person}]}
    sent = system("", orjson.dumps(bundle), **{"Content-Type": "application/fhir+json"})

    def refuse(*_: object) -> None:
        raise StoreUnavailable("the IPFS node does not answer; check that it is running")

    with monkeypatch.context() as unavailable:
        unavailable.setattr(FhirIntake, "store", refuse)
        hospital.work("store-upload")
    status = system(path_of(sent), method="GET")
    (issue,) = status.get_json()["issue"]
    assert (status.status_code, issue["code"]) == (500, "transient")
    assert issue["diagnostics"] == (
        "Storing did not finish. Reason: the IPFS node does not answer; check that it is running."
        " Send the file again."
    )


def test_a_table_is_no_import(hospital, system) -> None:
    keeper = signed_in(hospital, "custodian")
    answer = keeper.post(
        "/custodian/deposits/new",
        file=(io.BytesIO(b"pid,weight\nW-1,70\n"), "table.csv"),
        mapping="draft",
        bad="leave",
    )
    upload = answer.headers["Location"].rpartition("/")[2]
    for path in (f"/imports/{upload}", f"/imports/{upload}/outcomes"):
        assert system(path, method="GET").status_code == 404


def test_only_this_custodians_systems_may_send(hospital, system) -> None:
    for role, party, status in (
        ("researcher", HOSPITAL, 403),
        ("custodian", "organisation:elsewhere", 404),
    ):
        client = hospital.client(role, party)
        headers = {"Authorization": f"Bearer {client.secret}"}
        assert client.http.post("/fhir", data=b"{}", headers=headers).status_code == status
    stranger = hospital.client().http.post("/fhir", data=b"{}")
    assert stranger.status_code == 401
    assert stranger.get_json()["resourceType"] == "OperationOutcome"
    assert system("/metadata", method="GET").get_json()["fhirVersion"] == "4.0.1"


def test_a_consent_is_a_request_to_its_patient_and_no_permission(hospital, system) -> None:
    subject, number = hospital.new_patient(), secrets.token_hex(4)
    hospital.platform.requests.directory.add([(number, subject)])
    reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "patient": {"reference": f"Patient/{number}"},
        "provision": {"type": "permit", "purpose": [{"system": reason, "code": "TREAT"}]},
    }
    headers = {"Content-Type": "application/fhir+ndjson"}
    body = ndjson(person(number), consent)
    unnamed = system("/Consent", body, **headers)
    assert (unnamed.status_code, unnamed.get_json()["resourceType"]) == (422, "OperationOutcome")
    sent = system(f"/Consent?recipient={HOSPITAL}", body, **headers)
    assert sent.status_code == 200
    again = system(f"/Consent?recipient={HOSPITAL}", body, **headers)
    assert again.status_code == 422
    (request,) = hospital.platform.requests.requests.list_waiting(subject)
    assert (request.details.party, request.details.purposes) == (HOSPITAL, ("TREAT",))
    assert hospital.platform.ledger.consents_of(subject) == []
    patient = signed_in(hospital, "patient", "", subject)
    page = patient.get(f"/patient/requests/{request.id}").text
    assert "is asking to read your records, to treat you" in page
    assert "Your history would show it each time" in page
    assert "asked about the copy separately" not in page
    broken = system("/Consent", b"x", **headers)
    assert (broken.status_code, broken.get_json()["resourceType"]) == (422, "OperationOutcome")


@pytest.mark.parametrize(
    ("path", "name"), [("", "sender"), ("/Consent", "sender"), ("/Consent", "recipient")]
)
def test_a_name_in_the_query_that_is_too_long_is_refused_and_never_cut(system, path, name) -> None:
    answer = system(f"{path}?{name}={'x' * 201}", b"{}", **{"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "201 characters, and 200 are allowed" in answer.text


def test_the_capability_statement_is_valid_fhir(system) -> None:
    answer = system("/metadata", method="GET")
    assert answer.mimetype == "application/fhir+json"
    statement = CapabilityStatement.model_validate_json(answer.get_data())
    assert (statement.kind, statement.fhirVersion) == ("instance", "4.0.1")


def test_a_cancelled_import_is_not_there_any_more(hospital, system) -> None:
    number, headers = secrets.token_hex(4), {"Content-Type": "application/fhir+json"}
    place = path_of(system("", orjson.dumps(person(number)), **headers))
    cancelled = system(place, method="DELETE")
    assert (cancelled.status_code, cancelled.mimetype) == (202, "application/fhir+json")
    hospital.work("store-upload")
    for path, method in ((place, "GET"), (f"{place}/outcomes", "GET")):
        answer = system(path, method=method)
        assert answer.status_code == 404
        assert answer.get_json()["issue"][0]["code"] == "not-found"
    assert hospital.platform.requests.directory.find_subject(number) is None


@pytest.mark.parametrize("sender", ["", "https://lab.example/fhir"])
def test_bytes_that_were_posted_are_listed_by_who_sent_them(hospital, system, sender) -> None:
    body = ndjson(person(secrets.token_hex(4)))
    query = f"?sender={sender}" if sender else ""
    sent = system(f"/$import{query}", body, **{"Content-Type": "application/fhir+ndjson"})
    assert sent.status_code == 202
    page = signed_in(hospital, "custodian").get("/custodian/deposits/new").text
    assert (f">from {sender}, " if sender else ">from a program, token ") in page
