"""Names that people use for studies and organisations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
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
        others: Mapping[str, OrganisationProfile] = MappingProxyType({}),
    ) -> None:
        self._diagnostics = diagnostics
        self._profiles = {**others, organisation: profile or OrganisationProfile()}
        self._titles: dict[str, str] = {}

    def name_of(self, party: str, language: str = "en") -> str:
        """Return the name of a party in a language; the words of its id if it has no other."""
        name = self._profiles[party].name(language) if party in self._profiles else ""
        if name:
            return name
        if is_study(party) and party not in self._titles:
            self._titles = {study.id: study.title for study in self._diagnostics.studies()}
        return self._titles.get(party) or name_from_id(party)

    def contact_of(self, party: str, language: str = "en") -> str:
        """Return how to reach an organisation, in one line; "" if nobody has said it."""
        return self._profiles[party].contact(language) if party in self._profiles else ""


def name_from_id(party: str) -> str:
    """Return the words of a party's id: "Mercy Hospital" for ``organisation:mercy-hospital``."""
    words = party.partition(":")[2].replace("-", " ").strip() or party
    return words if is_study(party) else " ".join(w[:1].upper() + w[1:] for w in words.split())
