"""Reads the names and contacts of other organisations from a file of the operator's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from records.errors import DeclarationInvalid
from records.strict_toml import Section, read_declaration
from services.parties import ORGANISATION_PREFIX
from services.profile import OrganisationProfile
from services.words import LANGUAGES

FILE: Final = "organisations.toml"
"""Its name in the home of the installation."""


def read_organisations(path: Path) -> dict[str, OrganisationProfile]:
    """Return the profile of each organisation that the file names; none without a file.

    Raises:
        DeclarationInvalid (records): not such a file; the message names file, table and key.
    """
    if not path.exists():
        return {}
    whole = Section.of_text(read_declaration(path), path.name)
    profiles = {}
    for party in whole.names():
        if not party.startswith(ORGANISATION_PREFIX) or party == ORGANISATION_PREFIX:
            problem = f"not a party id such as {ORGANISATION_PREFIX}town-clinic"
            raise DeclarationInvalid(f"{path.name}: {party!r}: {problem}")
        profiles[party] = _profile(whole.section(party))
    return profiles


def _profile(section: Section) -> OrganisationProfile:
    english, *others = LANGUAGES
    names = {lang: section.text(f"name_{lang}", "") for lang in others}
    hours = {lang: section.text(f"hours_{lang}", "") for lang in others}
    profile = OrganisationProfile(
        names={english: section.text("name"), **names},
        telephone=section.text("telephone", ""),
        email=section.text("email", ""),
        hours={english: section.text("hours", ""), **hours},
    )
    section.close()
    return profile
