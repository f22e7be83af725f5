"""Describes an organisation as people are shown it: its name and how to reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationProfile:
    """The name and the contact of an organisation; what is not set is "".

    Attributes:
        names: the display name by language; other languages use the English one.
        telephone, email: of the people who help patients.
        hours: when the telephone is answered, by language, such as "Monday to Friday, 9 to 17".
        time_zone: IANA name of the zone for readers whose own is not known; "" is UTC.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    telephone: str = ""
    email: str = ""
    hours: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = ""

    def name(self, language: str) -> str:
        """Return the display name in a language; "" if none is set."""
        return self.names.get(language) or self.names.get("en", "")

    def contact(self, language: str) -> str:
        """Return how to reach it, in one line; "" if nothing is set."""
        parts = (self.telephone, self.hours_in(language) if self.telephone else "", self.email)
        return ", ".join(part for part in parts if part)

    def hours_in(self, language: str) -> str:
        """Return the hours in a language; "" if none are set."""
        return self.hours.get(language) or self.hours.get("en", "")
