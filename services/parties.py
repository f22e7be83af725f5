"""Names that people use for studies and organisations."""

from __future__ import annotations

from models import Diagnostics


class PartyNames:
    """Names by party id; a study is called by its title."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics

    def name_of(self, party: str) -> str:
        """Return the name of a party; the words of its id if it has no other."""
        for study in self._diagnostics.studies():
            if study.id == party:
                return study.title
        return party.partition(":")[2].replace("-", " ").strip() or party
