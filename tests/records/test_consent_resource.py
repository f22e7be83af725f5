"""A FHIR Consent becomes offers that are never wider than it is, and the rest is named."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from consent import CATEGORIES
from records import consent_resource
from records.categories import read_rules
from records.consent_resource import ConsentCode, ConsentOffer, ConsentReading

FILES = Path(__file__).parent / "fhir"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
IRCP = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}


NOW_S = 1_795_824_000
"""2026-11-28"""


def read_consent(resource: dict[str, Any]) -> ConsentReading:
    return consent_resource.read_consent(resource, now_s=NOW_S)


def recipient(party: str) -> dict[str, Any]:
    reference = {"identifier": {"system": "urn:vouchsafe:party", "value": party}}
    return {"role": {"coding": [IRCP]}, "reference": reference}


def consent(**provision: Any) -> dict[str, Any]:
    """Return a Consent in the shape of PCF Intermediate."""
    full = {
        "type": "permit",
        "period": {"start": "2026-11-22", "end": "2027-11-22"},
        "actor": [recipient("study:heart")],
        "purpose": [{"system": REASON, "code": "MLTRAINING"}],
    }
    return {"resourceType": "Consent", "status": "active", "provision": full | provision}


def sample(name: str) -> dict[str, Any]:
    path = FILES / name
    body = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    resource: dict[str, Any] = orjson.loads(body)
    return resource


def refusals(resource: dict[str, Any]) -> set[ConsentCode]:
    reading = read_consent(resource)
    assert reading.offers == []
    return {note.code for note in reading.notes if note.is_refusal}


def test_a_permit_is_an_offer_with_recipient_purposes_period_and_classes() -> None:
    lab = {"system": "http://hl7.org/fhir/resource-types", "code": "MedicationRequest"}
    resource = consent(dataPeriod={"start": "2022", "end": "2023-06"}, **{"class": [lab]})
    reading = read_consent(resource)
    (offer,) = reading.offers
    assert [note.code for note in reading.notes] == [ConsentCode.KIND]
    expected = ("study:heart", ("MLTRAINING",), frozenset({"medication"}))
    assert offer == ConsentOffer(*expected, "2022-01-01", "2023-06-30", "2027-11-22")


def test_a_nested_deny_of_classes_narrows_the_offer() -> None:
    psych = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "x"}]
    medication = [{"system": "http://hl7.org/fhir/resource-types", "code": "MedicationRequest"}]
    (offer,) = read_consent(consent(provision=[{"type": "deny", "class": medication}])).offers
    assert offer.categories is not None
    assert "medication" not in offer.categories
    assert "laboratory" in offer.categories
    protected = {rule.category for rule in read_rules().sensitive}
    assert protected
    assert protected.isdisjoint(offer.categories), "a prescription may be filed under any of them"
    assert refusals(consent(provision=[{"type": "deny", "class": psych}])) == {ConsentCode.NESTED}


def test_a_consent_to_all_but_some_names_no_protected_class() -> None:
    laboratory = [{"system": CATEGORIES["laboratory"].system, "code": "laboratory"}]
    (offer,) = read_consent(consent(provision=[{"type": "deny", "class": laboratory}])).offers
    protected = {rule.category for rule in read_rules().sensitive}
    assert offer.categories == set(CATEGORIES) - protected - {"laboratory", "*"}


@pytest.mark.parametrize(
    ("provision", "code"),
    [
        ({"securityLabel": [{"code": "N"}]}, ConsentCode.CONDITION),
        ({"data": [{"meaning": "instance"}]}, ConsentCode.CONDITION),
        ({"dataPeriod": {"start": "soon"}}, ConsentCode.CONDITION),
        ({"code": [{"coding": [{"system": "x", "code": "y"}]}]}, ConsentCode.POLICY_CODE),
        ({"action": [{"coding": [{"system": "x", "code": "collect"}]}]}, ConsentCode.ACTION),
        ({"purpose": [{"system": REASON, "code": "CURIOSITY"}]}, ConsentCode.NO_PURPOSE),
        ({"class": [{"system": "x", "code": "y"}]}, ConsentCode.CATEGORY),
        (
            {"provision": [{"type": "deny", "dataPeriod": {"start": "2022"}}]},
            ConsentCode.NESTED,
        ),
        ({"type": "deny"}, ConsentCode.NO_PERMIT),
        ({"period": {"start": "2030-01-01"}}, ConsentCode.CONDITION),
        ({"period": [{"end": "2027-11-22"}]}, ConsentCode.CONDITION),
        ({"period": {"end": 5}}, ConsentCode.CONDITION),
        ({"period": {"_end": {"extension": []}}}, ConsentCode.CONDITION),
        ({"provision": {"type": "deny"}}, ConsentCode.CONDITION),
        ({"actor": [3]}, ConsentCode.CONDITION),
        ({"purpose": [{"system": REASON, "code": "PSEUDRESCH"}]}, ConsentCode.NO_PURPOSE),
    ],
)
def test_a_limit_that_our_terms_cannot_state_costs_the_offer(provision, code) -> None:
    assert refusals(consent(**provision)) == {code}


def test_a_consent_that_is_not_in_force_offers_nothing() -> None:
    for status in ("inactive", "rejected", "entered-in-error", None):
        assert refusals(consent() | {"status": status}) == {ConsentCode.STATUS}
    assert refusals({"resourceType": "Consent", "status": "active"}) == {ConsentCode.NO_PROVISION}


def test_below_a_root_that_denies_each_permit_is_an_offer() -> None:
    permit = consent()["provision"] | {"period": {}}
    root = {"type": "deny", "period": {"end": "2030-01-01"}, "provision": [permit]}
    (offer,) = read_consent({"status": "active", "provision": root}).offers
    assert (offer.recipient, offer.until) == ("study:heart", "2030-01-01")


@pytest.mark.parametrize(
    ("beside", "code"),
    [
        ({"dataPeriod": {"start": "2024-01-01"}}, ConsentCode.CONDITION),
        ({"class": [{"system": "x", "code": "y"}]}, ConsentCode.CONDITION),
        ({"securityLabel": [{"code": "R"}]}, ConsentCode.CONDITION),
        ({"period": {"start": "2030-01-01"}}, ConsentCode.CONDITION),
        ({"provision": [consent()["provision"], {"type": "deny"}]}, ConsentCode.NESTED),
        ({"provision": [consent()["provision"], {"type": "x"}]}, ConsentCode.NESTED),
    ],
)
def test_what_a_root_that_denies_states_beside_its_permits_costs_the_offers(beside, code) -> None:
    root = {"type": "deny", "provision": [consent()["provision"]]} | beside
    assert refusals({"status": "active", "provision": root}) == {code}


def test_a_modifier_of_the_whole_consent_costs_every_offer() -> None:
    for name in ("modifierExtension", "implicitRules"):
        assert refusals(consent() | {name: "x"}) == {ConsentCode.CONDITION}


def test_our_own_purpose_is_read_in_our_system() -> None:
    purpose = [{"system": "urn:vouchsafe:purpose", "code": "PSEUDRESCH"}]
    (offer,) = read_consent(consent(purpose=purpose)).offers
    assert offer.purposes == ("PSEUDRESCH",)


def test_a_recipient_of_another_system_is_named_and_left_open() -> None:
    actor = {"role": {"coding": [IRCP]}, "reference": {"reference": "Organization/7"}}
    reading = read_consent(consent(actor=[actor]))
    assert [offer.recipient for offer in reading.offers] == [""]
    assert ConsentCode.RECIPIENT in {note.code for note in reading.notes}


def test_the_basic_example_of_hl7_names_no_purpose_and_none_is_guessed() -> None:
    assert refusals(sample("11-consent-example.json")) == {ConsentCode.NO_PURPOSE}


def test_a_german_broad_consent_reports_each_policy_that_cannot_be_mapped() -> None:
    bundle = sample("04-gics-consent-response.json.gz")
    resources = [entry["resource"] for entry in bundle["entry"]]
    (resource,) = [each for each in resources if each["resourceType"] == "Consent"]
    reading = read_consent(resource)
    assert reading.offers == []
    codes = [note.code for note in reading.notes]
    assert codes.count(ConsentCode.POLICY_CODE) == len(resource["provision"]["provision"])


@pytest.mark.parametrize(
    "provision",
    [[], "x", {"type": "permit", "purpose": 7, "class": {}}, {"type": "permit", "actor": [3]}],
)
def test_a_malformed_consent_is_a_report_and_no_error(provision) -> None:
    resource = {"status": "active", "provision": provision}
    assert read_consent(resource).offers == []
