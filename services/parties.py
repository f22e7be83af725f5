"""Names that people use for studies and organisations."""

from __future__ import annotations

from models import Diagnostics


class PartyNames:
    """Names by party id; a study is called by its title, which never changes."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._titles: dict[str, str] = {}

    def name_of(self, party: str) -> str:
        """Return the name of a party; the words of its id if it has no other."""
        if party.startswith("study:") and party not in self._titles:
            self._titles = {study.id: study.title for study in self._diagnostics.studies()}
        return self._titles.get(party) or _words_of(party)


def _words_of(party: str) -> str:
    return party.partition(":")[2].replace("-", " ").strip() or party
