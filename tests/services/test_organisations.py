"""Names and contacts of other organisations, from a file of the operator's."""

from __future__ import annotations

from pathlib import Path

import pytest

from records.errors import DeclarationInvalid
from services.organisations import FILE, read_organisations

TOWN = """
["organisation:town-clinic"]
name = "Town Clinic"
name_de = "Stadtklinik"
telephone = "030 123"
hours = "9 to 17"
hours_es = "de 9 a 17"
email = "records@town.example"

["organisation:university"]
name = "University of the North"
"""


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_organisations(tmp_path / FILE) == {}


def test_each_organisation_has_its_name_and_contact_in_each_language(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(TOWN)
    profiles = read_organisations(tmp_path / FILE)
    clinic = profiles["organisation:town-clinic"]
    assert [clinic.name(lang) for lang in ("en", "de", "es")] == [
        "Town Clinic",
        "Stadtklinik",
        "Town Clinic",
    ]
    assert clinic.contact("de") == "030 123, 9 to 17, records@town.example"
    assert clinic.contact("es") == "030 123, de 9 a 17, records@town.example"
    assert profiles["organisation:university"].contact("en") == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('["town"]\nname = "Town"', "organisations.toml: 'town': not a party id"),
        ('["organisation:"]\nname = "Town"', "not a party id"),
        (
            '["organisation:town"]\ntelephone = "1"',
            "organisations.toml:organisation:town:name: missing",
        ),
        ('["organisation:town"]\nname = "T"\nfax = "1"', "town:fax: unknown key"),
        ("name = [", "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DeclarationInvalid, match=problem.replace("[", r"\[")):
        read_organisations(tmp_path / FILE)
