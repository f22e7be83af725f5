"""Names that people use for studies and organisations."""

from __future__ import annotations

from typing import Final

from models import Diagnostics
from services.profile import OrganisationProfile

STUDY_PREFIX: Final = "study:"
ORGANISATION_PREFIX: Final = "organisation:"


def is_study(party: str) -> bool:
    """Return whether a party is a study."""
    return party.startswith(STUDY_PREFIX)


def study_id(name: str) -> str:
    """Return the party id of the study that addresses call `name`; an id stays as it is."""
    return name if is_study(name) else STUDY_PREFIX + name


def study_name(party: str) -> str:
    """Return the name of a study in addresses: its party id without the prefix."""
    return party.removeprefix(STUDY_PREFIX)


class PartyNames:
    """Names by party id; a study is called by its title, which never changes."""

    def __init__(
        self,
        diagnostics: Diagnostics,
        organisation: str = "",
        profile: OrganisationProfile | None = None,
    ) -> None:
        self._diagnostics = diagnostics
        self._organisation = organisation
        self._profile = profile or OrganisationProfile()
        self._titles: dict[str, str] = {}

    def name_of(self, party: str, language: str = "en") -> str:
        """Return the name of a party in a language; the words of its id if it has no other."""
        if party == self._organisation and self._profile.name(language):
            return self._profile.name(language)
        if is_study(party) and party not in self._titles:
            self._titles = {study.id: study.title for study in self._diagnostics.studies()}
        return self._titles.get(party) or name_from_id(party)


def name_from_id(party: str) -> str:
    """Return the words of a party's id: "Mercy Hospital" for ``organisation:mercy-hospital``."""
    words = party.partition(":")[2].replace("-", " ").strip() or party
    return words if is_study(party) else " ".join(w[:1].upper() + w[1:] for w in words.split())
