"""A patient's history is asked for by numbers that anybody may write into the address."""

from __future__ import annotations

import pytest
from visitors import HOSPITAL, signed_in

from records.documents import UNDATED
from storage import Arrival, Record

pytestmark = pytest.mark.node


@pytest.mark.parametrize("before", ["9" * 20, "²", "-1", "x"])
def test_an_impossible_row_number_is_not_an_internal_error(hospital, before) -> None:
    patient = signed_in(hospital, "patient", "", hospital.new_patient())
    assert patient.get(f"/patient/journal?before={before}").status_code == 200


def test_a_row_number_with_a_nul_character_is_refused(hospital) -> None:
    patient = signed_in(hospital, "patient", "", hospital.new_patient())
    assert patient.get("/patient/journal?before=%00").status_code == 400


def test_what_was_signed_has_its_own_language_on_a_page_in_another(hospital) -> None:
    subject = hospital.subjects[700]  # no other test signs this person in
    patient = signed_in(hospital, "patient", "", subject)
    consent = hospital.platform.ledger.consents_of(subject)[0]
    assert patient.post("/patient/download").status_code == 303
    hospital.work("export")
    for path in (f"/patient/consents/{consent.consent_id.hex()}", "/patient/download/page"):
        page = patient.get(f"{path}?language=de").text
        assert '<html lang="de">' in page
        assert f'<p lang="en">{consent.terms.statement}</p>' in page, path


def test_a_record_without_a_day_says_so_in_each_language(hospital) -> None:
    patient = signed_in(hospital, "patient", "", hospital.new_patient())
    details = b'{"birthDate": "1970-02-28", "resourceType": "Patient"}'
    subject, arrivals = patient.account.subject, (Arrival("p", 1, 86_400),)
    facts = (subject, "demographics", HOSPITAL, UNDATED, {})
    record = Record(*facts, resources=(details,), arrivals=arrivals)
    hospital.platform.store.deposits.deposit([record])
    (entry,) = hospital.platform.store.records_of(subject)
    path = f"/patient/records/{entry.record_id.hex()}"
    says = {
        "en": ("Without a date, from ", "Date of birth", "28 February 1970"),
        "de": ("Ohne Datum, von: ", "Geburtsdatum", "28. Februar 1970"),
        "es": ("Sin fecha, de: ", "Fecha de nacimiento", "28 de febrero de 1970"),
    }
    for language, texts in says.items():
        assert texts[0] in patient.get(f"/patient/records?language={language}").text
        page = patient.get(f"{path}?language={language}").text
        assert [text for text in texts if text not in page] == []
