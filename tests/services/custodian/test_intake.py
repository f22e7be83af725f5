"""FHIR intake: what becomes of each entry, and what stays after it was sent again or corrected."""

from __future__ import annotations

import gzip
import io
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import HERE, OBSERVATION, PATIENT, Custodian, bundle, send

from records import RecordsError
from records.documents import observations
from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries
from records.fhir_out import to_ndjson
from records.json_strict import dumps_exact
from records.medicines import BESIDE
from records.outcomes import EntryCode, EntryOutcome, Outcome
from services.custodian.fhir_files import FhirFile
from services.custodian.intake import IntakeReport
from services.custodian.parked import Parked

SAMPLES = sorted((Path(__file__).parents[2] / "records" / "fhir").glob("*.json*"))
GLUCOSE = "http://loinc.org|2345-7"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def outcomes_of(report: IntakeReport) -> list[str]:
    return [str(outcome.outcome) for outcome in report.outcomes]


def values(custodian: Custodian, person: str = "V-100") -> dict[str, Any]:
    read: dict[str, Any] = {}
    for record in custodian.stored(person):
        read |= observations(record)
    return read


def corrected(value: float, **changes: Any) -> dict[str, Any]:
    return OBSERVATION | {"valueQuantity": {"value": value, "code": "mg/dL"}} | changes


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name[:20])
def test_every_resource_of_a_sample_is_stored_digit_for_digit(
    custodian: Custodian, path: Path
) -> None:
    body = path.read_bytes()
    sent = [e.resource for e in read_entries(io.BytesIO(body)) if e.resource is not None]
    report = send(custodian, body)
    counts = report.counts()
    assert sum(counts.values()) == len(sent)
    assert counts["refused"] == 0
    stored = Counter(
        line
        for record in custodian.stored()
        for line, arrival in zip(record.resources, record.arrivals, strict=True)
        if not arrival.identity.startswith(BESIDE)
    )
    waiting = custodian.parked.count()
    assert not stored - Counter(map(dumps_exact, sent))
    assert stored.total() + waiting == len(sent)
    # What leaves is what came, so a validator says the same of both.
    exported = Counter(line.removesuffix(b"\n") for line in to_ndjson(custodian.stored()))
    assert not stored - exported
    assert not exported - Counter(map(dumps_exact, sent))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name[:20])
def test_the_same_resources_in_another_form_change_nothing(
    custodian: Custodian, path: Path
) -> None:
    body = path.read_bytes()
    send(custodian, body)
    before = {record.record_id: record.version for record in custodian.stored()}
    kinds: dict[str, list[bytes]] = defaultdict(list)
    for entry in read_entries(io.BytesIO(body)):
        if entry.resource is not None:
            kinds[entry.kind].insert(0, dumps_exact(entry.resource))
    ndjson = [gzip.compress(b"\n".join(lines)) for _, lines in sorted(kinds.items(), reverse=True)]
    counts = send(custodian, *ndjson).counts()
    assert counts["stored"] == counts["corrected"] == counts["refused"] == 0
    assert {record.record_id: record.version for record in custodian.stored()} == before


def test_a_second_result_of_the_same_day_is_stored(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    code = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}
    report = send(custodian, bundle(PATIENT, corrected(4, id="o2", code=code)))
    assert outcomes_of(report) == ["same", "stored"]
    assert values(custodian)["http://loinc.org|2823-3"] == (4, "mg/dL")
    assert values(custodian)[GLUCOSE] == (101, "mg/dL")
    laboratory = [r for r in custodian.stored("V-100") if r.category == "laboratory"]
    assert [(r.version, len(r.resources)) for r in laboratory] == [(2, 2)]


def test_a_corrected_value_replaces_the_old_one_and_names_the_models(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    report = send(custodian, bundle(PATIENT, corrected(5.1)))
    assert outcomes_of(report) == ["same", "corrected"]
    assert values(custodian)[GLUCOSE] == (5.1, "mg/dL")
    (record,) = [r for r in custodian.stored("V-100") if r.category == "laboratory"]
    assert record.arrivals[0].version == 2
    assert (report.corrected_records, custodian.models.records) == (1, [record.record_id])


def test_an_older_version_does_not_override(custodian: Custodian) -> None:
    old = corrected(1, meta={"lastUpdated": "2024-01-01T00:00:00Z", "versionId": "1"})
    new = corrected(2, meta={"lastUpdated": "2024-02-01T00:00:00Z", "versionId": "2"})
    send(custodian, bundle(PATIENT, new))
    assert outcomes_of(send(custodian, bundle(PATIENT, old))) == ["same", "older"]
    assert outcomes_of(send(custodian, bundle(PATIENT, old, new))) == ["same", "older", "same"]
    assert values(custodian)[GLUCOSE] == (2, "mg/dL")


def test_an_undated_copy_does_not_override_a_dated_version(custodian: Custodian) -> None:
    dated = corrected(2, meta={"lastUpdated": "2024-02-01T00:00:00Z"})
    send(custodian, bundle(PATIENT, dated))
    report = send(custodian, bundle(PATIENT, corrected(1)))
    assert outcomes_of(report) == ["same", "refused"]
    assert list(report.outcomes)[1].code is EntryCode.UNDATED
    assert outcomes_of(send(custodian, bundle(PATIENT, dated, corrected(1))))[1:] == [
        "same",
        "older",
    ]
    assert values(custodian)[GLUCOSE] == (2, "mg/dL")


def test_a_deletion_without_a_date_leaves_the_date_of_the_version(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, corrected(2, meta={"lastUpdated": "2024-02-01T00:00:00Z"})))
    deletion = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    assert outcomes_of(send(custodian, bundle(deletion))) == ["deleted"]
    old = corrected(1, meta={"lastUpdated": "2024-01-01T00:00:00Z"})
    assert outcomes_of(send(custodian, bundle(PATIENT, old))) == ["same", "older"]
    assert GLUCOSE not in values(custodian)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_history_bundle_gives_the_newest_version(custodian: Custodian, is_reversed: bool) -> None:
    versions = [
        {"resource": corrected(n, meta={"lastUpdated": f"2024-01-0{n}T00:00:00Z"})}
        for n in (3, 2, 1)
    ]
    entries = versions[::-1] if is_reversed else versions
    send(custodian, bundle({"resource": PATIENT}, *entries, kind="history"))
    assert values(custodian)[GLUCOSE] == (3, "mg/dL")


def test_a_deletion_takes_effect_and_the_old_file_does_not_undo_it(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    deletion = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    assert outcomes_of(send(custodian, bundle(deletion))) == ["deleted"]
    assert GLUCOSE not in values(custodian)
    assert custodian.models.records
    assert outcomes_of(send(custodian, bundle(PATIENT, OBSERVATION))) == ["same", "older"]
    assert GLUCOSE not in values(custodian)
    again = corrected(7, meta={"lastUpdated": "2025-01-01T00:00:00Z"})
    assert outcomes_of(send(custodian, bundle(PATIENT, again))) == ["same", "stored"]
    assert values(custodian)[GLUCOSE] == (7, "mg/dL")


def test_a_deletion_in_a_history_counts_by_its_time(custodian: Custodian) -> None:
    deletion = {
        "request": {"method": "DELETE", "url": "Observation/o1"},
        "response": {"status": "204", "lastModified": "2024-02-01T00:00:00Z"},
    }
    version = {"resource": corrected(1, meta={"lastUpdated": "2024-01-01T00:00:00Z"})}
    report = send(custodian, bundle({"resource": PATIENT}, version, deletion, kind="history"))
    assert outcomes_of(report) == ["stored", "older", "deleted"]
    assert GLUCOSE not in values(custodian)


def test_what_was_entered_in_error_gives_no_value(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    report = send(custodian, bundle(PATIENT, OBSERVATION | {"status": "entered-in-error"}))
    assert outcomes_of(report) == ["same", "deleted"]
    assert GLUCOSE not in values(custodian)


def test_a_resource_filed_under_the_wrong_person_moves_to_the_right_one(
    custodian: Custodian,
) -> None:
    other = PATIENT | {"id": "p2", "identifier": [{"value": "V-200"}]}
    send(custodian, bundle(PATIENT, other, OBSERVATION))
    moved = OBSERVATION | {"subject": {"reference": "Patient/p2"}}
    assert outcomes_of(send(custodian, bundle(PATIENT, other, moved))) == [
        "same",
        "same",
        "corrected",
    ]
    assert GLUCOSE not in values(custodian, "V-100")
    assert values(custodian, "V-200")[GLUCOSE] == (101, "mg/dL")


def test_a_corrected_date_moves_the_resource_to_its_day(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    send(custodian, bundle(PATIENT, OBSERVATION | {"effectiveDateTime": "2024-04-05"}))
    days = {r.recorded_on for r in custodian.stored("V-100") if r.resources and observations(r)}
    assert days == {"0001-01-01", "2024-04-05"}


def test_observations_may_come_before_their_patient(custodian: Custodian) -> None:
    first = send(custodian, orjson.dumps(OBSERVATION))
    assert outcomes_of(first) == ["parked"]
    assert custodian.directory.count() == 0
    second = send(custodian, orjson.dumps(PATIENT))
    assert (outcomes_of(second), second.joined) == (["stored"], 1)
    assert values(custodian)[GLUCOSE] == (101, "mg/dL")
    assert custodian.intake.parked_count() == 0
    assert outcomes_of(send(custodian, orjson.dumps(OBSERVATION))) == ["same"]


def test_files_of_one_kind_each_refer_to_each_other(custodian: Custodian) -> None:
    report = send(custodian, orjson.dumps(OBSERVATION), orjson.dumps(PATIENT))
    assert outcomes_of(report) == ["stored", "stored"]


def test_the_same_id_at_two_servers_is_two_people(custodian: Custodian) -> None:
    a, b = "https://a.example/fhir", "https://b.example/fhir"
    seven = PATIENT | {"id": "7"}
    entries = [
        {"fullUrl": f"{a}/Patient/7", "resource": seven | {"identifier": [{"value": "A-7"}]}},
        {"fullUrl": f"{b}/Patient/7", "resource": seven | {"identifier": [{"value": "B-7"}]}},
        {
            "fullUrl": f"{a}/Observation/1",
            "resource": OBSERVATION | {"subject": {"reference": "Patient/7"}},
        },
    ]
    assert outcomes_of(send(custodian, bundle(*entries))) == ["stored"] * 3
    assert GLUCOSE in values(custodian, "A-7")
    assert GLUCOSE not in values(custodian, "B-7")


def observed(reference: str, **changes: Any) -> dict[str, Any]:
    return OBSERVATION | {"subject": {"reference": reference}} | changes


def test_an_absolute_reference_to_another_server_is_not_the_senders_own_patient(
    custodian: Custodian,
) -> None:
    elsewhere = observed("https://other.example/fhir/Patient/p1")
    own = observed("Patient/p1", id="o2", valueQuantity={"value": 5, "code": "mg/dL"})
    report = send(custodian, bundle(PATIENT, elsewhere, own))
    assert outcomes_of(report) == ["stored", "parked", "stored"]
    assert values(custodian)[GLUCOSE] == (5, "mg/dL")
    later = send(custodian, bundle(elsewhere | {"id": "o3"}))
    assert [o.code for o in later.outcomes] == [EntryCode.UNKNOWN_SUBJECT]
    assert send(custodian, bundle(PATIENT)).joined == 0


def test_absolute_references_to_the_only_server_are_to_its_patients_without_url(
    custodian: Custodian,
) -> None:
    report = send(custodian, bundle(PATIENT, observed("https://own.example/fhir/Patient/p1")))
    assert outcomes_of(report) == ["stored", "stored"]


def test_a_server_whose_patients_are_known_by_url_is_not_the_senders_own(
    custodian: Custodian,
) -> None:
    base = "https://other.example/fhir"
    other = PATIENT | {"id": "p2", "identifier": [{"value": "V-200"}]}
    send(custodian, bundle({"fullUrl": f"{base}/Patient/p2", "resource": other}))
    entries = [observed(f"{base}/Patient/p{n}", id=f"o{n}") for n in (1, 2)]
    assert outcomes_of(send(custodian, bundle(PATIENT, *entries))) == ["stored", "parked", "stored"]
    assert GLUCOSE not in values(custodian, "V-100")


def test_a_certain_name_of_an_earlier_file_counts_before_a_weak_name_of_this_file(
    custodian: Custodian,
) -> None:
    server = "https://a.example/fhir"
    other = PATIENT | {"identifier": [{"value": "V-200"}]}
    send(custodian, bundle({"fullUrl": f"{server}/Patient/p1", "resource": PATIENT}))
    entry = {"fullUrl": f"{server}/Observation/o1", "resource": OBSERVATION}
    assert outcomes_of(send(custodian, bundle(other, entry))) == ["stored", "stored"]
    assert GLUCOSE in values(custodian, "V-100")
    assert GLUCOSE not in values(custodian, "V-200")


def test_nameless_equal_resources_are_all_kept_and_sent_again_change_nothing(
    custodian: Custodian,
) -> None:
    nameless = {key: value for key, value in OBSERVATION.items() if key != "id"}
    body = bundle(PATIENT, nameless, nameless, nameless)
    assert send(custodian, body).counts()["stored"] == 4
    assert send(custodian, body).counts()["same"] == 4
    (record,) = [r for r in custodian.stored("V-100") if r.category == "laboratory"]
    assert len(record.resources) == 3


def numbered(value: float, **changes: Any) -> dict[str, Any]:
    made = corrected(value, identifier=[{"system": "urn:accession", "value": "1"}], **changes)
    return {key: made[key] for key in made if key != "id"}


@pytest.mark.parametrize("identifier", [{"system": "urn:accession", "value": "1"}, {"value": "1"}])
def test_a_business_number_of_two_patients_removes_nothing(
    custodian: Custodian, identifier: dict[str, str]
) -> None:
    other = PATIENT | {"id": "p2", "identifier": [{"value": "V-200"}]}
    changes = {"identifier": [identifier], "subject": {"reference": "Patient/p2"}}
    send(custodian, bundle(PATIENT, numbered(1) | {"identifier": [identifier]}))
    report = send(custodian, bundle(other, numbered(2) | changes))
    assert outcomes_of(report) == ["stored", "stored"]
    assert report.corrected_records == 0
    assert values(custodian, "V-100")[GLUCOSE] == (1, "mg/dL")
    assert values(custodian, "V-200")[GLUCOSE] == (2, "mg/dL")


def test_a_resource_without_id_is_corrected_by_its_business_number(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, numbered(1)))
    assert outcomes_of(send(custodian, bundle(PATIENT, numbered(2)))) == ["same", "corrected"]
    assert values(custodian)[GLUCOSE] == (2, "mg/dL")


@pytest.mark.parametrize("waits", [False, True])
def test_a_panel_with_the_same_number_is_stored_completely(
    custodian: Custodian, waits: bool
) -> None:
    codes = ("2345-7", "2823-3", "2951-2")
    panel = [
        numbered(n, code={"coding": [{"system": "http://loinc.org", "code": code}]})
        for n, code in enumerate(codes)
    ]
    if waits:
        send(custodian, bundle(*panel))
        assert send(custodian, bundle(PATIENT)).joined == 3
    else:
        assert send(custodian, bundle(PATIENT, *panel)).counts()["stored"] == 4
    assert {f"http://loinc.org|{code}" for code in codes} <= set(values(custodian))
    assert send(custodian, bundle(PATIENT, *panel)).counts()["same"] == 4


def test_a_patient_without_a_configured_number_waits_for_the_configuration(
    custodian: Custodian,
) -> None:
    identifiers = [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}]
    body = bundle(PATIENT | {"identifier": identifiers}, OBSERVATION)
    report = send(custodian, body)
    assert [outcome.code for outcome in report.outcomes] == [
        EntryCode.NO_IDENTIFIER,
        EntryCode.UNKNOWN_SUBJECT,
    ]
    custodian.configure(("urn:b",))
    assert outcomes_of(send(custodian, body)) == ["stored", "stored"]
    assert custodian.parked.count() == 0
    assert GLUCOSE in values(custodian, "2")


def test_a_check_says_what_would_happen_and_stores_nothing(custodian: Custodian) -> None:
    files = [FhirFile("a.json", lambda: io.BytesIO(bundle(PATIENT, OBSERVATION)))]
    report = custodian.intake.check(files, "", lambda *_: None)
    assert outcomes_of(report) == ["stored", "stored"]
    assert custodian.stored() == []
    assert (custodian.directory.count(), custodian.parked.count()) == (0, 0)


def test_a_resource_that_is_too_large_is_refused_with_its_entry(custodian: Custodian) -> None:
    noise = random.Random(0).randbytes(2_000_000).hex()
    letter = {"resourceType": "DocumentReference", "subject": OBSERVATION["subject"], "x": noise}
    report = send(custodian, bundle(PATIENT, letter))
    assert list(report.outcomes)[1] == EntryOutcome(
        2, Outcome.REFUSED, "DocumentReference", EntryCode.TOO_LARGE
    )


def test_a_day_with_more_than_one_document_holds_is_split(custodian: Custodian) -> None:
    many = [corrected(n, id=f"o{n}", note=[{"text": "x" * 2_000}]) for n in range(1_000)]
    assert send(custodian, bundle(PATIENT, *many)).counts()["stored"] == 1_001
    parts = [r for r in custodian.stored("V-100") if r.category == "laboratory"]
    assert len(parts) > 2
    assert sum(len(part.resources) for part in parts) == 1_000
    more = [corrected(n, id=f"o{n}", note=[{"text": "x" * 2_000}]) for n in range(900, 1_100)]
    counts = send(custodian, bundle(PATIENT, *more)).counts()
    assert (counts["same"], counts["stored"]) == (101, 100)
    parts = [r for r in custodian.stored("V-100") if r.category == "laboratory"]
    assert sum(len(part.resources) for part in parts) == 1_100


def test_resources_of_no_patient_are_kept_for_the_custodian(custodian: Custodian) -> None:
    organisation = {"resourceType": "Organization", "id": "h"}
    group = OBSERVATION | {"subject": {"reference": "Group/g"}}
    report = send(custodian, bundle(organisation, group))
    assert [(o.outcome, o.code) for o in report.outcomes] == [
        (Outcome.SHARED, EntryCode.NOTHING),
        (Outcome.SHARED, EntryCode.SUBJECT_NOT_PERSON),
    ]
    assert custodian.parked.count(shared=True) == 2


def test_a_binary_is_filed_under_the_patient_that_its_security_context_names(
    custodian: Custodian,
) -> None:
    binary = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": "aGk="}
    of_patient = binary | {"securityContext": {"reference": "Patient/p1"}}
    of_letter = binary | {"id": "c", "securityContext": {"reference": "DocumentReference/d"}}
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
    without = binary | {"id": "n"}
    labelled = of_patient | {"id": "h", "meta": {"security": [label]}}
    report = send(custodian, bundle(of_patient, of_letter, labelled, without, PATIENT))
    assert [(o.outcome, o.code) for o in report.outcomes] == [
        (Outcome.STORED, EntryCode.KIND),
        (Outcome.REFUSED, EntryCode.CONTEXT_NOT_PATIENT),
        (Outcome.STORED, EntryCode.KIND),
        (Outcome.SHARED, EntryCode.NO_SUBJECT),
        (Outcome.STORED, EntryCode.NOTHING),
    ]
    stored = {
        orjson.loads(resource)["id"]: record.category
        for record in custodian.stored("V-100")
        for resource in record.resources
    }
    assert stored == {"p1": "demographics", "b": "document", "h": "sexual-health"}
    assert custodian.parked.count() == 1  # what names no patient, for the custodian alone


def test_outcomes_are_operation_outcomes_without_any_value(custodian: Custodian) -> None:
    report = send(custodian, bundle(PATIENT, OBSERVATION | {"subject": {"reference": "Patient/q"}}))
    issues = [outcome.to_issue() for outcome in report.outcomes]
    assert [issue["issue"][0]["severity"] for issue in issues] == ["information", "warning"]
    assert "Patient/q" not in orjson.dumps(issues).decode()
    assert [EntryOutcome.from_stored(o.to_stored()) for o in report.outcomes] == list(
        report.outcomes
    )


def mutants(body: bytes, count: int) -> list[bytes]:
    chosen = random.Random(body[:64])
    swaps = [
        (b'"value":', b'"value":[{"deep":'),
        (b'"system":', b'"system":7,"x":'),
        (b'"reference":', b'"reference":{"a":null},"x":'),
        (b'"coding":[', b'"coding":["x",'),
        (b'"id":', b'"id":"a","id":'),
        (b'"resourceType":', b'"resourceType":null,"y":'),
        (b'"identifier":[', b'"identifier":[[],7,'),
        (b'"meta":{', b'"meta":["x"],"z":{'),
        (b'"resource":', b'"resource":' + b"[" * 1_000),
        (b"20", b"9" * 400),
    ]
    made = []
    for _ in range(count):
        place = chosen.randrange(len(body))
        before, after = chosen.choice(swaps)
        at = body.find(before, place)
        made.append(body[:place] if at < 0 else body[:at] + after + body[at + len(before) :])
    return made


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name[:20])
def test_a_damaged_file_is_answered_by_entry_without_an_error(
    custodian: Custodian, path: Path
) -> None:
    body = path.read_bytes()
    plain = gzip.decompress(body) if path.suffix == ".gz" else body
    compact = orjson.dumps(orjson.loads(plain))
    for mutant in mutants(compact, 20):
        files = [FhirFile("x", lambda m=mutant: io.BytesIO(m))]
        try:
            report = custodian.intake.check(files, "", lambda *_: None)
        except RecordsError:
            continue
        assert all(outcome.number >= 0 for outcome in report.outcomes)


def test_an_erased_patient_leaves_no_name_and_later_deliveries_store_nothing(
    custodian: Custodian,
) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    subject = custodian.directory.find_subject("V-100")
    assert subject is not None
    custodian.stores.parked.add([Parked("x", FhirEntry(1, OBSERVATION, ""), HERE, ["Patient/p1"])])
    waiting = custodian.parked.count()
    custodian.stores.names.add({"Patient/p1": subject})
    custodian.parked.erase_subject(subject)
    assert custodian.parked.count() == waiting - 1
    custodian.store.erasure._journal = lambda *_: None  # type: ignore[method-assign]
    report_before = custodian.stores.names.hashes_of(subject)
    custodian.store.erasure.shred(subject, "asked for", [])
    again = send(custodian, bundle(PATIENT, {**OBSERVATION, "id": "o2"}))
    assert {each.code for each in again.outcomes} == {EntryCode.ERASED}
    assert outcomes_of(again) == ["refused", "refused"]
    assert custodian.stores.names.hashes_of(subject) == report_before
    custodian.stores.names.erase_subject(subject)
    assert custodian.stores.names.hashes_of(subject) == []
    custodian.directory.remove(subject)
    joined = send(custodian, bundle(PATIENT, {**OBSERVATION, "id": "o3"}))
    assert custodian.directory.find_subject("V-100") not in (None, subject)
    assert outcomes_of(joined)[1] == "stored"
