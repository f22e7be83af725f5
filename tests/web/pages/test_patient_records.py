"""A patient's history is asked for by numbers that anybody may write into the address."""

from __future__ import annotations

import pytest
from visitors import signed_in

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
