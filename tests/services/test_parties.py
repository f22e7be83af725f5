"""Names of studies and organisations."""

from __future__ import annotations

from models import Study
from services.parties import PartyNames
from services.profile import OrganisationProfile


class Studies:
    """The part of the diagnostics that lists studies, and how often it was called."""

    def __init__(self) -> None:
        self.registered = [Study("study:a", "Study A", "", 1)]
        self.calls = 0

    def studies(self) -> list[Study]:
        self.calls += 1
        return self.registered


def test_a_study_has_its_title_and_an_organisation_the_words_of_its_id() -> None:
    names = PartyNames(Studies())
    assert names.name_of("study:a") == "Study A"
    assert names.name_of("study:not-registered") == "not registered"
    assert names.name_of("organisation:this-hospital") == "This Hospital"


def test_the_operator_has_the_name_of_each_language_that_its_settings_give() -> None:
    profile = OrganisationProfile(names={"en": "Mercy Hospital", "de": "Klinik Gnade", "es": ""})
    names = PartyNames(Studies(), "organisation:this-hospital", profile)
    languages = ("en", "de", "es")
    assert [names.name_of("organisation:this-hospital", language) for language in languages] == [
        "Mercy Hospital",
        "Klinik Gnade",
        "Mercy Hospital",
    ]
    assert names.name_of("organisation:town-clinic", "de") == "Town Clinic"


def test_another_organisation_has_the_name_and_contact_that_the_operator_gives() -> None:
    clinic = OrganisationProfile(names={"en": "Town Clinic", "de": "Stadtklinik"}, telephone="1")
    names = PartyNames(Studies(), "organisation:here", None, {"organisation:t": clinic})
    assert names.name_of("organisation:t", "de") == "Stadtklinik"
    assert names.contact_of("organisation:t") == "1"
    assert names.name_of("organisation:other") == "Other"
    assert names.contact_of("organisation:other") == ""
    assert names.name_of("organisation:here") == "Here"


def test_titles_are_read_once_until_a_new_study_is_named() -> None:
    studies = Studies()
    names = PartyNames(studies)
    for _ in range(3):
        assert names.name_of("study:a") == "Study A"
        names.name_of("organisation:this-hospital")
    assert studies.calls == 1
    studies.registered.append(Study("study:b", "Study B", "", 1))
    assert names.name_of("study:b") == "Study B"
    assert studies.calls == 2
