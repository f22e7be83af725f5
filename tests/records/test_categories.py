from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consent import CATEGORY_CODES
from records import DeclarationInvalid
from records.categories import RULES, read_rules

HL7 = "http://terminology.hl7.org/CodeSystem/observation-category"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def place(**resource: Any) -> str:
    return read_rules().place(resource).category


@pytest.mark.parametrize(
    ("resource", "category"),
    [
        ({"resourceType": "Patient"}, "demographics"),
        ({"resourceType": "Encounter"}, "encounter"),
        ({"resourceType": "Claim"}, "billing"),
        ({"resourceType": "DocumentReference"}, "document"),
        ({"resourceType": "SomethingNew"}, "document"),
        ({"resourceType": "Condition", "code": coded(ICD, "I10")}, "condition"),
        (
            {"resourceType": "Observation", "category": [coded(HL7, "vital-signs")]},
            "vital-signs",
        ),
        ({"resourceType": "Observation", "code": coded(LOINC, "2345-7")}, "laboratory"),
        ({"resourceType": "Observation", "code": coded(LOINC, "8480-6")}, "vital-signs"),
        ({"resourceType": "Observation", "specimen": {}}, "laboratory"),
        ({"resourceType": "Observation", "category": [{"text": "Laboratory"}]}, "exam"),
        ({"resourceType": "Observation", "category": "x", "code": 7}, "exam"),
    ],
)
def test_an_ordinary_resource_has_the_category_of_its_label_code_or_kind(
    resource: dict[str, Any], category: str
) -> None:
    assert place(**resource) == category


@pytest.mark.parametrize(
    ("resource", "category"),
    [
        ({"code": coded(ICD, "F10.20")}, "substance-use"),
        ({"code": coded(ICD, " f10.20")}, "substance-use"),
        ({"code": coded(f"{ICD}/", "F10.20")}, "substance-use"),
        ({"code": coded(f"{ICD}|2019", "F10.20")}, "substance-use"),
        ({"reasonCode": [coded(ICD, "F10.1")]}, "substance-use"),
        ({"code": coded(ICD, "B20")}, "sexual-health"),
        ({"code": coded(ICD, "F33.1")}, "mental-health"),
        ({"code": coded(LOINC, "44249-1"), "category": [coded(HL7, "survey")]}, "mental-health"),
        ({"category": [coded(HL7, "survey"), coded(HL7, "mental-health")]}, "mental-health"),
        ({"code": coded(LOINC, "69548-6"), "category": [coded(HL7, "laboratory")]}, "genetics"),
        ({"meta": {"security": [{"system": "x", "code": "PSY"}]}}, "mental-health"),
        ({"meta": {"security": [{"system": "x", "code": "42CFRPart2"}]}}, "substance-use"),
        ({"meta": {"security": [{"system": "x", "code": "R"}]}}, "document"),
        (
            {"contained": [{"meta": {"security": [{"system": "x", "code": "HIV"}]}}]},
            "sexual-health",
        ),
    ],
)
def test_a_protected_category_comes_before_every_other(
    resource: dict[str, Any], category: str
) -> None:
    assert place(resourceType="Observation", **resource) == category


SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"


@pytest.mark.parametrize(
    "elements",
    [
        {"category": [coded(LOINC, "34117-2")], "code": coded(LOINC, "34117-2")},
        {"category": [coded(LOINC, "51847-2")]},
        {"category": [coded(SERVICE, "PHY")]},
        {"code": coded(LOINC, "18842-5")},
        {"category": [coded(LOINC, "LP7839-6"), coded(LOINC, "11506-3")]},
    ],
)
def test_a_note_is_a_document_whatever_kind_of_resource_it_is(elements: dict[str, Any]) -> None:
    """A permission for laboratory results never releases a note, which may say anything."""
    assert place(resourceType="DiagnosticReport", **elements) == "document"


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("LAB", "laboratory"),
        ("LP7839-6", "laboratory"),
        ("LP29684-5", "imaging"),
        ("LP29708-2", "exam"),
        ("EC", "exam"),
        ("CG", "genetics"),
        ("unknown", "laboratory"),
    ],
)
def test_a_report_has_the_category_of_its_service(code: str, category: str) -> None:
    system = LOINC if code.startswith("LP") else SERVICE
    assert place(resourceType="DiagnosticReport", category=[coded(system, code)]) == category


@pytest.mark.parametrize("kind", ["MolecularSequence", "Sequence", "GenomicStudy"])
def test_genetics_are_protected_in_every_version_of_fhir(kind: str) -> None:
    assert place(resourceType=kind) == "genetics"


def test_two_protected_categories_are_both_named_and_the_first_decides() -> None:
    placed = read_rules().place(
        {"resourceType": "Condition", "code": coded(ICD, "F10.2"), "note": coded(ICD, "F33.1")}
    )
    assert placed == ("substance-use", ("substance-use", "mental-health"))


def test_tobacco_is_not_protected() -> None:
    assert place(resourceType="Condition", code=coded(ICD, "F17.2")) == "condition"


def test_new_words_stand_at_the_end_of_the_vocabulary() -> None:
    assert CATEGORY_CODES[-3:] == ("encounter", "document", "billing")
    assert CATEGORY_CODES[:2] == ("vital-signs", "laboratory")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('category = "genetics"', 'category = "genes"', "vocabulary"),
        ('"loinc|75626-2"', '"loinc 75626-2"', "codes"),
        ('"loinc|75626-2"', '"nobody|1"', "codes"),
        ("[kinds]\n", "[kinds]\nunknown = []\n", "vocabulary"),
    ],
)
def test_wrong_rules_are_refused_by_key(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.read_text().replace(before, after))
    with pytest.raises(DeclarationInvalid, match=message):
        read_rules(rules)


@pytest.mark.parametrize(
    "system",
    [
        "http://hl7.org/fhir/sid/icd-10",
        "https://hl7.org/fhir/sid/icd-10",
        "HTTP://HL7.org/fhir/sid/ICD-10/",
        " Https://hl7.org/fhir/sid/icd-10|2019 ",
        "URN:OID:2.16.840.1.113883.6.3",
    ],
)
@pytest.mark.parametrize("code", ["F10.1", "f10.1", " F10.1 "])
def test_no_spelling_of_a_system_or_code_loses_the_protection(system: str, code: str) -> None:
    coding = {"system": system, "code": code}
    resource = {"resourceType": "Condition", "code": {"coding": [coding]}}
    assert read_rules().place(resource).category == "substance-use"


@pytest.mark.parametrize("system", [None, "", "ICD-10", "LOINC", "SNOMED CT", 7])
@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("F10.1", "substance-use"),
        ("f32", "mental-health"),
        ("44249-1", "mental-health"),
        ("86406008", "sexual-health"),
        ("J05AR03", "sexual-health"),
        ("F17.2", "condition"),
        ("7243", "condition"),
        ("NA", "condition"),
    ],
)
def test_a_code_without_a_system_keeps_its_protection_if_its_form_tells_what_it_is(
    system: Any, code: str, category: str
) -> None:
    coding = {"code": code} if system is None else {"system": system, "code": code}
    assert place(resourceType="Condition", code={"coding": [coding]}) == category


ICD9, ICD11 = "http://hl7.org/fhir/sid/icd-9-cm", "http://id.who.int/icd/release/11/mms"
OPS, ATC = "http://fhir.de/CodeSystem/bfarm/ops", "http://www.whocc.no/atc"


@pytest.mark.parametrize(
    ("system", "code", "category"),
    [
        (ICD9, "303.90", "substance-use"),
        (ICD9, "30390", "substance-use"),
        (ICD9, "305.1", "condition"),
        (ICD9, "3051", "condition"),
        (ICD9, "042", "sexual-health"),
        (ICD9, "V08", "sexual-health"),
        (ICD9, "296.30", "mental-health"),
        (ICD9, "250.00", "condition"),
        (ICD11, "6C40.2", "substance-use"),
        (ICD11, "6C4A.2", "condition"),
        (ICD11, "1C62.3", "sexual-health"),
        (ICD11, "6A70.1", "mental-health"),
        (ICD11, "5A11", "condition"),
        (OPS, "8-985.0", "substance-use"),
        (OPS, "9-607", "mental-health"),
        (OPS, "5-470.11", "condition"),
        (ATC, "N06AB03", "mental-health"),
        (ATC, "N02BE01", "condition"),
        (ICD, "T1491XA", "mental-health"),
        (ICD, "F1020", "substance-use"),
        ("", "F1020", "substance-use"),
        ("", "2951-2", "condition"),  # sodium; 295 is schizophrenia in ICD-9
        ("", "9-607", "condition"),
    ],
)
def test_codes_of_older_and_newer_classifications_are_protected_with_and_without_their_dot(
    system: str, code: str, category: str
) -> None:
    assert place(resourceType="Condition", code=coded(system, code)) == category


def test_a_code_of_another_system_is_not_protected_by_its_form() -> None:
    coding = {"system": "urn:oid:1.2.3", "code": "F10.1"}
    assert place(resourceType="Condition", code={"coding": [coding]}) == "condition"


@pytest.mark.parametrize(
    ("code", "systems"),
    [
        (
            "F32.1",
            (
                "http://hl7.org/fhir/sid/icd-10-nl",
                "http://hl7.org/fhir/sid/icd-10-am",
                "http://hl7.org/fhir/sid/icd-10-cm/2024",
                "http://hl7.org/fhir/sid/icd-10#1",
                "http://terminology.hl7.org/CodeSystem/icd10",
                "http://fhir.de/CodeSystem/dimdi/icd-10-gm/2019",
                "http://id.who.int/icd/release/10/2019",
                "urn:local:ICD10GM",
            ),
        ),
        ("F32.1 G", ("ICD-10-GM", "http://fhir.de/CodeSystem/bfarm/icd-10-gm")),
        ("296.30", ("http://hl7.org/fhir/sid/icd-9", "http://x.example/ICD9CM")),
        (
            "6A70",
            (
                "http://id.who.int/icd/release/11/2024-01/mms",
                "https://id.who.int/icd/release/11/2023-01",
                "http://x.example/ICD-11",
            ),
        ),
        (
            "35489007",
            (
                "http://snomed.info/sct/731000124108",
                "http://snomed.info/sct/11000274103/version/20240515",
                "http://snomed.info/id",
                "http://www.snomed.org/",
            ),
        ),
        ("44261-6", ("http://www.loinc.org", "http://loinc.org/rdf")),
        (
            "N06AB04",
            (
                "http://fhir.de/CodeSystem/dimdi/atc",
                "http://whocc.no/atc",
                "https://www.whocc.no/atc_ddd_index",
            ),
        ),
        ("9-607", ("http://fhir.de/CodeSystem/bfarm/ops/2024",)),
    ],
)
def test_a_code_is_protected_in_every_edition_and_variant_of_its_classification(
    code: str, systems: tuple[str, ...]
) -> None:
    for system in systems:
        category = place(resourceType="Condition", code=coded(system, code))
        assert category == "mental-health", system


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("http://hl7.org/fhir/sid/icd-10-pcs", "F13Z0ZZ"),  # a hearing test
        ("http://www.cms.gov/Medicare/Coding/ICD10PCS", "F13Z0ZZ"),
        ("http://hl7.org/fhir/sid/icd-9-cm/procedure", "2959"),  # an operation of the throat
        ("http://fhir.de/CodeSystem/dimdi/atc", "V08AB02"),  # a contrast medium; V08 is of ICD-9
        ("http://hl7.org/fhir/sid/icd-10-nl", "I10"),
    ],
)
def test_a_code_of_a_neighbouring_classification_is_not_protected(system: str, code: str) -> None:
    assert place(resourceType="Procedure", code=coded(system, code)) == "procedure"
