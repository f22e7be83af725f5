"""The duties that go with what a patient permits: for research, and for care."""

from __future__ import annotations

import pytest

from services.statement import RequestedTerms, duties_for, terms_for


@pytest.mark.parametrize("purposes", [("TREAT",), ("TREATDS",), ("TREAT", "TREATDS")])
def test_a_doctor_is_not_asked_to_overlook_who_the_patient_is(purposes) -> None:
    assert "NORELINK" not in duties_for(purposes)
    terms = terms_for(RequestedTerms("permit", "organisation:a", purposes), "I allow it.")
    assert terms.obligations == ("AUDIT", "NORDSCLCD")


@pytest.mark.parametrize("purposes", [("MLTRAINING",), ("MLTRAINING", "TREATDS"), ()])
def test_a_study_must_not_find_out_whose_records_it_learns_from(purposes) -> None:
    assert "NORELINK" in duties_for(purposes)


def test_duties_that_are_named_are_those_that_are_signed() -> None:
    requested = RequestedTerms("permit", "organisation:a", ("TREAT",), obligations=("DELAU",))
    assert terms_for(requested, "I allow it.").obligations == ("DELAU",)
    none = RequestedTerms("deny", "*", ("HRESCH",), obligations=())
    assert terms_for(none, "I do not allow it.").obligations == ()
